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
 * root copies with its owner belongs to that one just before it has its name.
 */
final class Leftovers {
  /** Begins the name of all that is left. */
  static final String PREFIX = ".dfs-part-";

  /** What is left of more files is not looked at: they are copied from the start. */
  private static final int LEFT_MAX = 4096;

  /** Where nothing was left. */
  static final Leftovers NONE = new Leftovers(List.of(), List.of());

  private record Left(Path path, int uid) {}

  private final List<Path> own;
  private final List<Left> others;

  private Leftovers(List<Path> own, List<Left> others) {
    this.own = List.copyOf(own);
    this.others = List.copyOf(others);
  }

  /** What was left in a directory, which is listed once. */
  static Leftovers in(Path directory) throws IOException {
    Caller caller = Credentials.ofThisProcess();
    List<Path> own = new ArrayList<>();
    List<Left> others = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        Stat stat = ByteText.nameOf(entry).startsWith(PREFIX) ? single(entry) : null;
        if (stat == null) {
          continue;
        }
        if (stat.uid() == caller.uid()) {
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
    return new Leftovers(own, others);
  }

  /** What it is if it is a file that has no other name; else null. */
  static @Nullable Stat single(Path entry) throws IOException {
    try {
      Stat stat = Stat.of(entry, false);
      return stat.isRegular() && stat.links() == 1 ? stat : null;
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
}
