package dfs.cli.verb;

import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/**
 * The words of Hadoop's shell.
 *
 * @param verb without its dash
 */
record DashManners(String verb) implements Manners {
  private static final String IS_DIRECTORY = "is a directory";

  @Override
  public String prefix() {
    return verb + ": ";
  }

  @Override
  public String failure(String said, Exception e) {
    return "`" + said + "': " + reason(e);
  }

  private static String reason(Exception e) {
    return switch (e) {
      case NoSuchFileException _ -> "No such file or directory";
      case AccessDeniedException _ -> "Permission denied";
      case FileAlreadyExistsException _ -> "File exists";
      case NotDirectoryException _ -> "Is not a directory";
      case DirectoryNotEmptyException _ -> "Directory is not empty";
      default -> {
        String usual = Reasons.of(e);
        if (usual.equals(FileCopy.EXISTS)) {
          yield "File exists";
        }
        yield usual.startsWith(IS_DIRECTORY)
            ? "Is a directory"
            : Character.toUpperCase(usual.charAt(0)) + usual.substring(1);
      }
    };
  }

  @Override
  public String home() {
    return "user/" + System.getProperty("user.name") + "/";
  }
}
