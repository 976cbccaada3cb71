package dfs.cli.verb;

import dfs.client.volume.Credentials;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What earlier runs left in a directory, as one listing of it shows: beginnings of files ({@link
 * PartFile}) and records of what was finished ({@link Finished}). Only the caller's own: anybody
 * who may write the directory can leave files here, or links to others.
 */
final class Leftovers {
  /** Begins the name of all that is left. */
  static final String PREFIX = ".dfs-part-";

  /** What is left of more files is not looked at: they are copied from the start. */
  private static final int LEFT_MAX = 4096;

  /** Where nothing was left. */
  static final Leftovers NONE = new Leftovers(List.of());

  private final List<Path> left;

  private Leftovers(List<Path> left) {
    this.left = List.copyOf(left);
  }

  /** What was left in a directory, which is listed once. */
  static Leftovers in(Path directory) throws IOException {
    List<Path> left = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (ByteText.nameOf(entry).startsWith(PREFIX) && left.size() < LEFT_MAX && isOurs(entry)) {
          left.add(entry);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw Reasons.causeOf(e);
    }
    return new Leftovers(left);
  }

  /** Whether it is a file of the caller's that has no other name. */
  static boolean isOurs(Path entry) throws IOException {
    try {
      Stat stat = Stat.of(entry, false);
      return stat.isRegular()
          && stat.links() == 1
          && stat.uid() == Credentials.ofThisProcess().uid();
    } catch (NoSuchFileException e) {
      // Another run has ended.
      return false;
    }
  }

  /** Those whose names begin so. */
  List<Path> beginning(String prefix) {
    return left.stream().filter(path -> ByteText.nameOf(path).startsWith(prefix)).toList();
  }
}
