package dfs.cli.verb;

import dfs.client.path.ScratchFile;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.AbstractList;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * What a pattern stands for, in the order of bytes. Names that there is no room for lie in a
 * temporary file, which goes with the process; in memory is only where each begins. Made by {@link
 * Globs}; one thread uses it.
 */
final class Matches extends AbstractList<Place> implements RandomAccess, AutoCloseable {
  /** So many names are in memory. */
  static final int HELD_MAX = 1024;

  private static final int BUFFER_BYTES = 64 << 10;

  private final Place base;
  private final String[] held;

  /** Names behind those that are held; null: there are none. */
  private final @Nullable FileChannel file;

  /** Where each of those begins in the file, and where the last one ends. */
  private final long[] starts;

  private final int count;

  private Matches(Place base, String[] held, @Nullable FileChannel file, long[] starts, int count) {
    this.base = base;
    this.held = held;
    this.file = file;
    this.starts = starts;
    this.count = count;
  }

  /**
   * Takes all names of a sorting, which are read up with it.
   *
   * @param base the directory that they are in, said with a slash behind it or empty
   */
  static Matches of(Place base, Sorting<String> names) throws IOException {
    int count = Math.toIntExact(names.size());
    String[] held = new String[Math.min(count, HELD_MAX)];
    for (int i = 0; i < held.length; i++) {
      held[i] = next(names);
    }
    if (count == held.length) {
      return new Matches(base, held, null, new long[0], count);
    }
    FileChannel file = ScratchFile.open();
    long[] starts = new long[count - held.length + 1];
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    for (int i = 1; i < starts.length; i++) {
      byte[] name = ByteText.bytes(next(names));
      starts[i] = starts[i - 1] + name.length;
      if (buffer.remaining() < name.length) {
        write(file, buffer);
      }
      if (name.length > buffer.capacity()) {
        write(file, ByteBuffer.wrap(name).position(name.length));
      } else {
        buffer.put(name);
      }
    }
    write(file, buffer);
    return new Matches(base, held, file, starts, count);
  }

  private static String next(Sorting<String> names) throws IOException {
    String name = names.poll();
    if (name == null) {
      throw new IllegalStateException("a name is missing");
    }
    return name;
  }

  private static void write(FileChannel file, ByteBuffer buffer) throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      file.write(buffer);
    }
    buffer.clear();
  }

  @Override
  public Place get(int index) {
    String name = index < held.length ? held[index] : stored(index - held.length);
    return new Place(
        base.said() + name, base.path().resolve(ByteText.path(base.path().getFileSystem(), name)));
  }

  private String stored(int index) {
    FileChannel names = file;
    if (names == null || index < 0 || index + 1 >= starts.length) {
      throw new IndexOutOfBoundsException("name " + index + " of " + count);
    }
    ByteBuffer name = ByteBuffer.allocate((int) (starts[index + 1] - starts[index]));
    try {
      while (name.hasRemaining()) {
        if (names.read(name, starts[index] + name.position()) < 0) {
          throw new EOFException("a temporary file has lost its end");
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return ByteText.of(name.array());
  }

  @Override
  public int size() {
    return count;
  }

  @Override
  public void close() throws IOException {
    if (file != null) {
      file.close();
    }
  }
}
