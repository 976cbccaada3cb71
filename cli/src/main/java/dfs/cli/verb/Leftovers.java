package dfs.cli.verb;

import dfs.client.volume.Credentials;
import dfs.protocol.metadata.Caller;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What earlier runs left in a directory, as one listing of it shows: beginnings of files ({@link
 * PartFile}) and records of what was finished ({@link Finished}). Only files with one name, and the
 * caller's own: anybody who may write the directory can leave files here, or links to others. What
 * root copies with its owner belongs to that one just before it has its name. A file with two names
 * may be one that was being named.
 */
final class Leftovers {
  /** Begins the name of all that is left. */
  static final String PREFIX = ".dfs-part-";

  /** What is left of more files is not looked at: they are copied from the start. */
  private static final int LEFT_MAX = 4096;

  /** Where nothing was left. */
  static final Leftovers NONE = new Leftovers(List.of(), List.of(), List.of());

  private record Left(Path path, int uid) {}

  private final List<Path> own;
  private final List<Left> others;
  private final List<Path> twice;

  private Leftovers(List<Path> own, List<Left> others, List<Path> twice) {
    this.own = List.copyOf(own);
    this.others = List.copyOf(others);
    this.twice = List.copyOf(twice);
  }

  /** What was left in a directory, which is listed once. */
  static Leftovers in(Path directory) throws IOException {
    Caller caller = Credentials.ofThisProcess();
    List<Path> own = new ArrayList<>();
    List<Left> others = new ArrayList<>();
    List<Path> twice = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        Stat stat = ByteText.nameOf(entry).startsWith(PREFIX) ? file(entry) : null;
        if (stat == null || stat.links() > 2) {
          continue;
        }
        if (stat.links() == 2) {
          if (twice.size() < LEFT_MAX) {
            twice.add(entry);
          }
        } else if (stat.uid() == caller.uid()) {
          if (own.size() < LEFT_MAX) {
            own.add(entry);
          }
        } else if (caller.isRoot() && others.size() < LEFT_MAX) {
          others.add(new Left(entry, stat.uid()));
        }
      }
    } catch (DirectoryIteratorException e) {
      throw Reasons.causeOf(e);
    }
    return new Leftovers(own, others, twice);
  }

  /** What it is if it is a file that has no other name; else null. */
  static @Nullable Stat single(Path entry) throws IOException {
    Stat stat = file(entry);
    return stat != null && stat.links() == 1 ? stat : null;
  }

  private static @Nullable Stat file(Path entry) throws IOException {
    try {
      Stat stat = Stat.of(entry, false);
      return stat.isRegular() ? stat : null;
    } catch (NoSuchFileException e) {
      // Another run has ended.
      return null;
    }
  }

  /** The caller's own whose names begin so. */
  List<Path> beginning(String prefix) {
    return own.stream().filter(path -> ByteText.nameOf(path).startsWith(prefix)).toList();
  }

  /** The same, and if the caller is root those of this user. */
  List<Path> beginning(String prefix, int uid) {
    Stream<Path> theirs = others.stream().filter(left -> left.uid() == uid).map(Left::path);
    return Stream.concat(own.stream(), theirs)
        .filter(path -> ByteText.nameOf(path).startsWith(prefix))
        .toList();
  }

  /**
   * Removes the names that begin so of a file that has its own by now: who gave it that was killed
   * before it could.
   *
   * @return whether there were any
   */
  boolean dropSecondNames(String prefix, Stat file) throws IOException {
    boolean any = false;
    for (Path entry : twice) {
      Stat stat = ByteText.nameOf(entry).startsWith(prefix) ? file(entry) : null;
      if (stat != null && stat.isSame(file)) {
        any |= Files.deleteIfExists(entry);
      }
    }
    return any;
  }
}
