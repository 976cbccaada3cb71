package dfs.client.nio;

import dfs.client.file.RefusedException;
import dfs.client.path.PathRefusedException;
import dfs.protocol.metadata.Errno;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/** Refusals as the exceptions that {@code java.nio.file} documents. */
final class Faults {
  private Faults() {}

  /**
   * What is thrown instead of this.
   *
   * @param file the path that the caller gave
   * @param other the second one, of calls with two
   */
  static IOException of(IOException e, @Nullable String file, @Nullable String other) {
    return switch (e) {
      case PathRefusedException refused -> with(of(refused, file, other), e);
      case RefusedException refused ->
          with(new FileSystemException(file, other, refused.getMessage()), e);
      default -> e;
    };
  }

  private static FileSystemException with(FileSystemException fault, IOException cause) {
    fault.initCause(cause);
    return fault;
  }

  private static FileSystemException of(
      PathRefusedException e, @Nullable String file, @Nullable String other) {
    return switch (e.errno()) {
      // What was there when it was looked for and has gone since is not there.
      case ENOENT, ESTALE -> new NoSuchFileException(file, other, null);
      case EEXIST -> new FileAlreadyExistsException(file, other, null);
      case EACCES -> new AccessDeniedException(file, other, null);
      case ENOTEMPTY -> new DirectoryNotEmptyException(file);
      default -> new FileSystemException(file, other, String.valueOf(e.getMessage()));
    };
  }

  /** Whether a call was refused for this. */
  static boolean is(IOException e, Errno errno) {
    return e instanceof PathRefusedException refused && refused.errno() == errno;
  }
}
