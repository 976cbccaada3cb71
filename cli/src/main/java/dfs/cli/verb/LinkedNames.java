package dfs.cli.verb;

import dfs.client.path.InodeTable;
import dfs.client.path.ScratchFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the copies of files with several names are: of each the name under which it was copied
 * first, and whether it is whole. However many there are, memory is bounded: inodes are in an
 * {@link InodeTable}, names behind each other in a temporary file, the newest in memory. One thread
 * uses it, but for {@link #made}.
 */
final class LinkedNames implements AutoCloseable {
  private static final int HELD_BYTES = 1 << 20;

  private final InodeTable numbers;
  private final ByteBuffer newest;
  private @Nullable FileChannel older;

  /** Where the newest begin. */
  private long start;

  /** Of any copy: all are in one file system. */
  private @Nullable Path some;

  LinkedNames() {
    this(InodeTable.HELD_MAX, HELD_BYTES);
  }

  /**
   * @param inodesMax so many inodes are held in memory
   * @param bytesMax so many bytes of names; a longer name has room, too
   */
  LinkedNames(int inodesMax, int bytesMax) {
    this.numbers = new InodeTable(inodesMax);
    this.newest = ByteBuffer.allocate(bytesMax);
  }

  /** How many files there are. */
  long size() {
    return numbers.size();
  }

  /** Where the copy of a file is, or is to be; null: not known. */
  @Nullable Path of(Stat file) throws IOException {
    long number = numbers.get(file.dev(), file.ino());
    Path path = some;
    return number == 0 || path == null
        ? null
        : ByteText.path(path.getFileSystem(), ByteText.of(read((number >> 1) - 1)));
  }

  /** Whether that is whole. */
  boolean isMade(Stat file) throws IOException {
    return (numbers.get(file.dev(), file.ino()) & 1) != 0;
  }

  /** The copy of a file is to be here, and is not whole. */
  void put(Stat file, Path copy) throws IOException {
    some = copy;
    byte[] bytes = ByteText.bytes(ByteText.of(copy));
    var _ = numbers.put(file.dev(), file.ino(), (append(bytes) + 1) << 1);
  }

  /** The copy of a file that was put is whole; any thread may say so, one for each file. */
  void made(Stat file) throws IOException {
    long number = numbers.get(file.dev(), file.ino());
    var _ = numbers.put(file.dev(), file.ino(), number | 1);
  }

  private long append(byte[] bytes) throws IOException {
    int length = Integer.BYTES + bytes.length;
    if (length > newest.remaining()) {
      toFile(newest.flip());
      newest.clear();
    }
    long offset = start + newest.position();
    if (length > newest.remaining()) {
      toFile(ByteBuffer.allocate(length).putInt(bytes.length).put(bytes).flip());
    } else {
      newest.putInt(bytes.length).put(bytes);
    }
    return offset;
  }

  private void toFile(ByteBuffer bytes) throws IOException {
    FileChannel file = older;
    if (file == null) {
      file = ScratchFile.open();
      older = file;
    }
    while (bytes.hasRemaining()) {
      start += file.write(bytes, start);
    }
  }

  private byte[] read(long offset) throws IOException {
    ByteBuffer length = ByteBuffer.allocate(Integer.BYTES);
    read(offset, length);
    ByteBuffer bytes = ByteBuffer.allocate(length.getInt(0));
    read(offset + Integer.BYTES, bytes);
    return bytes.array();
  }

  private void read(long offset, ByteBuffer into) throws IOException {
    FileChannel file = older;
    if (offset >= start) {
      into.put(0, newest, (int) (offset - start), into.capacity());
      return;
    }
    while (file != null && into.hasRemaining()) {
      if (file.read(into, offset + into.position()) < 0) {
        throw new EOFException("a temporary file has lost its end");
      }
    }
  }

  @Override
  public void close() throws IOException {
    try (InodeTable _ = numbers;
        FileChannel _ = older) {
      some = null;
    }
  }
}
