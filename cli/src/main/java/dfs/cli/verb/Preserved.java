package dfs.cli.verb;

import dfs.client.nio.DfsAclView;
import dfs.client.volume.Credentials;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a copy keeps of its source with {@code -p}. */
final class Preserved {
  private static final int OWNER = 0700;
  private static final int GROUP = 070;
  private static final int OTHERS = 07;
  private static final int MODE = 07777;

  /** A program that runs as its owner is not to run as another one. */
  private static final int SET_IDS = 06000;

  private static final String OWNING_GROUP = "group::";
  private static final String MASK = "mask::";

  private Preserved() {}

  /**
   * What is kept.
   *
   * @param follow whether a link means what it leads to
   */
  record From(Path path, Stat stat, boolean follow) {}

  /**
   * Whose it is to be.
   *
   * @param now what it is, looked at just now
   * @param follow whether a link means what it leads to
   * @param listed whether the directory that it was made in gave it an access control list
   */
  record To(Path path, Stat now, boolean follow, boolean listed) {
    private LinkOption[] at() {
      return SourceFile.options(follow);
    }
  }

  /**
   * Gives a file or directory the owner (root's alone), group (if the caller may), mode, attributes
   * and times of another.
   */
  static void of(From from, To to) throws IOException {
    attributes(from, to);
    access(from, to, true);
    Files.getFileAttributeView(to.path, BasicFileAttributeView.class, to.at())
        .setTimes(from.stat.modified(), from.stat.accessed(), null);
  }

  /**
   * Gives a file the owner (root's alone), group (if the caller may) and mode of another that it
   * replaces, and in a volume its access control list. The contents are the caller's: they do not
   * run as somebody else.
   */
  static void access(From from, To to) throws IOException {
    access(from, to, false);
  }

  private static void access(From from, To to, boolean contents) throws IOException {
    boolean must = contents && isRoot();
    boolean same = to.now.uid() == from.stat.uid() && to.now.gid() == from.stat.gid();
    boolean user =
        to.now.uid() == from.stat.uid()
            || (isRoot() && isGiven("unix:uid", from.stat.uid(), to, must));
    boolean group =
        to.now.gid() == from.stat.gid() || isGiven("unix:gid", from.stat.gid(), to, must);
    boolean runs = same || (contents && user && group);
    int mode = from.stat.permissions() & (runs ? MODE : MODE & ~SET_IDS);
    DfsAclView list =
        Files.getFileAttributeView(from.path, DfsAclView.class, SourceFile.options(from.follow));
    DfsAclView made = Files.getFileAttributeView(to.path, DfsAclView.class, to.at());
    String acl = list == null ? "" : list.acl();
    if (list != null && made == null) {
      mode = withoutList(mode, acl);
    }
    if (!group && !(made != null && acl.contains(MASK))) {
      mode = ofOtherGroup(mode);
    }
    if (list != null && made != null) {
      made.setAcl(group ? acl : ofOtherGroup(acl));
      if (from.stat.isDirectory()) {
        made.setDefaultAcl(list.defaultAcl());
      }
    } else if (made != null && to.listed) {
      made.setAcl(list(mode));
      if (from.stat.isDirectory()) {
        made.setDefaultAcl("");
      }
    }
    Files.setAttribute(to.path, "unix:mode", mode, to.at());
  }

  /** Gives it to a user or group; whether the caller may do that, and the file system does it. */
  private static boolean isGiven(String to, int id, To file, boolean must) throws IOException {
    try {
      Files.setAttribute(file.path, to, id, file.at());
      return true;
    } catch (FileSystemException e) {
      if (must) {
        throw e;
      }
      return false;
    }
  }

  /** Another group has no more of it than everybody. */
  private static int ofOtherGroup(int mode) {
    return mode & (~GROUP | ((mode & OTHERS) << 3));
  }

  private static String ofOtherGroup(String acl) {
    int others = bits(acl, "other::");
    return acl.lines()
        .map(
            line -> line.startsWith(OWNING_GROUP) ? OWNING_GROUP + text(bits(line) & others) : line)
        .collect(Collectors.joining("\n"));
  }

  /** The list that says what a mode does. */
  private static String list(int mode) {
    return "user::%s\ngroup::%s\nother::%s\n"
        .formatted(text((mode & OWNER) >> 6), text((mode & GROUP) >> 3), text(mode & OTHERS));
  }

  /**
   * The mode of what has no list, and lets in nobody whom the list kept out. With one it shows for
   * the group what any named one may do. Who is named is one of the group then, or of the others.
   *
   * @param acl lines as {@link DfsAclView} has them
   */
  static int withoutList(int mode, String acl) {
    int mask = acl.contains(MASK) ? bits(acl, MASK) : OTHERS;
    int group = bits(acl, OWNING_GROUP) & mask;
    int others = OTHERS;
    for (String line : acl.lines().toList()) {
      boolean user = line.startsWith("user:") && !line.startsWith("user::");
      boolean named = user || (line.startsWith("group:") && !line.startsWith(OWNING_GROUP));
      if (named) {
        int may = bits(line) & mask;
        others &= may;
        // Who is in a named group and in the owning one had what either gives.
        group &= user ? may : OTHERS;
      }
    }
    return mode & ((MODE & ~GROUP & ~OTHERS) | (group << 3) | others);
  }

  private static int bits(String acl, String begins) {
    return acl.lines()
        .filter(line -> line.startsWith(begins))
        .findFirst()
        .map(Preserved::bits)
        .orElse(0);
  }

  /** Of one entry, {@code TAG:NAME:rwx}. */
  private static int bits(String line) {
    String may = line.substring(line.lastIndexOf(':') + 1);
    return (may.contains("r") ? 4 : 0) | (may.contains("w") ? 2 : 0) | (may.contains("x") ? 1 : 0);
  }

  private static String text(int bits) {
    return ((bits & 4) != 0 ? "r" : "-")
        + ((bits & 2) != 0 ? "w" : "-")
        + ((bits & 1) != 0 ? "x" : "-");
  }

  /**
   * Whether a copy that was made earlier has what is kept of its source, as far as stat(2) tells.
   */
  static boolean isKept(Stat stat, Stat copy) throws IOException {
    boolean same = copy.uid() == stat.uid() && copy.gid() == stat.gid();
    int mode = stat.permissions() & (same ? MODE : MODE & ~SET_IDS);
    return copy.modified().equals(stat.modified())
        && (same || !isRoot())
        && (copy.permissions() == mode || (!same && copy.permissions() == ofOtherGroup(mode)));
  }

  /** Gives a link the owner and times of another. */
  static void ofLink(Stat stat, Path target) throws IOException {
    if (isRoot()) {
      Files.setAttribute(target, "unix:uid", stat.uid(), LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(target, "unix:gid", stat.gid(), LinkOption.NOFOLLOW_LINKS);
    }
    Files.getFileAttributeView(target, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .setTimes(stat.modified(), stat.accessed(), null);
  }

  private static void attributes(From from, To to) throws IOException {
    if (!from.follow && !Stat.of(from.path, false).isSame(from.stat)) {
      throw new RefusedException("is another file by now");
    }
    UserDefinedFileAttributeView given = view(from.path, from.follow);
    List<String> names = given == null ? List.of() : given.list();
    if (given == null || names.isEmpty()) {
      return;
    }
    UserDefinedFileAttributeView made = view(to.path, to.follow);
    if (made == null) {
      throw new RefusedException("there are no extended attributes where it is copied to");
    }
    for (String name : names) {
      ByteBuffer value = ByteBuffer.allocate(given.size(name));
      given.read(name, value);
      made.write(name, value.flip());
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
