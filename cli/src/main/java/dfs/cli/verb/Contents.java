package dfs.cli.verb;

import dfs.client.nio.DfsAclView;
import dfs.client.nio.DfsPastView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** In what two files of one type are different. */
final class Contents {
  private static final int BUFFER_BYTES = 1 << 16;

  private Contents() {}

  /** Words as {@code dfs history} has them; contents are read where nothing else tells. */
  static List<String> differences(Place old, Stat then, Place now, Stat stat) throws IOException {
    if (isOneState(old.path(), now.path())) {
      return List.of();
    }
    List<String> words = new ArrayList<>();
    if (isOtherContent(old.path(), then, now.path(), stat)) {
      words.add("content");
    }
    if (then.permissions() != stat.permissions()) {
      words.add("mode");
    }
    if (then.uid() != stat.uid() || then.gid() != stat.gid()) {
      words.add("owner");
    }
    if (!then.isLink() && !acls(old.path()).equals(acls(now.path()))) {
      words.add("acl");
    }
    if ((then.isRegular() || then.isDirectory())
        && !xattrs(old.path()).equals(xattrs(now.path()))) {
      words.add("xattr");
    }
    // That of a directory follows its entries, which are looked at one by one.
    if (!then.isDirectory() && !then.modified().equals(stat.modified())) {
      words.add("time");
    }
    return words;
  }

  private static boolean isOneState(Path old, Path now) throws IOException {
    DfsPastView then = view(old);
    DfsPastView present = view(now);
    return then != null && present != null && then.stamp().equals(present.stamp());
  }

  private static @Nullable DfsPastView view(Path path) {
    return Files.getFileAttributeView(path, DfsPastView.class, LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean isOtherContent(Path old, Stat then, Path now, Stat stat)
      throws IOException {
    if (then.isDirectory()) {
      return false;
    }
    if (then.sizeBytes() != stat.sizeBytes() || then.rdev() != stat.rdev()) {
      return true;
    }
    if (then.isLink()) {
      return !Entries.target(old).equals(Entries.target(now));
    }
    if (!then.isRegular()) {
      return false;
    }
    try (SourceFile before = SourceFile.open(old, then, false);
        SourceFile present = SourceFile.open(now, stat, false)) {
      return !isSame(before.channel(), present.channel());
    }
  }

  /** Whether two files hold the same from here on; both are read. */
  static boolean isSame(FileChannel old, FileChannel now) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(BUFFER_BYTES);
    ByteBuffer other = ByteBuffer.allocate(BUFFER_BYTES);
    while (true) {
      fill(old, one);
      fill(now, other);
      if (!one.equals(other)) {
        return false;
      }
      if (!one.hasRemaining()) {
        return true;
      }
    }
  }

  /** Reads as much as there is room for, or as there is. */
  private static void fill(FileChannel in, ByteBuffer buffer) throws IOException {
    buffer.clear();
    while (buffer.hasRemaining() && in.read(buffer) >= 0) {
      // until it is full
    }
    buffer.flip();
  }

  private static String acls(Path path) throws IOException {
    DfsAclView view = Files.getFileAttributeView(path, DfsAclView.class, LinkOption.NOFOLLOW_LINKS);
    // Without named users and groups it says what the mode does, which is looked at already.
    return view == null ? "" : named(view.acl()) + "\n" + view.defaultAcl();
  }

  /** With a mask the mode shows that in place of what the group may do. */
  private static String named(String acl) {
    boolean masked = acl.contains("mask::");
    return String.join(
        "\n",
        acl.lines()
            .filter(
                line ->
                    !line.contains("::")
                        || line.startsWith("mask")
                        || (masked && line.startsWith("group")))
            .toList());
  }

  private static Map<String, ByteBuffer> xattrs(Path path) throws IOException {
    Map<String, ByteBuffer> found = new TreeMap<>();
    UserDefinedFileAttributeView view =
        Files.getFileAttributeView(
            path, UserDefinedFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    if (view == null) {
      return found;
    }
    for (String name : view.list()) {
      ByteBuffer value = ByteBuffer.allocate(view.size(name));
      view.read(name, value);
      found.put(name, value.flip());
    }
    return found;
  }
}
