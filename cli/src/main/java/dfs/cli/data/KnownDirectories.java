package dfs.cli.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which data directory was where, so that an empty mount point is not taken for a new directory: a
 * file with a line {@code ID SERVER PATH} for each. Used by one thread of the process whose file it
 * is.
 */
public final class KnownDirectories {
  private static final int WORDS = 3;

  private final Path file;
  private final Map<Path, Known> known = new TreeMap<>();

  /**
   * What was at a path.
   *
   * @param directory its id, in hexadecimal
   * @param server its number
   */
  public record Known(String directory, long server) {}

  private KnownDirectories(Path file) {
    this.file = file;
  }

  /** Reads the file; nothing is known if there is none. */
  public static KnownDirectories read(Path file) throws IOException {
    KnownDirectories read = new KnownDirectories(file);
    try {
      for (String line : Files.readAllLines(file)) {
        String[] words = line.split(" ", WORDS);
        read.known.put(Path.of(words[2]), new Known(words[0], Long.parseLong(words[1])));
      }
    } catch (NoSuchFileException e) {
      // the first start
    } catch (RuntimeException e) {
      throw new IOException(
          "%s is damaged: delete it if all data directories are in their places".formatted(file),
          e);
    }
    return read;
  }

  public Optional<Known> at(Path path) {
    return Optional.ofNullable(known.get(path));
  }

  /** What is at a path next is new, whatever it was. */
  public void forget(Path path) {
    known.remove(path);
  }

  /** Keeps in mind, durable, what is at a path. */
  public void put(Path path, Known now) throws IOException {
    if (!now.equals(known.put(path, now))) {
      write();
    }
  }

  /** Others see the old file or the new one. */
  private void write() throws IOException {
    StringBuilder text = new StringBuilder();
    known.forEach(
        (path, one) ->
            text.append(one.directory())
                .append(' ')
                .append(one.server())
                .append(' ')
                .append(path)
                .append('\n'));
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel channel =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
