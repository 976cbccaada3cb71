package dfs.cli.command;

import dfs.client.path.PathRefusedException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** What a person reads of an exception: {@code PATH: reason}. */
final class Reasons {
  private Reasons() {}

  /** Whether it is one that a command can meet in good order; others are faults of ours. */
  static boolean isExpected(Throwable e) {
    return e instanceof IOException || e instanceof FailedException;
  }

  static String of(Throwable e) {
    return switch (e) {
      case PathRefusedException refused -> refused.path() + ": " + refused.getMessage();
      case NoSuchFileException f -> f.getFile() + ": no such file or directory";
      case AccessDeniedException f -> f.getFile() + ": permission denied";
      case FileAlreadyExistsException f -> f.getFile() + ": file exists";
      case NotDirectoryException f -> f.getFile() + ": not a directory";
      case DirectoryNotEmptyException f -> f.getFile() + ": directory not empty";
      case FileSystemException f ->
          f.getReason() == null
              ? String.valueOf(f.getMessage())
              : f.getFile() + ": " + f.getReason();
      default -> {
        String message = e.getMessage();
        yield message == null || message.isEmpty() ? e.getClass().getSimpleName() : message;
      }
    };
  }
}
