package dfs.chunk.journal;

import dfs.chunk.journal.Checkpoints.Checkpoint;
import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The journal of one data directory. Whoever needs a flush and finds none running flushes for
 * everybody who has come meanwhile; a lone writer hands nothing over. After the first error of the
 * disk every call fails with it: what a failed flush left on the disk is not known. Called by the
 * blocks of the directory. Thread-safe.
 */
public final class Journal implements AutoCloseable {
  public static final int SEGMENTS = 4;
  static final int ALIGNMENT = 4096;
  private static final int BATCH_BYTES = 1 << 20;
  private static final Path FOLDER = Path.of("journal");

  private final int directory;
  private final long segmentBytes;
  private final List<DiskFile> segments;
  private final Checkpoints checkpoints;
  private final DiskFile checkpointFile;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition flushed = lock.newCondition();
  private ByteBuffer batch = newBatch();
  private ByteBuffer spare = newBatch();
  private long lastLsn;
  private long durableLsn;
  private boolean flushing;
  private long flushes;
  private @Nullable IOException failure;

  /** Where the next batch goes; used by the flushing thread only. */
  private int segment;

  private long offset;
  private @Nullable Segments needed;

  /**
   * What has to be done before a segment may be used again: everything up to now must lie, durable,
   * in block files.
   */
  public interface Segments {
    void makeObsolete() throws IOException;
  }

  private Journal(
      int directory,
      long segmentBytes,
      List<DiskFile> segments,
      DiskFile checkpointFile,
      Checkpoints checkpoints) {
    this.directory = directory;
    this.segmentBytes = segmentBytes;
    this.segments = segments;
    this.checkpointFile = checkpointFile;
    this.checkpoints = checkpoints;
  }

