package dfs.system;

import dfs.acl.Acl;
import dfs.acl.AclEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Random changes of a tree on a mount, as programs make them. Each is durable when it returns: what
 * was written is flushed. Names are few, so that they are taken again and again.
 */
final class TreeChanges {
  private static final String[] NAMES = {"a", "b", "c d", "e", "f", "g"};
  private static final int FILES_MAX = 40;
  private static final int PIECES = 1100;
  private static final int PIECE_BYTES = 100;
  private static final int GAP_BYTES = 4900;
  private static final int SMALL_BYTES = 4_000;
  private static final int LARGE_BYTES = 300_000;
  private static final int[] OWNERS = {0, 4711, 4712};

  /** Of more extents than one answer has; only its bytes, modes and times change. */
  static final String SCATTERED = "scattered";

  private final Path tree;
  private final Random random;

  TreeChanges(Path tree, long seed) {
    this.tree = tree;
    this.random = new Random(seed);
  }

  /** The first state. */
  void begin() throws Exception {
    Files.createDirectories(tree.resolve("a"));
    Files.createDirectories(tree.resolve("b/c d"));
    try (FileChannel file = open(tree.resolve(SCATTERED), StandardOpenOption.CREATE)) {
      for (int i = 0; i < PIECES; i++) {
        put(file, (long) i * (PIECE_BYTES + GAP_BYTES), PIECE_BYTES);
      }
      file.force(true);
    }
    write(tree.resolve("a/b"), SMALL_BYTES);
    write(tree.resolve("b/e"), LARGE_BYTES);
    Files.createLink(tree.resolve("b/c d/f"), tree.resolve("a/b"));
  }

  /** What it did, in words. */
  String step() throws Exception {
    while (true) {
      String done = tried();
      if (!done.isEmpty()) {
        return done;
      }
    }
  }

  /** Empty if this one cannot be done now. */
  private String tried() throws Exception {
    return switch (random.nextInt(20)) {
      case 0, 1 -> create();
      case 2, 3 -> writeInside();
      case 4 -> append();
      case 5 -> truncate();
      case 6, 7, 8 -> rename();
      case 9 -> renameDirectory();
      case 10, 11 -> remove();
      case 12 -> link();
      case 13 -> mode();
      case 14 -> accessAcl();
      case 15 -> xattr();
      case 16 -> time();
      case 17 -> symlink();
      case 18 -> directory();
      default -> random.nextBoolean() ? owner() : scatter();
    };
  }

  private List<Path> all() throws IOException {
    try (Stream<Path> walk = Files.walk(tree)) {
      return new ArrayList<>(walk.skip(1).sorted().toList());
    }
  }

  private Path anyOf(List<Path> paths) {
    return paths.get(random.nextInt(paths.size()));
  }

