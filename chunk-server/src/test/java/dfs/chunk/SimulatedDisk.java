package dfs.chunk;

import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A disk that loses power: what was not synced is there in any selection of pages, or not; names
 * that were not synced are gone. Counts syncs.
 */
public final class SimulatedDisk implements Disk {
  private static final int PAGE_BYTES = 4096;
  private static final int SECTOR_BYTES = 512;
  private static final byte[] ZEROS = new byte[PAGE_BYTES];

  private final Map<Path, Contents> names = new TreeMap<>();
  private final Map<Path, Contents> durableNames = new TreeMap<>();
  private final AtomicReference<Runnable> beforeSync = new AtomicReference<>(() -> {});
  private int syncs;
  private String whyNoneOpens = "";
  private int operationsLeft = Integer.MAX_VALUE;
  private Space space = new Space(1L << 40, 1L << 39);
  private final Set<Contents> unreadable = Collections.newSetFromMap(new IdentityHashMap<>());

  /** What is in a file, and what of it is durable: pages by number, zeros where there is none. */
  private static final class Contents {
    private Map<Integer, byte[]> now = new HashMap<>();
    private final Map<Integer, byte[]> durable = new HashMap<>();

    /** Pages that were written since the last sync; the others are the same array in both. */
    private final Set<Integer> dirty = new TreeSet<>();

    private int size;
    private int durableSize;

    private byte[] toWrite(int page) {
      byte[] known = now.get(page);
      if (dirty.add(page) || known == null) {
        known = known == null ? new byte[PAGE_BYTES] : known.clone();
        now.put(page, known);
      }
      return known;
    }

    int read(ByteBuffer into, int offset) {
      int end = Math.min(size, offset + into.remaining());
      for (int at = offset; at < end; ) {
        int in = at % PAGE_BYTES;
        int count = Math.min(end - at, PAGE_BYTES - in);
        byte[] page = now.get(at / PAGE_BYTES);
        into.put(page == null ? ZEROS : page, in, count);
        at += count;
      }
      return end - offset;
    }

    void write(ByteBuffer from, int offset) {
      for (int at = offset; from.hasRemaining(); ) {
        int in = at % PAGE_BYTES;
        int count = Math.min(from.remaining(), PAGE_BYTES - in);
        from.get(toWrite(at / PAGE_BYTES), in, count);
        at += count;
        size = Math.max(size, at);
      }
    }

    void truncate(int length) {
      for (int page = length / PAGE_BYTES; page <= size / PAGE_BYTES; page++) {
        byte[] cut = toWrite(page);
        int from = Math.max(0, length - page * PAGE_BYTES);
        if (from < PAGE_BYTES) {
          Arrays.fill(cut, from, PAGE_BYTES, (byte) 0);
        }
      }
      size = length;
    }

    void sync() {
      for (int page : dirty) {
        durable.put(page, now.getOrDefault(page, ZEROS));
      }
      dirty.clear();
      durableSize = size;
    }

    /** Sectors written since the last sync are there or not. */
    void crash(Random random) {
      int after = random.nextBoolean() ? size : durableSize;
      for (int page : List.copyOf(dirty)) {
        byte[] kept = durable.getOrDefault(page, ZEROS).clone();
        byte[] written = now.getOrDefault(page, ZEROS);
        for (int at = 0; at < PAGE_BYTES; at += SECTOR_BYTES) {
          if (random.nextBoolean()) {
            System.arraycopy(written, at, kept, at, SECTOR_BYTES);
          }
        }
        durable.put(page, kept);
      }
      dirty.clear();
      now = new HashMap<>(durable);
      size = after;
      truncate(after);
      sync();
    }

    Contents copyOfDurable() {
      Contents copy = new Contents();
      durable.forEach((page, bytes) -> copy.durable.put(page, bytes.clone()));
      copy.now = new HashMap<>(copy.durable);
      copy.size = durableSize;
      copy.durableSize = durableSize;
      return copy;
    }
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
      contents.crash(random);
    }
  }

  /** Names of all files. */
  public synchronized List<Path> files() {
    return List.copyOf(names.keySet());
  }

  /** Flips a bit of a file that has any, behind everyone's back. */
  public synchronized void rot(Path path, Random random) {
    Contents contents = names.get(path);
    if (contents != null && contents.size > 0) {
      int at = random.nextInt(contents.size);
      contents.toWrite(at / PAGE_BYTES)[at % PAGE_BYTES] ^= (byte) (1 << random.nextInt(8));
      contents.sync();
    }
  }

  /** Zeros a file from somewhere on, as if that had never been written. */
  public synchronized void zeroTail(Path path, Random random) {
    Contents contents = names.get(path);
    if (contents != null && contents.size > 0) {
      int size = contents.size;
      contents.truncate(random.nextInt(size));
      contents.size = size;
      contents.sync();
    }
  }

  /** Changes bytes behind everyone's back. */
  public synchronized void damage(Path path, long offset, ByteBuffer bytes) throws IOException {
    try (DiskFile file = open(path, false)) {
      file.write(bytes, offset);
      file.sync(true);
    }
  }

  /** From now on reads of this file fail, as those of a bad sector do. */
  public synchronized void spoil(Path path) throws IOException {
    Contents contents = names.get(path);
    if (contents == null) {
      throw new NoSuchFileException(path.toString());
    }
    unreadable.add(contents);
  }

  /** From now on no file can be opened, and this is why; empty: files can be opened again. */
  public synchronized void opensFail(String reason) {
    whyNoneOpens = reason;
  }

  /** A disk with the same durable contents. */
  public synchronized SimulatedDisk copy() {
    SimulatedDisk copy = new SimulatedDisk();
    for (Map.Entry<Path, Contents> entry : durableNames.entrySet()) {
      Contents contents = entry.getValue().copyOfDurable();
      copy.names.put(entry.getKey(), contents);
      copy.durableNames.put(entry.getKey(), contents);
    }
    return copy;
  }

  @Override
  public synchronized DiskFile open(Path path, boolean create) throws IOException {
    if (!whyNoneOpens.isEmpty()) {
      throw new FileSystemException(path.toString(), null, whyNoneOpens);
    }
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
    if (!whyNoneOpens.isEmpty()) {
      throw new FileSystemException(directory.toString(), null, whyNoneOpens);
    }
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
    public int read(ByteBuffer into, long offset) throws IOException {
      synchronized (SimulatedDisk.this) {
        if (unreadable.contains(contents)) {
          throw new IOException("Input/output error");
        }
        return offset >= contents.size ? -1 : contents.read(into, (int) offset);
      }
    }

    @Override
    public void write(ByteBuffer from, long offset) throws IOException {
      synchronized (SimulatedDisk.this) {
        operate();
        contents.write(from, (int) offset);
      }
    }

    @Override
    public long size() {
      synchronized (SimulatedDisk.this) {
        return contents.size;
      }
    }

    @Override
    public void truncate(long size) throws IOException {
      synchronized (SimulatedDisk.this) {
        operate();
        contents.truncate((int) size);
      }
    }

    @Override
    public void sync(boolean metadata) throws IOException {
      Runnable first = beforeSync.getAndSet(() -> {});
      first.run();
      synchronized (SimulatedDisk.this) {
        operate();
        syncs++;
        contents.sync();
      }
    }

    @Override
    public void close() {}
  }
}