  private static ByteBuffer newBatch() {
    return ByteBuffer.allocateDirect(BATCH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Makes an empty journal of {@link #SEGMENTS} zero-filled segments, durable. */
  public static void format(Disk disk, long segmentBytes) throws IOException {
    disk.createDirectories(FOLDER);
    ByteBuffer zeros = ByteBuffer.allocateDirect(BATCH_BYTES);
    for (int i = 0; i < SEGMENTS; i++) {
      try (DiskFile file = disk.open(FOLDER.resolve(Integer.toString(i)), true)) {
        for (long at = 0; at < segmentBytes; at += zeros.capacity()) {
          file.write(zeros.clear().limit((int) Math.min(BATCH_BYTES, segmentBytes - at)), at);
        }
        file.sync(true);
      }
    }
    try (DiskFile file = disk.open(FOLDER.resolve("checkpoint"), true)) {
      file.write(ByteBuffer.allocate(2 * Checkpoints.SLOT_BYTES), 0);
      new Checkpoints(file).write(new Checkpoint(0, 0, 0));
      file.sync(true);
    }
    disk.syncDirectory(FOLDER);
    disk.syncDirectory(Path.of(""));
  }

  /** Opens the journal of a directory; {@link #entries} must be read before anything is added. */
  public static Journal open(Disk disk, int directory) throws IOException {
    List<DiskFile> segments = new ArrayList<>();
    for (int i = 0; i < SEGMENTS; i++) {
      segments.add(disk.open(FOLDER.resolve(Integer.toString(i)), false));
    }
    long segmentBytes = segments.getFirst().size();
    for (int i = 1; i < SEGMENTS; i++) {
      if (segments.get(i).size() != segmentBytes) {
        throw new IOException(
            "the journal is damaged: journal/%d has %d bytes, journal/0 has %d"
                .formatted(i, segments.get(i).size(), segmentBytes));
      }
    }
    DiskFile checkpointFile = disk.open(FOLDER.resolve("checkpoint"), false);
    return new Journal(
        directory, segmentBytes, segments, checkpointFile, new Checkpoints(checkpointFile));
  }

  /** What lies in the journal after its checkpoint, and whether it ends where it should. */
  public record Contents(List<Entry> entries, boolean damaged) {}

  /** Reads the entries after the checkpoint; called once, first. */
  public Contents entries() throws IOException {
    Checkpoint from = checkpoints.read();
    if (from == null) {
      throw new IOException("both slots of journal/checkpoint are damaged");
    }
    JournalScan scan = new JournalScan(segments, directory, from.lsn());
    List<Entry> entries = scan.from(from.segment(), from.offset());
    lock.lock();
    try {
      lastLsn = from.lsn() + entries.size();
      durableLsn = lastLsn;
      segment = scan.endSegment();
      offset = scan.endOffset();
    } finally {
      lock.unlock();
    }
    return new Contents(entries, scan.markBeyond(lastLsn));
  }

  /**
   * Who is asked to make the past obsolete when a segment is to be used again; set once, after
   * recovery.
   */
  public void attach(Segments segments) {
    needed = segments;
  }

  /**
   * Adds an entry, which is not durable yet.
   *
   * @param record the client's record, encoded
   * @param payload its bytes, if they are to travel inside the entry
   * @return its LSN, for {@link #flush}
   */
  public long append(ByteBuffer record, @Nullable ByteBuffer payload) throws IOException {
    int length = Entry.encodedBytes(record, payload);
    lock.lock();
    try {
      check();
      while (batch.remaining() < length) {
        flushLocked(lastLsn);
        check();
      }
      lastLsn++;
      new Entry(lastLsn, durableLsn, record, payload).encode(batch, directory);
      return lastLsn;
    } finally {
      lock.unlock();
    }
  }

  /** Returns when the entry with this LSN and all before it are durable. */
  public void flush(long lsn) throws IOException {
    lock.lock();
    try {
      flushLocked(lsn);
    } finally {
      lock.unlock();
    }
  }

  /** Batches made durable since the start. */
  public long flushes() {
    lock.lock();
    try {
      return flushes;
    } finally {
      lock.unlock();
    }
  }

  private void flushLocked(long lsn) throws IOException {
    while (durableLsn < lsn) {
      check();
      if (flushing) {
        flushed.awaitUninterruptibly();
        continue;
      }
      flushing = true;
      long upTo = lastLsn;
      ByteBuffer full = batch.flip();
      batch = spare.clear();
      lock.unlock();
      IOException error = null;
      try {
        write(full);
      } catch (IOException e) {
        error = e;
      } finally {
        lock.lock();
        spare = full;
        flushing = false;
        flushed.signalAll();
      }
      if (error != null) {
        failure = error;
        throw error;
      }
      durableLsn = upTo;
      flushes++;
    }
  }

  /** Writes a batch and makes it durable. Only the flushing thread gets here. */
  private void write(ByteBuffer full) throws IOException {
    if (offset + full.remaining() > segmentBytes) {
      Segments past = needed;
      if (past != null) {
        past.makeObsolete();
      }
      segment = (segment + 1) % SEGMENTS;
      offset = 0;
      // Entries of the batch at hand are not in block files for certain: they follow the
      // checkpoint.
      checkpoints.write(new Checkpoint(durableBeforeBatch(), segment, 0));
    }
    int length = full.remaining();
    DiskFile file = segments.get(segment);
    file.write(full, offset);
    file.sync(false);
    offset = (offset + length + ALIGNMENT - 1) & -ALIGNMENT;
  }

  private long durableBeforeBatch() {
    lock.lock();
    try {
      return durableLsn;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Says that everything in the journal lies in block files: after recovery, before anything is
   * added. What a torn batch may have left behind the end is wiped, since its LSNs are given out
   * again.
   */
  public void restart() throws IOException {
    long wipe = Math.min(BATCH_BYTES + ALIGNMENT, segmentBytes - offset);
    DiskFile file = segments.get(segment);
    file.write(ByteBuffer.allocate((int) wipe), offset);
    file.sync(false);
    checkpoints.write(new Checkpoint(durableBeforeBatch(), segment, offset));
  }

  private void check() throws IOException {
    if (failure != null) {
      throw new IOException("the journal failed before: " + failure.getMessage(), failure);
    }
  }

  @Override
  public void close() throws IOException {
    for (DiskFile file : segments) {
      file.close();
    }
    checkpointFile.close();
  }
}
