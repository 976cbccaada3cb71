package dfs.cli.verb;

import dfs.client.nio.DfsAclView;
import dfs.client.volume.Credentials;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a copy keeps of its source with {@code -p}. */
final class Preserved {
  private static final int GROUP = 070;
  private static final String OWNING_GROUP = "group::";

  private Preserved() {}

  /**
   * Gives a file or directory the owner (root's alone), mode, attributes and times of another.
   *
   * @param follow whether a link in the place of the source means what it leads to
   * @param into whether one in the place of the copy does
   */
  static void of(Path source, Stat stat, Path target, boolean follow, boolean into)
      throws IOException {
    LinkOption[] at = SourceFile.options(into);
    attributes(source, stat, target, follow, into);
    if (isRoot()) {
      Stat made = Stat.of(target, into);
      if (made.uid() != stat.uid()) {
        Files.setAttribute(target, "unix:uid", stat.uid(), at);
      }
      if (made.gid() != stat.gid()) {
        Files.setAttribute(target, "unix:gid", stat.gid(), at);
      }
    }
    access(source, stat, target, follow, into);
    times(stat, target, at);
  }

  /**
   * Gives a file or directory the mode of another, and in a volume its access control lists.
   *
   * @param follow as in {@link #of}
   * @param into as there
   */
  static void access(Path source, Stat stat, Path target, boolean follow, boolean into)
      throws IOException {
    LinkOption[] at = SourceFile.options(into);
    Stat now = Stat.of(target, into);
    boolean same = now.uid() == stat.uid() && now.gid() == stat.gid();
    // A program that runs as its owner is not to run as another one.
    int mode = stat.permissions() & (same ? 07777 : 01777);
    DfsAclView from =
        Files.getFileAttributeView(source, DfsAclView.class, SourceFile.options(follow));
    DfsAclView to = Files.getFileAttributeView(target, DfsAclView.class, at);
    if (from != null && to != null) {
      to.setAcl(from.acl());
      if (stat.isDirectory()) {
        to.setDefaultAcl(from.defaultAcl());
      }
    } else if (from != null) {
      mode &= ~GROUP | groupBits(from.acl());
    }
    Files.setAttribute(target, "unix:mode", mode, at);
  }

  /** With a list the mode shows what any named one may do in place of what the group may. */
  private static int groupBits(String acl) {
    String group =
        acl.lines().filter(line -> line.startsWith(OWNING_GROUP)).findFirst().orElse(OWNING_GROUP);
    String may = group.substring(OWNING_GROUP.length());
    return (may.contains("r") ? 040 : 0)
        | (may.contains("w") ? 020 : 0)
        | (may.contains("x") ? 010 : 0);
  }

  /** Gives a link the owner and times of another. */
  static void ofLink(Stat stat, Path target) throws IOException {
    if (isRoot()) {
      Files.setAttribute(target, "unix:uid", stat.uid(), LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(target, "unix:gid", stat.gid(), LinkOption.NOFOLLOW_LINKS);
    }
    times(stat, target, SourceFile.options(false));
  }

  private static void times(Stat stat, Path target, LinkOption[] at) throws IOException {
    Files.getFileAttributeView(target, BasicFileAttributeView.class, at)
        .setTimes(stat.modified(), stat.accessed(), null);
  }

  private static void attributes(Path source, Stat stat, Path target, boolean follow, boolean into)
      throws IOException {
    if (!follow && !Stat.of(source, false).isSame(stat)) {
      throw new RefusedException("is another file by now");
    }
    UserDefinedFileAttributeView from = view(source, follow);
    UserDefinedFileAttributeView to = view(target, into);
    List<String> names = from == null ? List.of() : from.list();
    if (names.isEmpty()) {
      return;
    }
    if (from == null || to == null) {
      throw new RefusedException("there are no extended attributes where it is copied to");
    }
    for (String name : names) {
      ByteBuffer value = ByteBuffer.allocate(from.size(name));
      from.read(name, value);
      to.write(name, value.flip());
    }
  }

  private static @Nullable UserDefinedFileAttributeView view(Path path, boolean follow)
      throws IOException {
    return Files.getFileStore(path).supportsFileAttributeView(UserDefinedFileAttributeView.class)
        ? Files.getFileAttributeView(
            path, UserDefinedFileAttributeView.class, SourceFile.options(follow))
        : null;
  }

  private static boolean isRoot() throws IOException {
    return Credentials.ofThisProcess().isRoot();
  }
}
