package dfs.metadata.consensus;

import com.alipay.sofa.jraft.Closure;
import com.alipay.sofa.jraft.Iterator;
import com.alipay.sofa.jraft.Status;
import com.alipay.sofa.jraft.core.StateMachineAdapter;
import com.alipay.sofa.jraft.error.RaftError;
import com.alipay.sofa.jraft.error.RaftException;
import com.alipay.sofa.jraft.storage.snapshot.Snapshot;
import com.alipay.sofa.jraft.storage.snapshot.SnapshotReader;
import com.alipay.sofa.jraft.storage.snapshot.SnapshotWriter;
import com.google.protobuf.UnsafeByteOperations;
import dfs.metadata.namespace.StateMachine;
import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Reply;
import dfs.protocol.wire.MalformedMessageException;
import dfs.protocol.wire.RecordCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Takes committed entries from the library to the state machine. All callbacks run on the library's
 * one apply thread; the counters are read by others.
 *
 * <p>A snapshot is no copy: with one voter the flushed store is the copy, and the snapshot only
 * says up to where it makes the log superfluous.
 */
final class Applier extends StateMachineAdapter {
  /** Most bytes of entries that go into one write batch; an entry is never split. */
  static final int BATCH_BYTES_MAX = 4 << 20;

  private static final String MANIFEST = "manifest";
  private static final RecordCodec<Manifest> CODEC = RecordCodec.of(Manifest.class);

  /** Up to which entry the state was flushed when the snapshot was taken. */
  public record Manifest(long flushedIndex) {}

  private final StateMachine machine;
  private final LogDirectory directory;
  private final Failure failure;
  private final Listener listener;
  private final ReentrantLock flushing = new ReentrantLock();
  private final LongAdder commands = new LongAdder();
  private final LongAdder entries = new LongAdder();
  private final AtomicLong unflushedCommands = new AtomicLong();
  private final AtomicLong unflushedBytes = new AtomicLong();
  private volatile long applied;
  private volatile long snapshotIndex;
  private volatile @Nullable IOException refusal;

  /** Told what happens to the node, on the apply thread. */
  interface Listener {
    /** The node leads, and everything of earlier terms is applied. */
    void leads(long term);

    void leadsNoMore();

    /** More was applied that is not flushed yet. */
    void applied(long unflushedCommands, long unflushedBytes);
  }

  Applier(StateMachine machine, LogDirectory directory, Failure failure, Listener listener) {
    this.machine = machine;
    this.directory = directory;
    this.failure = failure;
    this.listener = listener;
    this.applied = machine.appliedIndex();
  }

  /** Entries on their way into one write batch. */
  private static final class Batch {
    final List<Command> commands = new ArrayList<>();
    final List<@Nullable EntryInFlight> owners = new ArrayList<>();
    final List<Integer> sizes = new ArrayList<>();
    long lastIndex;
    long bytes;

    void add(long index, List<Command> more, long size, @Nullable EntryInFlight owner) {
      commands.addAll(more);
      owners.add(owner);
      sizes.add(more.size());
      lastIndex = index;
      bytes += size;
    }
  }

  @Override
  public void onApply(Iterator entriesAtHand) {
    try {
      Batch batch = new Batch();
      while (entriesAtHand.hasNext()) {
        ByteBuffer data = entriesAtHand.getData();
        long index = entriesAtHand.getIndex();
        if (index > applied) {
          if (!batch.commands.isEmpty() && batch.bytes + data.remaining() > BATCH_BYTES_MAX) {
            apply(batch);
            batch = new Batch();
          }
          EntryInFlight owner = (EntryInFlight) entriesAtHand.done();
          batch.add(index, decode(data), data.remaining(), owner);
          if (owner != null) {
            // Durable: the next entry may be flushed while this one is applied.
            owner.release();
          }
        }
        entriesAtHand.next();
      }
      if (!batch.owners.isEmpty()) {
        apply(batch);
      }
    } catch (Throwable e) {
      failure.fail("entry " + entriesAtHand.getIndex() + " or one before cannot be applied", e);
      entriesAtHand.setErrorAndRollback(
          1, new Status(RaftError.ESTATEMACHINE, "apply failed: %s", String.valueOf(e)));
    }
  }

  private static List<Command> decode(ByteBuffer data) throws MalformedMessageException {
    return LogEntry.CODEC.decode(UnsafeByteOperations.unsafeWrap(data.slice())).decoded();
  }

