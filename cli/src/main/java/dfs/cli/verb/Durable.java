package dfs.cli.verb;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystems;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * What a copy on this machine takes to outlast a power cut: the contents before the file has its
 * name, so that nothing half of it is ever found under that, and the names in the end. In a volume
 * closing a file and naming it do that.
 */
final class Durable {
  private Durable() {}

  /** Makes what was written into a file of this machine durable. */
  static void contents(FileChannel file, Path path) throws IOException {
    if (isHere(path)) {
      file.force(true);
    }
  }

  /** Makes the names in a directory of this machine durable. */
  static void names(@Nullable Path directory) throws IOException {
    if (directory == null || !isHere(directory)) {
      return;
    }
    try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
      names.force(true);
    } catch (NoSuchFileException e) {
      // Nothing was made there, which was said.
    } catch (AccessDeniedException e) {
      // It may be written and not be read: the kernel writes it back when it likes.
    }
  }

  private static boolean isHere(Path path) {
    return path.getFileSystem().equals(FileSystems.getDefault());
  }
}