  private Path anyDirectory() throws IOException {
    List<Path> directories = all();
    directories.removeIf(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS));
    directories.add(tree);
    return anyOf(directories);
  }

  /** Any file, the scattered one now and then. */
  private Path anyFile() throws IOException {
    List<Path> files = all();
    files.removeIf(path -> !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS));
    return anyOf(files);
  }

  private Path anyName() throws IOException {
    return anyDirectory().resolve(NAMES[random.nextInt(NAMES.length)]);
  }

  private static boolean isThere(Path path) {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  private boolean isScattered(Path path) {
    return path.equals(tree.resolve(SCATTERED));
  }

  private String told(String what, Path... paths) {
    return what + " " + Stream.of(paths).map(tree::relativize).toList();
  }

  private static FileChannel open(Path path, StandardOpenOption... more) throws IOException {
    Set<StandardOpenOption> options =
        new java.util.HashSet<>(Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
    options.addAll(List.of(more));
    return FileChannel.open(path, options);
  }

  private void put(FileChannel file, long at, int length) throws IOException {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      file.write(buffer, at + buffer.position());
    }
  }

  private void write(Path path, int length) throws IOException {
    try (FileChannel file =
        open(path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING)) {
      put(file, 0, length);
      file.force(true);
    }
  }

  private int anyLength() {
    return random.nextInt(random.nextBoolean() ? SMALL_BYTES : LARGE_BYTES);
  }

  /** Makes a file, or writes one anew. */
  private String create() throws IOException {
    Path path = anyName();
    if (isThere(path)
        ? !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
        : all().size() > FILES_MAX) {
      return "";
    }
    write(path, anyLength());
    return told("write all of", path);
  }

  private String writeInside() throws IOException {
    Path path = anyFile();
    try (FileChannel file = open(path)) {
      put(file, random.nextLong(file.size() + 1), 1 + anyLength() / 10);
      file.force(true);
    }
    return told("write into", path);
  }

  private String append() throws IOException {
    Path path = anyFile();
    byte[] bytes = new byte[1 + random.nextInt(2 * SMALL_BYTES)];
    random.nextBytes(bytes);
    try (FileChannel file =
        FileChannel.open(path, StandardOpenOption.APPEND, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(bytes));
      file.force(true);
    }
    return told("append to", path);
  }

  private String truncate() throws Exception {
    Path path = anyFile();
    if (isScattered(path)) {
      return "";
    }
    Shell.run(tree, "truncate -s %d '%s'; sync '%s'".formatted(anyLength(), path, path));
    return told("truncate", path);
  }

  /** Other names of the same file are left as they are: rename(2) does nothing then. */
  private String rename() throws IOException {
    Path from = anyFile();
    Path to = anyName();
    if (isScattered(from) || Files.isDirectory(to, LinkOption.NOFOLLOW_LINKS)) {
      return "";
    }
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    return told("rename", from, to);
  }

  private String renameDirectory() throws IOException {
    Path from = anyDirectory();
    Path to = anyName();
    if (from.equals(tree) || to.startsWith(from) || isThere(to)) {
      return "";
    }
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    return told("rename directory", from, to);
  }

  private String remove() throws Exception {
    Path path = anyOf(all());
    boolean isTree = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
    if (isScattered(path) || (isTree && random.nextInt(3) != 0)) {
      return "";
    }
    Shell.run(tree, "rm -r '%s'".formatted(path));
    return told("remove", path);
  }

  private String link() throws IOException {
    Path from = anyFile();
    Path to = anyName();
    if (isScattered(from) || isThere(to)) {
      return "";
    }
    Files.createLink(to, from);
    return told("link", from, to);
  }

  private String mode() throws Exception {
    Path path = anyOf(all());
    if (Files.isSymbolicLink(path)) {
      return "";
    }
    Shell.run(tree, "chmod %o '%s'".formatted(random.nextInt(01000) | 0400, path));
    return told("chmod", path);
  }

  private String accessAcl() throws Exception {
    Path path = anyOf(all());
    if (Files.isSymbolicLink(path)) {
      return "";
    }
    boolean isDefault = Files.isDirectory(path) && random.nextBoolean();
    Acl acl =
        new Acl(
            List.of(
                new AclEntry(AclEntry.Tag.USER_OBJ, 7, AclEntry.NO_ID),
                new AclEntry(AclEntry.Tag.USER, random.nextInt(8), 4711),
                new AclEntry(AclEntry.Tag.GROUP_OBJ, random.nextInt(8), AclEntry.NO_ID),
                new AclEntry(AclEntry.Tag.GROUP, random.nextInt(8), 4712),
                new AclEntry(AclEntry.Tag.MASK, random.nextInt(8), AclEntry.NO_ID),
                new AclEntry(AclEntry.Tag.OTHER, random.nextInt(8), AclEntry.NO_ID)));
    String name = isDefault ? "default" : "access";
    Shell.run(
        tree,
        "python3 -c \"import os; os.setxattr('%s', 'system.posix_acl_%s', bytes.fromhex('%s'))\""
            .formatted(path, name, HexFormat.of().formatHex(acl.format())));
    return told("set ACL " + name, path);
  }

  private String xattr() throws IOException {
    Path path = anyOf(all());
    if (Files.isSymbolicLink(path)) {
      return "";
    }
    UserDefinedFileAttributeView view =
        Files.getFileAttributeView(path, UserDefinedFileAttributeView.class);
    List<String> names = view.list();
    if (!names.isEmpty() && random.nextInt(3) == 0) {
      view.delete(names.getFirst());
      return told("remove attribute", path);
    }
    byte[] value = new byte[random.nextInt(40)];
    random.nextBytes(value);
    view.write("kind" + random.nextInt(3), ByteBuffer.wrap(value));
    return told("set attribute", path);
  }

  private String time() throws IOException {
    Path path = anyOf(all());
    if (Files.isSymbolicLink(path)) {
      return "";
    }
    Files.setLastModifiedTime(path, FileTime.fromMillis(random.nextLong(1_700_000_000_000L)));
    return told("set time", path);
  }

  private String symlink() throws IOException {
    Path path = anyName();
    if (isThere(path) || all().size() > FILES_MAX) {
      return "";
    }
    Files.createSymbolicLink(path, Path.of("to-" + random.nextInt(1000)));
    return told("symlink", path);
  }

  private String directory() throws IOException {
    Path path = anyName();
    if (isThere(path) || all().size() > FILES_MAX) {
      return "";
    }
    Files.createDirectory(path);
    return told("mkdir", path);
  }

  private String owner() throws Exception {
    Path path = anyOf(all());
    int uid = OWNERS[random.nextInt(OWNERS.length)];
    int gid = OWNERS[random.nextInt(OWNERS.length)];
    Shell.run(tree, "chown -h %d:%d '%s'".formatted(uid, gid, path));
    return told("chown", path);
  }

  /** Many small writes at once. */
  private String scatter() throws IOException {
    Path path = tree.resolve(SCATTERED);
    try (FileChannel file = open(path)) {
      for (int i = 0; i < 20; i++) {
        put(file, random.nextLong(file.size()), 1 + random.nextInt(3 * GAP_BYTES));
      }
      file.force(true);
    }
    return told("scatter over", path);
  }
}
