package dfs.cli.verb;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file that is copied, opened some time after it was met: whoever may write its directory can
 * have put something else under its name, a link to what only the caller may read, or a fifo, whose
 * opening waits for ever.
 */
final class SourceFile implements AutoCloseable {
  /** What is replaced so often while it is opened is not read. */
  private static final int OPENINGS_MAX = 10;

  private static final LinkOption[] FOLLOW = {};
  private static final LinkOption[] ITSELF = {LinkOption.NOFOLLOW_LINKS};

  private final Path path;
  private final boolean follow;
  private final FileChannel channel;
  private final Stat stat;

  private SourceFile(Path path, boolean follow, FileChannel channel, Stat stat) {
    this.path = path;
    this.follow = follow;
    this.channel = channel;
    this.stat = stat;
  }

  /**
   * Opens what was met. What it is is looked at before and after: what is read is that file, and
   * not one that had its name only just. (Its number alone may be another file's by then.)
   *
   * @param follow whether a link means what it leads to, now as well as then: then another file may
   *     lie there by now
   * @throws RefusedException if something else lies there
   */
  static SourceFile open(Path path, Stat met, boolean follow) throws IOException {
    Stat before = met;
    for (int i = 0; i < OPENINGS_MAX; i++) {
      if (path.getFileSystem().equals(FileSystems.getDefault())) {
        // Nowhere else does opening wait for anybody.
        before = Stat.of(path, follow);
        check(before, met, follow);
      }
      FileChannel channel = channel(path, follow);
      boolean same = false;
      try {
        Stat now = Stat.of(path, follow);
        check(now, met, follow);
        same =
            now.isSame(before)
                && isUnchanged(before, now)
                && before.changed().equals(now.changed());
        if (same) {
          return new SourceFile(path, follow, channel, now);
        }
        before = now;
      } finally {
        if (!same) {
          channel.close();
        }
      }
    }
    throw new RefusedException("has changed by now, whenever it is looked at");
  }

  private static FileChannel channel(Path path, boolean follow) throws IOException {
    return follow
        ? FileChannel.open(path, StandardOpenOption.READ)
        : FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
  }

  private static void check(Stat now, Stat met, boolean follow) throws RefusedException {
    if (!now.isRegular()) {
      throw new RefusedException("is a " + now.type() + " by now");
    }
    if (!follow && !now.isSame(met)) {
      throw new RefusedException("is another file by now");
    }
  }

  /** How paths are looked at that are followed, or not. */
  static LinkOption[] options(boolean follow) {
    return follow ? FOLLOW.clone() : ITSELF.clone();
  }

  Path path() {
    return path;
  }

  FileChannel channel() {
    return channel;
  }

  /** What it was when it was opened. */
  Stat stat() {
    return stat;
  }

  /**
   * Says that what was read is what it was when it was opened: all of one version.
   *
   * @throws RefusedException if it may be of two
   */
  void checkUnchanged() throws IOException {
    Stat now = Stat.of(path, follow);
    if (!now.isSame(stat) || !isUnchanged(stat, now)) {
      throw new RefusedException("has changed while it was copied");
    }
  }

  private static boolean isUnchanged(Stat before, Stat now) {
    return now.sizeBytes() == before.sizeBytes() && now.modified().equals(before.modified());
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
