package dfs.system;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What can be known of a tree, a line for each name: path; type and mode; owners; size; mtime;
 * target or digest of the contents; the first name of a file with several, and how many; extended
 * attributes of users; ACL; default ACL; ctime. Access times, inode numbers, and sizes and links of
 * directories are left out: reading sets the first, the past has numbers of its own, and other file
 * systems count the last as they like.
 */
final class TreeDigest {
  /** The same by the calls of the system, as any program on a mount makes them. */
  private static final String BY_CALLS =
      """
      import hashlib, os, stat, struct, sys

      def letters(bits):
          return ''.join(c if bits & b else '-' for c, b in (('r', 4), ('w', 2), ('x', 1)))

      def acl(path, name):
          try:
              value = os.getxattr(path, 'system.posix_acl_' + name)
          except OSError as e:
              if e.errno == 61:
                  return ''
              raise
          entries = []
          for tag, bits, ident in struct.iter_unpack('<HHI', value[4:]):
              who = {1: 'user:', 2: 'user:%d' % ident, 4: 'group:', 8: 'group:%d' % ident,
                     16: 'mask:', 32: 'other:'}[tag]
              entries.append(who + ':' + letters(bits))
          return ','.join(entries)

      def of_mode(mode):
          return 'user::%s,group::%s,other::%s' % tuple(letters(mode >> s & 7) for s in (6, 3, 0))

      def contents(path):
          digest = hashlib.sha256()
          at = 0
          with open(path, 'rb', buffering=0) as f:
              while chunk := os.pread(f.fileno(), window, at):
                  digest.update(chunk)
                  at += 1 << 20
          return digest.hexdigest()

      def line(root, path, firsts):
          s = os.lstat(path)
          name = path[len(root):]
          link = stat.S_ISLNK(s.st_mode)
          folder = stat.S_ISDIR(s.st_mode)
          what = os.readlink(path) if link else contents(path) if stat.S_ISREG(s.st_mode) else ''
          same = '' if folder or s.st_nlink < 2 else '%s*%d' % (
              firsts.setdefault(s.st_ino, name), s.st_nlink)
          xattrs = '' if link else ','.join(
              '%s=%s' % (n[5:], os.getxattr(path, n).hex())
              for n in sorted(os.listxattr(path)) if n.startswith('user.'))
          print(name, '%o' % s.st_mode, '%d:%d' % (s.st_uid, s.st_gid),
                '' if folder else s.st_size, s.st_mtime_ns, what, same, xattrs,
                '' if link else acl(path, 'access') or of_mode(s.st_mode),
                acl(path, 'default') if folder else '', s.st_ctime_ns, sep='|')

      window = int(sys.argv[1])
      for root in sys.argv[2:]:
          print('==')
          paths = [root]
          for folder, folders, files in os.walk(root):
              paths += [os.path.join(folder, n) for n in folders + files]
          firsts = {}
          for path in sorted(paths):
              line(root, path, firsts)
      """;

  private static final String HEAD = "==";

  /** So much of each MiB is read: a file in a thousand pieces is slow to read, and often read. */
  private static final int WINDOW_BYTES = Boolean.getBoolean("dfs.long") ? 1 << 20 : 1 << 16;

  private static final int TREES_PER_CALL = 50;

  /** Which part of a line has the ACL. */
  private static final int ACL = 8;

  private static final int MODE = 1;
  private static final Pattern ENTRY = Pattern.compile("(user|group):([0-9]*):([-rwx]{3})");

  private final Path script;

  TreeDigest(Path scratch) throws IOException {
    script = Files.writeString(scratch.resolve("digest.py"), BY_CALLS);
  }

  /** Of each tree, by the calls of the system. */
  List<List<String>> ofAll(List<Path> trees) throws Exception {
    List<List<String>> all = new ArrayList<>();
    for (int i = 0; i < trees.size(); i += TREES_PER_CALL) {
      StringBuilder line = new StringBuilder("python3 " + script + " " + WINDOW_BYTES);
      trees
          .subList(i, Math.min(trees.size(), i + TREES_PER_CALL))
          .forEach(tree -> line.append(" '").append(tree).append('\''));
      for (String said : Shell.run(Path.of("/"), line.toString()).split("\n", -1)) {
        if (said.equals(HEAD)) {
          all.add(new ArrayList<>());
        } else {
          all.getLast().add(said);
        }
      }
    }
    return all;
  }

  List<String> of(Path tree) throws Exception {
    return ofAll(List.of(tree)).getFirst();
  }

