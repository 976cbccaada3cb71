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
   * Opens what was met.
   *
   * @param follow whether a link means what it leads to, now as well as then: then another file may
   *     lie there by now
   * @throws RefusedException if something else lies there
   */
  static SourceFile open(Path path, Stat met, boolean follow) throws IOException {
    if (path.getFileSystem().equals(FileSystems.getDefault())) {
      // Nowhere else does opening wait for anybody.
      check(Stat.of(path, follow), met, follow);
    }
    FileChannel channel = channel(path, follow);
    try {
      Stat now = Stat.of(path, follow);
      check(now, met, follow);
      return new SourceFile(path, follow, channel, now);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
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
    if (!now.isSame(stat)
        || now.sizeBytes() != stat.sizeBytes()
        || !now.modified().equals(stat.modified())) {
      throw new RefusedException("has changed while it was copied");
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
