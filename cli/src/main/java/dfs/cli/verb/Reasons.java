package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Locale;
import java.util.Objects;

/** What a person reads of an exception about a file that is named already. */
final class Reasons {
  private Reasons() {}

  static String of(Exception e) {
    return switch (e) {
      case NoSuchFileException _ -> "no such file or directory";
      case AccessDeniedException _ -> "permission denied";
      case FileAlreadyExistsException _ -> "file exists";
      case NotDirectoryException _ -> "not a directory";
      case DirectoryNotEmptyException _ -> "directory not empty";
      case FileSystemLoopException _ -> "too many levels of symbolic links";
      case UserPrincipalNotFoundException nobody ->
          "%s: there is no such user or group".formatted(nobody.getName());
      case NotLinkException _ -> "not a symbolic link";
      case FileSystemException f when f.getReason() != null -> lower(f.getReason());
      default -> {
        String message = e.getMessage();
        yield message == null || message.isEmpty() ? e.getClass().getSimpleName() : message;
      }
    };
  }

  /** What made the listing of a directory fail. */
  static IOException causeOf(DirectoryIteratorException e) {
    return Objects.requireNonNull(e.getCause());
  }

  /** The system's own words begin like a sentence. */
  private static String lower(String reason) {
    boolean sentence =
        reason.length() > 1
            && Character.isUpperCase(reason.charAt(0))
            && Character.isLowerCase(reason.charAt(1));
    return sentence
        ? reason.substring(0, 1).toLowerCase(Locale.ROOT) + reason.substring(1)
        : reason;
  }
}
