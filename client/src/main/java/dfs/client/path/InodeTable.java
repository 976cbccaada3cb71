package dfs.client.path;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A number for each of many inodes: of those that have several names, when a tree is gone through.
 * Beyond a bound it lies in a {@link ScratchFile}, so that memory does not grow with the tree. Open
 * addressing, half full at most, in slots of 24 bytes:
 *
 * <pre>
 *   0 device i64 | 8 inode i64 | 16 number i64, 0: the slot is free
 * </pre>
 *
 * Thread-safe.
 */
public final class InodeTable implements AutoCloseable {
  /** So many are held in memory. */
  public static final int HELD_MAX = 1 << 16;

  private static final int SLOT_BYTES = 3 * Long.BYTES;
  private static final int SLOTS_MIN = 64;
  private static final int COPY_SLOTS = 4096;

  private final ReentrantLock lock = new ReentrantLock();
  private final ByteBuffer slot = ByteBuffer.allocateDirect(SLOT_BYTES);
  private final int heldMax;

  /** Those below under the lock: the slots, until there are too many. */
  private @Nullable ByteBuffer held = ByteBuffer.allocate(SLOTS_MIN * SLOT_BYTES);

  /** After that. */
  private @Nullable FileChannel file;

  private long slots = SLOTS_MIN;
  private long size;

  public InodeTable() {
    this(HELD_MAX);
  }

  /**
   * @param heldMax so many are held in memory
   */
  public InodeTable(int heldMax) {
    this.heldMax = heldMax;
  }

  /** The number of an inode; 0: it has none. */
  public long get(long dev, long ino) throws IOException {
    lock.lock();
    try {
      find(dev, ino);
      return slot.getLong(2 * Long.BYTES);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives an inode a number.
   *
   * @param number not 0
   * @return the one that it had; 0: none
   */
  public long put(long dev, long ino, long number) throws IOException {
    if (number == 0) {
      throw new IllegalArgumentException("0 stands for none");
    }
    lock.lock();
    try {
      long at = find(dev, ino);
      long before = slot.getLong(2 * Long.BYTES);
      if (before == 0 && 2 * (size + 1) > slots) {
        grow();
        at = find(dev, ino);
      }
      write(at, dev, ino, number);
      size += before == 0 ? 1 : 0;
      return before;
    } finally {
      lock.unlock();
    }
  }

  /** How many inodes have a number. */
  public long size() {
    lock.lock();
    try {
      return size;
    } finally {
      lock.unlock();
    }
  }

  /** How many of them are in memory. */
  public long held() {
    lock.lock();
    try {
      return held == null ? 0 : size;
    } finally {
      lock.unlock();
    }
  }

  /** The slot that an inode has, or may have; what is in it is in {@code slot}. */
  private long find(long dev, long ino) throws IOException {
    long mixed = (ino + (dev * 0x9E3779B97F4A7C15L)) * 0xBF58476D1CE4E5B9L;
    long at = (mixed ^ (mixed >>> 32)) & (slots - 1);
    while (true) {
      read(at);
      boolean free = slot.getLong(2 * Long.BYTES) == 0;
      if (free || (slot.getLong(0) == dev && slot.getLong(Long.BYTES) == ino)) {
        return at;
      }
      at = (at + 1) & (slots - 1);
    }
  }

  private void read(long at) throws IOException {
    slot.clear();
    ByteBuffer here = held;
    if (here != null) {
      slot.put(0, here, (int) at * SLOT_BYTES, SLOT_BYTES);
    } else if (file != null) {
      readFully(file, slot, at * SLOT_BYTES);
    }
  }

  private void write(long at, long dev, long ino, long number) throws IOException {
    slot.clear().putLong(dev).putLong(ino).putLong(number).flip();
    ByteBuffer here = held;
    if (here != null) {
      here.put((int) at * SLOT_BYTES, slot, 0, SLOT_BYTES);
    } else if (file != null) {
      writeFully(file, slot, at * SLOT_BYTES);
    }
  }

  /** Into twice as many slots; in a file when there are too many for memory. */
  private void grow() throws IOException {
    ByteBuffer before = held;
    FileChannel beforeFile = file;
    long beforeSlots = slots;
    slots = 2 * slots;
    boolean fits = before != null && size < heldMax;
    held = fits ? ByteBuffer.allocate(Math.toIntExact(slots * SLOT_BYTES)) : null;
    file = fits ? null : empty(slots);
    ByteBuffer some = ByteBuffer.allocate(COPY_SLOTS * SLOT_BYTES);
    for (long from = 0; from < beforeSlots; from += COPY_SLOTS) {
      some.clear().limit((int) Math.min(COPY_SLOTS, beforeSlots - from) * SLOT_BYTES);
      if (before != null) {
        some.put(0, before, (int) from * SLOT_BYTES, some.limit());
      } else if (beforeFile != null) {
        readFully(beforeFile, some, from * SLOT_BYTES);
        some.rewind();
      }
      takeOver(some);
    }
    if (beforeFile != null) {
      beforeFile.close();
    }
  }

  private void takeOver(ByteBuffer some) throws IOException {
    while (some.hasRemaining()) {
      long dev = some.getLong();
      long ino = some.getLong();
      long number = some.getLong();
      if (number != 0) {
        write(find(dev, ino), dev, ino, number);
      }
    }
  }

  /** A file of free slots: what was never written reads as zeros. */
  private static FileChannel empty(long slots) throws IOException {
    FileChannel file = ScratchFile.open();
    boolean made = false;
    try {
      writeFully(file, ByteBuffer.allocate(1), (slots * SLOT_BYTES) - 1);
      made = true;
      return file;
    } finally {
      if (!made) {
        file.close();
      }
    }
  }

  private static void readFully(FileChannel file, ByteBuffer into, long offset) throws IOException {
    for (long at = offset; into.hasRemaining(); ) {
      int n = file.read(into, at);
      if (n < 0) {
        throw new EOFException("a temporary file has lost its end");
      }
      at += n;
    }
  }

  private static void writeFully(FileChannel file, ByteBuffer from, long offset)
      throws IOException {
    for (long at = offset; from.hasRemaining(); ) {
      at += file.write(from, at);
    }
  }

  @Override
  public void close() throws IOException {
    lock.lock();
    try {
      if (file != null) {
        file.close();
      }
    } finally {
      lock.unlock();
    }
  }
}