  /**
   * Without what a copy on another file system cannot have: ACLs, of which Java knows nothing
   * there, ctime, and mtime of links, which Java does not set. The group may do what the ACL let it
   * do, and not what the mode showed for it, and nobody what the ACL denied a named one.
   */
  static List<String> copied(List<String> lines) {
    return lines.stream()
        .map(TreeDigest::withoutMask)
        .map(line -> line.replaceFirst("\\|[^|]*\\|[^|]*\\|[0-9]+$", ""))
        .map(line -> line.replaceFirst("^([^|]*\\|12[0-9]{4}\\|[^|]*\\|[^|]*)\\|[0-9]+", "$1|"))
        .toList();
  }

  private static String withoutMask(String line) {
    String[] parts = line.split("\\|", -1);
    if (!parts[ACL].contains("mask:")) {
      return line;
    }
    int mode = Integer.parseInt(parts[MODE], 8);
    // With a list the bits of the group are its mask.
    int mask = (mode >> 3) & 7;
    int closed = 0;
    Matcher entry = ENTRY.matcher(parts[ACL]);
    while (entry.find()) {
      int may = bits(entry.group(3)) & mask;
      boolean named = !entry.group(2).isEmpty();
      boolean user = entry.group(1).equals("user");
      if (named) {
        // One of the others now, or, if it is a user, one of the group.
        closed |= ~may & 7;
      }
      if (named == user) {
        closed |= (~may & 7) << 3;
      }
    }
    parts[MODE] = Integer.toOctalString(mode & ~closed);
    return String.join("|", parts);
  }

  private static int bits(String may) {
    return (may.charAt(0) == 'r' ? 4 : 0)
        | (may.charAt(1) == 'w' ? 2 : 0)
        | (may.charAt(2) == 'x' ? 1 : 0);
  }

  /** Each path that has named users in its ACL, with the entries of it, as getfacl writes them. */
  static Map<String, List<String>> acls(List<String> lines) {
    Map<String, List<String>> acls = new TreeMap<>();
    for (String line : lines) {
      List<String> parts = List.of(line.split("\\|", -1));
      String acl = parts.get(ACL);
      if (acl.contains("mask:")) {
        acls.put(parts.getFirst(), List.of(acl.split(",", -1)));
      }
    }
    return acls;
  }

  /** By {@code java.nio.file}, of a provider that knows POSIX.1e ACLs. */
  static List<String> inJava(Path tree) throws IOException {
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(tree)) {
      paths = walk.sorted((a, b) -> a.toString().compareTo(b.toString())).toList();
    }
    Map<Object, String> firsts = new HashMap<>();
    List<String> lines = new ArrayList<>();
    for (Path path : paths) {
      lines.add(line(path, path.toString().substring(tree.toString().length()), firsts));
    }
    return lines;
  }

  private static String line(Path path, String name, Map<Object, String> firsts)
      throws IOException {
    Map<String, Object> s = Files.readAttributes(path, "unix:*", LinkOption.NOFOLLOW_LINKS);
    boolean link = Files.isSymbolicLink(path);
    boolean folder = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
    boolean file = Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
    int links = (Integer) of(s, "nlink");
    String same =
        folder || links < 2 ? "" : firsts.computeIfAbsent(of(s, "ino"), ino -> name) + "*" + links;
    List<String> parts =
        List.of(
            name,
            Integer.toOctalString((Integer) of(s, "mode")),
            of(s, "uid") + ":" + of(s, "gid"),
            folder ? "" : of(s, "size").toString(),
            nanos(of(s, "lastModifiedTime")),
            link ? Files.readSymbolicLink(path).toString() : file ? contents(path) : "",
            same,
            link ? "" : xattrs(path),
            link ? "" : acl(path, "dfs:acl"),
            folder ? acl(path, "dfs:defaultAcl") : "",
            nanos(of(s, "ctime")));
    return String.join("|", parts);
  }

  private static Object of(Map<String, Object> attributes, String name) {
    Object value = attributes.get(name);
    if (value == null) {
      throw new AssertionError("no attribute " + name);
    }
    return value;
  }

  private static String nanos(Object time) {
    return Long.toString(((FileTime) time).to(TimeUnit.NANOSECONDS));
  }

  private static String contents(Path path) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    try (FileChannel file = FileChannel.open(path)) {
      ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES);
      for (long at = 0; at < file.size(); at += 1 << 20) {
        window.clear();
        int got;
        do {
          got = file.read(window, at + window.position());
        } while (got > 0 && window.hasRemaining());
        digest.update(window.flip());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String xattrs(Path path) throws IOException {
    TreeMap<String, String> values = new TreeMap<>();
    Files.readAttributes(path, "user:*", LinkOption.NOFOLLOW_LINKS)
        .forEach((name, value) -> values.put(name, HexFormat.of().formatHex((byte[]) value)));
    return String.join(
        ",", values.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
  }

  private static String acl(Path path, String attribute) throws IOException {
    Object text = Files.getAttribute(path, attribute, LinkOption.NOFOLLOW_LINKS);
    return text.toString().strip().replace('\n', ',');
  }
}
