package dfs.client.path;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file for what has no room in memory. It is its owner's alone and has no name when this returns,
 * so that it goes with the process, however that ends.
 */
public final class ScratchFile {
  private static final String VARIABLE = "TMPDIR";
  private static final String PREFIX = "dfs-";

  private ScratchFile() {}

  /** An empty one, to be closed: in {@code $TMPDIR}, or where the machine has such files. */
  public static FileChannel open() throws IOException {
    String wanted = System.getenv(VARIABLE);
    boolean said = wanted != null && !wanted.isEmpty();
    Path file =
        said
            ? Files.createTempFile(Path.of(wanted), PREFIX, null)
            : Files.createTempFile(PREFIX, null);
    try {
      return FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } finally {
      Files.delete(file);
    }
  }
}
