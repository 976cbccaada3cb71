package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;

/** Names that are given to something new: what had them goes when that is there, not before. */
final class Replacing {
  private static final String PREFIX = ".dfs-new-";

  private Replacing() {}

  /** Makes something under a name that nothing has yet. */
  interface Making {
    void make(Path at) throws IOException;
  }

  /**
   * Gives a file another name, which must be free.
   *
   * @throws FileAlreadyExistsException if it is not, whoever took it and however late
   */
  static void nothing(Path from, Path to) throws IOException {
    if (!to.getFileSystem().equals(FileSystems.getDefault())) {
      // The server does both in one step.
      Files.move(from, to);
      return;
    }
    // Here a rename is not told to replace nothing; a link never replaces anything.
    try {
      Files.createLink(to, from);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (UnsupportedOperationException | FileSystemException e) {
      // There are file systems that have no links.
      Files.move(from, to);
      return;
    }
    Files.delete(from);
  }

  /** Makes something at a path, in place of what is there, which is no directory. */
  static void with(Path target, Making making) throws IOException {
    if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      making.make(target);
      return;
    }
    Path beside = target.resolveSibling(PREFIX + Long.toHexString(new SecureRandom().nextLong()));
    making.make(beside);
    try {
      Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      // Two names of one file are left alone by a rename.
      Files.deleteIfExists(beside);
    }
  }
}
