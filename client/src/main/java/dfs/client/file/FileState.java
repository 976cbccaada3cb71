package dfs.client.file;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Reply.MapPage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One inode that is open here or has something unwritten: what is committed, as far as known, and
 * over it what was appended to blocks and not committed, and over that what is only in memory.
 *
 * <p>What is not committed counts as written after all that is, whoever committed that and when: so
 * the length seen here is never kept, but always the committed one, or where the last uncommitted
 * byte ends if that is beyond. A length that others have cut comes back in no other way.
 *
 * <p>Two locks, taken in this order: {@link #committing} by whoever moves bytes from memory to
 * blocks to the metadata (one at a time, may wait for servers); {@link #lock} for the fields, held
 * for moments only.
 */
final class FileState {
  private static final int PAGES_MAX = 8;

  final long ino;
  final ReentrantLock committing = new ReentrantLock();
  final ReentrantLock lock = new ReentrantLock();

  private Attributes attributes;
  private int handles;
  private final DirtyRuns dirty;
  private final DirtyRuns writtenBack;
  private final List<Run> moving = new ArrayList<>();
  private final List<Known> pages = new ArrayList<>();
  private long movingEnd;
  private long modifyNanos;
  private long dirtySinceNanos;
  private boolean killPrivileges;
  private boolean stale;
  private long commits;
  private int throughs;
  private long sequence;
  private @Nullable Lane solo;
  private @Nullable IOException failure;

  /**
   * Guarded by {@link #committing}: pieces that are to be appended, in order, and those that are.
   */
  final ArrayDeque<Piece> waiting = new ArrayDeque<>();

  final List<Placed> placed = new ArrayList<>();

  /**
   * Guarded by {@link #committing}: the change counter that the file had its inline bytes with, if
   * those are among these pieces; otherwise 0.
   */
  long takenAlong;

  /** Part of a run that is on its way to a block. */
  record Piece(Run run, long from, long to) {}

  /** A piece that lies in a block and that no commit names yet. */
  record Placed(Piece piece, Extent extent, OpenBlock block) {}

  private record Known(long from, MapPage page) {}

  FileState(Attributes attributes, BufferPool pool) {
    this.ino = attributes.ino();
    this.attributes = attributes;
    this.dirty = new DirtyRuns(pool);
    this.writtenBack = new DirtyRuns(pool);
  }

  // Everything below is called with `lock` held.

  Attributes attributes() {
    return attributes;
  }

  /** What stat(2) is to tell: committed attributes with what was written since over them. */
  Attributes seen(Attributes answered) {
    Attributes committed = answered.change() < attributes.change() ? attributes : answered;
    if (!isDirty()) {
      return committed;
    }
    long size = Math.max(uncommittedEnd(), committed.sizeBytes());
    long allocated = Math.max(committed.allocatedBytes(), size);
    long modified = modifyNanos == 0 ? committed.modifyNanos() : modifyNanos;
    return new Attributes(
        committed.ino(),
        committed.type(),
        committed.mode(),
        committed.links(),
        committed.uid(),
        committed.gid(),
        committed.device(),
        size,
        allocated,
        committed.accessNanos(),
        modified,
        Math.max(modified, committed.changeNanos()),
        committed.birthNanos(),
        committed.change(),
        committed.map(),
        committed.flags());
  }

  /** Newer committed attributes; another map means that everything known of the old one is void. */
  void learn(Attributes newer) {
    if (newer.change() < attributes.change()) {
      return;
    }
    if (newer.map() != attributes.map() || newer.change() != attributes.change()) {
      pages.clear();
    }
    attributes = newer;
    stale = false;
  }

  /** Where the last uncommitted byte ends; 0 if there is none. */
  long uncommittedEnd() {
    return Math.max(movingEnd, Math.max(dirty.end(), writtenBack.end()));
  }

  /** Nothing that is known of the committed state can be relied on any more. */
  void expire() {
    stale = true;
    pages.clear();
  }

  boolean isStale() {
    return stale;
  }

  /** The length that is seen here. */
  long sizeBytes() {
    return Math.max(attributes.sizeBytes(), uncommittedEnd());
  }

  boolean isDirty() {
    return !dirty.isEmpty() || !moving.isEmpty() || !writtenBack.isEmpty();
  }

  long dirtyBytes() {
    return dirty.bytes();
  }

  /** Bytes written back that are apart still. */
  long writtenBackBytes() {
    return writtenBack.bytes();
  }

  long dirtySinceNanos() {
    return dirtySinceNanos;
  }

  void write(long offset, ByteBuffer from, long nowNanos, long monotonicNanos) {
    write(dirty, offset, from, nowNanos, monotonicNanos);
  }

  /**
   * As {@link #write}, of bytes that the kernel writes back although others may change the file.
   * They are apart until {@link #takeWrittenBack}, so that a write beside them can be taken back
   * alone.
   */
  void writeBack(long offset, ByteBuffer from, long nowNanos, long monotonicNanos) {
    write(writtenBack, offset, from, nowNanos, monotonicNanos);
  }

  private void write(
      DirtyRuns into, long offset, ByteBuffer from, long nowNanos, long monotonicNanos) {
    if (!isDirty()) {
      dirtySinceNanos = monotonicNanos;
    }
    modifyNanos = nowNanos;
    into.put(offset, from);
  }

  /** What was written back counts as written from now on; whether there was anything. */
  boolean takeWrittenBack() {
    List<Run> runs = writtenBack.takeAll();
    for (Run run : runs) {
      dirty.put(run.offset(), run.view(run.offset(), run.end()));
      run.release();
    }
    return !runs.isEmpty();
  }

  void killPrivileges() {
    killPrivileges = true;
  }

  DirtyRuns dirty() {
    return dirty;
  }

  /** Whether something is on its way to a block. */
  boolean isMoving() {
    return !moving.isEmpty();
  }

  /** Takes everything out of the writable memory; it stays visible here until {@link #settle}. */
  List<Run> startMoving() {
    movingEnd = Math.max(movingEnd, dirty.end());
    List<Run> taken = dirty.takeAll();
    moving.addAll(taken);
    return taken;
  }

  /**
   * As {@link #startMoving}, and between these runs, in file order, what is committed inline: that
   * was not written here, so it is on its way to a block, but neither seen nor kept by this file.
   */
  List<Run> startMoving(ByteString inline) {
    List<Run> runs = new ArrayList<>(dirty.under(0, inline.asReadOnlyByteBuffer()));
    runs.addAll(startMoving());
    runs.sort(Comparator.comparingLong(Run::offset));
    return runs;
  }

  /** Nothing is on its way to a block any more: it waits here again, under what is newer. */
  void stopMoving() {
    for (Run run : moving.reversed()) {
      dirty.putUnder(run.offset(), run.view(run.offset(), run.end()));
    }
    settleAll();
  }

  /** These runs are in the committed state now, or were given up. */
  void settle(Collection<Run> runs) {
    moving.removeAll(runs);
    movingEnd = moving.stream().mapToLong(Run::end).max().orElse(0);
    runs.forEach(Run::release);
  }

  /** Memory that this file takes. */
  long bytesInMemory() {
    long bytes = dirty.bytes() + writtenBack.bytes();
    for (Run run : moving) {
      bytes += run.length();
    }
    return bytes;
  }

  void settleAll() {
    settle(List.copyOf(moving));
  }

  /** Copies what is not committed over {@code into}, oldest first. */
  void overlay(long offset, ByteBuffer into) {
    for (Run run : moving) {
      DirtyRuns.overlay(run, offset, into);
    }
    dirty.overlay(offset, into);
    writtenBack.overlay(offset, into);
  }

  long nextSequence() {
    return ++sequence;
  }

  long modifyNanos() {
    return modifyNanos;
  }

  boolean killsPrivileges() {
    return killPrivileges;
  }

  /** A commit has ended: everything up to it is in {@code committed}. */
  void committed(Attributes committed) {
    commits++;
    pages.clear();
    learn(committed);
    if (!isDirty()) {
      modifyNanos = 0;
      killPrivileges = false;
    }
  }

  /** Grows with each commit: a read that saw it change meanwhile looks again. */
  long commits() {
    return commits;
  }

  /** The page of the map that has {@code offset}, if it is known. */
  @Nullable MapPage page(long offset) {
    for (Known known : pages) {
      if (known.from() <= offset && offset < known.page().endOffset()) {
        return known.page();
      }
    }
    return null;
  }

  /** Blocks are not where the pages of the map that are known have them. */
  void forgetPages() {
    pages.clear();
  }

  /** A page of the map that begins at {@code from} stays as long as nothing changes. */
  void keep(long from, MapPage page) {
    if (pages.size() >= PAGES_MAX) {
      pages.removeFirst();
    }
    pages.add(new Known(from, page));
  }

  /** Somebody writes through; until then nobody's bytes may wait in memory beside it. */
  void throughStarted() {
    throughs++;
  }

  void throughEnded() {
    throughs--;
  }

  boolean isWrittenThrough() {
    return throughs > 0;
  }

  int handles() {
    return handles;
  }

  void handleOpened() {
    handles++;
  }

  void handleClosed() {
    handles--;
  }

  @Nullable Lane solo() {
    return solo;
  }

  void solo(Lane lane) {
    solo = lane;
  }

  /** Whoever uses the file hears that something written to it is lost. */
  void checkNothingLost() throws IOException {
    if (failure != null) {
      throw new IOException("an earlier write was lost: " + failure.getMessage(), failure);
    }
  }

  /** The first error of a flush; whoever uses the file hears of it until nobody has it open. */
  @Nullable IOException failure() {
    return failure;
  }

  void fail(IOException cause) {
    if (failure == null) {
      failure = cause;
    }
  }

  /**
   * Whole contents of an inline file of {@code size} bytes: what is committed under what was
   * written.
   */
  ByteString inlineContents(ByteString committed, int size) {
    ByteBuffer contents = ByteBuffer.allocate(size);
    contents.put(0, committed.substring(0, Math.min(size, committed.size())).toByteArray());
    overlay(0, contents);
    return ByteString.copyFrom(contents);
  }
}
