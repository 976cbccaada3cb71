package dfs.cli.verb;

import java.io.IOException;
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
