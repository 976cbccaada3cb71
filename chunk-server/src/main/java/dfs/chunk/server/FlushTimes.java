package dfs.chunk.server;

import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** How long flushes of a disk take of late, so that one that is slow can be told. Thread-safe. */
final class FlushTimes {
  /** So many of the last ones are kept in mind. */
  private static final int LAST = 32;

  /** Fewer say nothing. */
  private static final int FEW = 8;

  private static final long RECENT_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final Time time;
  private final long[] tookNanos = new long[LAST];
  private final long[] endedNanos = new long[LAST];
  private long count;

  FlushTimes(Time time) {
    this.time = time;
  }

  /** The median of the last flushes, in nanoseconds; 0: there were too few of late. */
  synchronized long medianNanos() {
    long now = time.monotonicNanos();
    long[] recent = new long[LAST];
    int found = 0;
    for (int i = 0; i < Math.min(count, LAST); i++) {
      if (now - endedNanos[i] <= RECENT_NANOS) {
        recent[found++] = tookNanos[i];
      }
    }
    if (found < FEW) {
      return 0;
    }
    Arrays.sort(recent, 0, found);
    return Math.max(1, recent[found / 2]);
  }

  private synchronized void add(long beganNanos) {
    long now = time.monotonicNanos();
    int at = (int) (count++ % LAST);
    tookNanos[at] = now - beganNanos;
    endedNanos[at] = now;
  }

  /** The same disk, whose flushes of files are timed. */
  Disk of(Disk disk) {
    return new TimedDisk(disk);
  }

  private final class TimedDisk implements Disk {
    private final Disk disk;

    TimedDisk(Disk disk) {
      this.disk = disk;
    }

    @Override
    public DiskFile open(Path path, boolean create) throws IOException {
      return new TimedFile(disk.open(path, create));
    }

    @Override
    public boolean exists(Path path) throws IOException {
      return disk.exists(path);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
      return disk.list(directory);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
      disk.createDirectories(directory);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
      disk.rename(from, to);
    }

    @Override
    public void delete(Path path) throws IOException {
      disk.delete(path);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
      disk.syncDirectory(directory);
    }

    @Override
    public Space space() throws IOException {
      return disk.space();
    }

    @Override
    public String device() throws IOException {
      return disk.device();
    }
  }

  private final class TimedFile implements DiskFile {
    private final DiskFile file;

    TimedFile(DiskFile file) {
      this.file = file;
    }

    @Override
    public int read(ByteBuffer into, long offset) throws IOException {
      return file.read(into, offset);
    }

    @Override
    public void write(ByteBuffer from, long offset) throws IOException {
      file.write(from, offset);
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public void truncate(long size) throws IOException {
      file.truncate(size);
    }

    @Override
    public void sync(boolean metadata) throws IOException {
      long since = time.monotonicNanos();
      file.sync(metadata);
      add(since);
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
