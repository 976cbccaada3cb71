package dfs.chunk;

import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A disk that loses power: what was not synced is there in any selection of pages, or not; names
 * that were not synced are gone. Counts syncs.
 */
public final class SimulatedDisk implements Disk {
  private static final int PAGE_BYTES = 512;

  private final Map<Path, Contents> names = new TreeMap<>();
  private final Map<Path, Contents> durableNames = new TreeMap<>();
  private final AtomicReference<Runnable> beforeSync = new AtomicReference<>(() -> {});
  private int syncs;
  private int operationsLeft = Integer.MAX_VALUE;
  private Space space = new Space(1L << 40, 1L << 39);

  /** What is in a file, and what of it is durable. */
  private static final class Contents {
    byte[] now = new byte[0];
    byte[] durable = new byte[0];
  }

  /** Syncs of files and directories so far. */
  public synchronized int syncs() {
    return syncs;
  }

  /** After this many more writes, cuts and syncs everything fails, until the {@link #crash}. */
  public synchronized void powerOffAfter(int operations) {
    operationsLeft = operations;
  }

  /** Runs this when a file is to be synced the next time, before it is. */
  public void beforeNextSync(Runnable what) {
    beforeSync.set(what);
  }

  private void operate() throws IOException {
    if (operationsLeft == 0) {
      throw new IOException("the power is off");
    }
    operationsLeft--;
  }

  /** The power goes: pages written since the last sync of their file are kept at random. */
  public synchronized void crash(Random random) {
    operationsLeft = Integer.MAX_VALUE;
    names.clear();
    names.putAll(durableNames);
    for (Contents contents : names.values()) {
      int size = random.nextBoolean() ? contents.now.length : contents.durable.length;
      byte[] after = Arrays.copyOf(contents.durable, size);
      for (int at = 0; at < size; at += PAGE_BYTES) {
        if (random.nextBoolean()) {
          int end = Math.min(size, Math.min(at + PAGE_BYTES, contents.now.length));
          if (end > at) {
            System.arraycopy(contents.now, at, after, at, end - at);
          }
        }
      }
      contents.now = after;
      contents.durable = after.clone();
    }
  }

  /** Changes bytes behind everyone's back. */
  public synchronized void damage(Path path, long offset, ByteBuffer bytes) throws IOException {
    try (DiskFile file = open(path, false)) {
      file.write(bytes, offset);
      file.sync(true);
    }
  }

  /** A disk with the same durable contents. */
  public synchronized SimulatedDisk copy() {
    SimulatedDisk copy = new SimulatedDisk();
    for (Map.Entry<Path, Contents> entry : durableNames.entrySet()) {
      Contents contents = new Contents();
      contents.now = entry.getValue().durable.clone();
      contents.durable = entry.getValue().durable.clone();
      copy.names.put(entry.getKey(), contents);
      copy.durableNames.put(entry.getKey(), contents);
    }
    return copy;
  }

  @Override
  public synchronized DiskFile open(Path path, boolean create) throws IOException {
    Contents contents = names.get(path);
    if (contents == null) {
      if (!create) {
        throw new NoSuchFileException(path.toString());
      }
      contents = new Contents();
      names.put(path, contents);
    }
    return new SimulatedFile(contents);
  }

  @Override
  public synchronized boolean exists(Path path) {
    return names.containsKey(path) || !list(path).isEmpty();
  }

  @Override
  public synchronized List<String> list(Path directory) {
    TreeSet<String> found = new TreeSet<>();
    int depth = directory.toString().isEmpty() ? 0 : directory.getNameCount();
    for (Path path : names.keySet()) {
      if (path.getNameCount() > depth && (depth == 0 || path.startsWith(directory))) {
        found.add(path.getName(depth).toString());
      }
    }
    return List.copyOf(found);
  }

  @Override
  public void createDirectories(Path directory) {}

  @Override
  public synchronized void rename(Path from, Path to) {
    Contents contents = names.remove(from);
    if (contents != null) {
      names.put(to, contents);
    }
  }

  @Override
  public synchronized void delete(Path path) {
    names.remove(path);
  }

  @Override
  public synchronized void syncDirectory(Path directory) throws IOException {
    operate();
    syncs++;
    durableNames.keySet().removeIf(path -> inside(path, directory));
    names.forEach(
        (path, contents) -> {
          if (inside(path, directory)) {
            durableNames.put(path, contents);
          }
        });
  }

  private static boolean inside(Path path, Path directory) {
    Path parent = path.getParent();
    return parent == null ? directory.toString().isEmpty() : parent.equals(directory);
  }

  @Override
  public String device() {
    return "simulated";
  }

  @Override
  public synchronized Space space() {
    return space;
  }

  /** From now on the disk is this large, and this much of it is free. */
  public synchronized void space(Space now) {
    space = now;
  }

  private final class SimulatedFile implements DiskFile {
    private final Contents contents;

    SimulatedFile(Contents contents) {
      this.contents = contents;
    }

    @Override
    public int read(ByteBuffer into, long offset) {
      synchronized (SimulatedDisk.this) {
        if (offset >= contents.now.length) {
          return -1;
        }
        int count = (int) Math.min(into.remaining(), contents.now.length - offset);
        into.put(contents.now, (int) offset, count);
        return count;
      }
    }

    @Override
    public void write(ByteBuffer from, long offset) throws IOException {
      synchronized (SimulatedDisk.this) {
        operate();
        int end = (int) offset + from.remaining();
        if (end > contents.now.length) {
          contents.now = Arrays.copyOf(contents.now, end);
        }
        from.get(contents.now, (int) offset, from.remaining());
      }
    }

    @Override
    public long size() {
      synchronized (SimulatedDisk.this) {
        return contents.now.length;
      }
    }

    @Override
    public void truncate(long size) throws IOException {
      synchronized (SimulatedDisk.this) {
        operate();
        contents.now = Arrays.copyOf(contents.now, (int) size);
      }
    }

    @Override
    public void sync(boolean metadata) throws IOException {
      Runnable first = beforeSync.getAndSet(() -> {});
      first.run();
      synchronized (SimulatedDisk.this) {
        operate();
        syncs++;
        contents.durable = contents.now.clone();
      }
    }

    @Override
    public void close() {}
  }
}