  private void apply(Batch batch) {
    List<Reply> replies = machine.apply(batch.lastIndex, batch.commands);
    if (replies.size() != batch.commands.size()) {
      throw new AssertionError(
          replies.size() + " replies to " + batch.commands.size() + " commands");
    }
    if (machine.appliedIndex() != batch.lastIndex) {
      throw new AssertionError(
          "the state is at entry " + machine.appliedIndex() + " after entry " + batch.lastIndex);
    }
    applied = batch.lastIndex;
    listener.applied(
        unflushedCommands.addAndGet(batch.commands.size()), unflushedBytes.addAndGet(batch.bytes));
    int at = 0;
    for (int i = 0; i < batch.owners.size(); i++) {
      int size = batch.sizes.get(i);
      @Nullable EntryInFlight owner = batch.owners.get(i);
      if (owner != null) {
        commands.add(size);
        entries.increment();
        owner.answer(replies.subList(at, at + size));
      }
      at += size;
    }
  }

  /**
   * Makes the state durable as far as it is applied. Runs beside {@link #onApply}, so that a long
   * flush does not hold up commands.
   */
  void flush() {
    flushing.lock();
    try {
      long commandsBefore = unflushedCommands.get();
      long bytesBefore = unflushedBytes.get();
      long upTo = applied;
      if (machine.flushedIndex() < upTo) {
        machine.flush();
        if (machine.flushedIndex() < upTo) {
          throw new AssertionError(
              "flushed to entry " + machine.flushedIndex() + ", not to " + upTo);
        }
      }
      unflushedCommands.addAndGet(-commandsBefore);
      unflushedBytes.addAndGet(-bytesBefore);
    } finally {
      flushing.unlock();
    }
  }

  /**
   * Lets go of what was deleted from the state.
   *
   * @param roomBytes it may take for a while
   */
  void compact(long roomBytes) {
    flushing.lock();
    try {
      machine.compact(roomBytes);
    } finally {
      flushing.unlock();
    }
  }

  @Override
  public void onSnapshotSave(SnapshotWriter writer, Closure done) {
    try {
      // The keeper has just flushed; what came meanwhile is little.
      flush();
      writeManifest(writer);
      done.run(Status.OK());
    } catch (Throwable e) {
      failure.fail("the snapshot cannot be written", e);
      done.run(new Status(RaftError.EIO, "snapshot failed: %s", String.valueOf(e)));
    }
  }

  /** Puts into a snapshot what it stands for: the state that is flushed now. */
  void writeManifest(SnapshotWriter writer) throws IOException {
    Manifest manifest = new Manifest(machine.flushedIndex());
    CheckedFile.write(directory.disk(), manifestIn(writer), CODEC, manifest);
    if (!writer.addFile(MANIFEST)) {
      throw new IOException("the snapshot does not take its manifest");
    }
    snapshotIndex = manifest.flushedIndex();
  }

  private Path manifestIn(Snapshot snapshot) {
    return directory
        .root()
        .toAbsolutePath()
        .relativize(Path.of(snapshot.getPath()))
        .resolve(MANIFEST);
  }

  @Override
  public boolean onSnapshotLoad(SnapshotReader reader) {
    try {
      Manifest manifest =
          CheckedFile.read(directory.disk(), manifestIn(reader), CODEC, LogDirectory.REMEDY);
      if (applied < manifest.flushedIndex()) {
        throw new DamagedLogException(
            "the state holds the effects of entry "
                + applied
                + ", but the log begins after entry "
                + manifest.flushedIndex()
                + ": the directory of the store is missing or was replaced by an older one; "
                + LogDirectory.REMEDY);
      }
      snapshotIndex = manifest.flushedIndex();
      return true;
    } catch (DamagedLogException e) {
      refusal = e;
    } catch (IOException e) {
      refuse("the snapshot cannot be read", e);
    }
    return false;
  }

  @Override
  public void onError(RaftException e) {
    failure.fail("the Raft node failed: " + e.getStatus().getErrorMsg(), e.getCause());
  }

  @Override
  public void onLeaderStart(long term) {
    listener.leads(term);
  }

  @Override
  public void onLeaderStop(Status status) {
    listener.leadsNoMore();
  }

  /** The node cannot start because of its snapshot. */
  void refuse(String what, IOException cause) {
    refusal = new IOException(what + ": " + cause.getMessage(), cause);
  }

  /** Why the snapshot was refused; null if it was not. */
  @Nullable IOException refusal() {
    return refusal;
  }

  long applied() {
    return applied;
  }

  /** Index of the last entry whose effects are durable in the state. */
  long flushedIndex() {
    return machine.flushedIndex();
  }

  long snapshotIndex() {
    return snapshotIndex;
  }

  long commands() {
    return commands.sum();
  }

  long entries() {
    return entries.sum();
  }

  long unflushedCommands() {
    return unflushedCommands.get();
  }

  long unflushedBytes() {
    return unflushedBytes.get();
  }
}
