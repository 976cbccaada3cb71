package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.cli.verb.VerbSpec;
import dfs.cli.verb.Verbs;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Every verb, and what it is tried on. */
final class VerbTable {
  /** The group that some files belong to, and who reaches them by it alone. */
  static final int GROUP = 4242;

  private static final FileTime THEN = FileTime.from(Instant.parse("2020-02-02T02:02:02Z"));
  private static final String RAW = "a\n\udcff";

  /** Of all that was prepared, before some of it is changed. */
  static final String BEFORE = "@before";

  /** What a verb is tried on: the file {@code s} in a directory of its own. */
  enum Subject {
    FILE,
    DIRECTORY,
    SYMLINK,
    MISSING,
    CLOSED,
    GROUP,
    RAW,
    LOCALE_C,
    DOWN,
    KILLED,
    HELP;

    String nameOfFile() {
      return this == RAW || this == LOCALE_C ? VerbTable.RAW : "s";
    }
  }

  /** Names, types, modes, owners, sizes, links, contents, whether touched, attributes, ACLs. */
  private static final String EFFECTS =
      """
      import os, stat, struct, sys, urllib.parse

      then = int(sys.argv[1])

      def escaped(data):
          return ''.join('\\\\n' if c == 10 else chr(c) if 32 <= c <= 126 and c != 92
                         else '\\\\x%02x' % c for c in data)

      def acl(value):
          entries = []
          for tag, bits, ident in struct.iter_unpack('<HHI', value[4:]):
              who = {1: 'user:', 2: 'user:%d' % ident, 4: 'group:', 8: 'group:%d' % ident,
                     16: 'mask:', 32: 'other:'}[tag]
              letters = ''.join(c if bits & b else '-' for c, b in (('r', 4), ('w', 2), ('x', 1)))
              entries.append(who + ':' + letters)
          return ','.join(entries)

      def attribute(path, name):
          value = os.getxattr(path, name)
          return name + '=' + (acl(value) if name.startswith('system.') else escaped(value))

      def line(top, path):
          s = os.lstat(path)
          folder = stat.S_ISDIR(s.st_mode)
          words = [urllib.parse.quote_from_bytes(os.path.relpath(path, top)), '%o' % s.st_mode,
                   '%d:%d' % (s.st_uid, s.st_gid), '-' if folder else str(s.st_size),
                   'links', '-' if folder else str(s.st_nlink)]
          if stat.S_ISLNK(s.st_mode):
              return ' '.join(words + ['->', escaped(os.readlink(path))])
          if stat.S_ISREG(s.st_mode):
              with open(path, 'rb') as f:
                  words.append(escaped(f.read()))
          words.append('old' if s.st_mtime_ns == then * 10**9 else 'new')
          names = [attribute(path, n) for n in sorted(os.listxattr(path))
                   if n.startswith('user.') or n.startswith('system.posix_acl')]
          return ' '.join(words + ['[' + ' '.join(names) + ']'])

      for verb in sorted(os.listdir(b'.')):
          for subject in sorted(os.listdir(verb)):
              top = os.path.join(verb, subject)
              below = []
              for path, folders, files in os.walk(top):
                  below += [os.path.join(path, name) for name in folders + files]
              lines = [line(top, path) for path in sorted(below)]
              if verb == b'snapshot':
                  name = b'@of-' + verb + b'-' + subject
                  lines.append('kept' if os.path.isdir(os.path.join(b'.dfs', name)) else 'not kept')
              print(top.decode() + ': ' + '; '.join(lines))
      """;

  private VerbTable() {}

  /**
   * The words of a command line about a file.
   *
   * @param in the directory that it is in, of the cluster
   * @param local a folder of this machine, with a file {@code l}
   */
  static List<String> words(String verb, String in, String name, String local) {
    String path = in + "/" + name;
    String out = in + "/out";
    return switch (verb) {
      case "ls", "cat", "head", "tail", "rm", "mkdir", "rmdir", "touch", "tree" ->
          List.of(verb, path);
      case "count", "df", "getfacl", "getfattr", "checksum" -> List.of(verb, path);
      case "stat" -> List.of(verb, "-c", "%F %s %a", path);
      case "find" -> List.of(verb, path, "-maxdepth", "1");
      case "du" -> List.of(verb, "-b", path);
      case "put" -> List.of(verb, local + "/l", path);
      case "get" -> List.of(verb, path, local + "/out");
      case "getmerge" -> List.of(verb, path, local + "/out");
      case "cp", "mv", "ln" -> List.of(verb, path, out);
      case "truncate" -> List.of(verb, "-s", "1", path);
      case "chmod" -> List.of(verb, "711", path);
      case "chown" -> List.of(verb, "17", path);
      case "chgrp" -> List.of(verb, "4242", path);
      case "setfattr" -> List.of(verb, "-n", "user.a", "-v", "b", path);
      case "setfacl" -> List.of(verb, "-m", "u:17:rwx", path);
      case "test" -> List.of(verb, "-e", path);
      case "appendToFile" -> List.of(verb, local + "/l", path);
      case "history" -> List.of(verb, path);
      case "diff" -> List.of(verb, path, BEFORE);
      case "restore" -> List.of(verb, path, "--as-of", BEFORE);
      case "undelete" -> List.of(verb, path);
      case "snapshot" -> List.of(verb, "create", "of" + in.replace('/', '-'), path);
      default -> throw new AssertionError(verb + " is not in the table of these tests");
    };
  }

  /**
   * What follows a verb of Hadoop's shell, or a command about files.
   *
   * @param in the directory that the file is in, of the cluster
   * @param local a folder of this machine, with a file {@code l}
   */
  static List<String> dashed(String verb, String in, String name, String local) {
    String path = in + "/" + name;
    String out = in + "/out";
    return switch (verb) {
      case "appendToFile", "put", "copyFromLocal", "moveFromLocal" -> List.of(local + "/l", path);
      case "get", "copyToLocal", "getmerge" -> List.of(path, local + "/out");
      case "cat", "checksum", "count", "df", "du", "getfacl", "head", "ls", "tail", "text" ->
          List.of(path);
      case "mkdir", "rm", "rmdir", "touch", "touchz", "fsck" -> List.of(path);
      case "chgrp" -> List.of("4242", path);
      case "chmod" -> List.of("711", path);
      case "chown" -> List.of("17", path);
      case "cp", "mv" -> List.of(path, out);
      case "expunge" -> List.of();
      case "find" -> List.of(path, "-name", "*");
      case "getfattr" -> List.of("-d", path);
      case "setfacl" -> List.of("-m", "user:17:rwx", path);
      case "setfattr" -> List.of("-n", "user.a", "-v", "b", path);
      case "setrep", "replication" -> List.of("1", path);
      case "stat" -> List.of("%F %b %a", path);
      case "test" -> List.of("-e", path);
      case "truncate" -> List.of("1", path);
      default -> throw new AssertionError("-" + verb + " is not in the table of these tests");
    };
  }

  /** Makes what the verb is tried on, through the mount. */
  static void prepare(Path in, String verb, Subject subject) throws IOException {
    Files.createDirectories(in);
    Path s = in.resolve("s");
    switch (subject) {
      case FILE -> Files.writeString(s, "abc\n");
      case CLOSED, GROUP -> make(verb, s);
      case DIRECTORY -> Files.writeString(Files.createDirectory(s).resolve("in"), "x");
      case SYMLINK -> {
        make(verb, in.resolve("t"));
        Files.createSymbolicLink(s, Path.of("t"));
      }
      case RAW, LOCALE_C -> make(verb, raw(in));
      case MISSING, DOWN, KILLED, HELP -> {}
    }
    try (Stream<Path> below = Files.walk(in)) {
      for (Path path : below.sorted(Comparator.reverseOrder()).toList()) {
        if (path.equals(in) || Files.isSymbolicLink(path)) {
          continue;
        }
        if (verb.equals("getfattr")) {
          Files.setAttribute(path, "user:a", "b".getBytes(StandardCharsets.UTF_8));
        }
        Files.setLastModifiedTime(path, THEN);
      }
    }
    if (subject == Subject.CLOSED) {
      Files.setAttribute(s, "unix:mode", 0600);
      Files.setAttribute(in, "unix:mode", 0700);
    }
    if (subject == Subject.GROUP) {
      Files.setAttribute(s, "unix:gid", GROUP);
      Files.setAttribute(s, "unix:mode", 0660);
      Files.setAttribute(in, "unix:gid", GROUP);
      Files.setAttribute(in, "unix:mode", 0770);
    }
  }

  /** A file; but snapshots are of directories. */
  private static void make(String verb, Path path) throws IOException {
    if (verb.equals("snapshot")) {
      Files.createDirectory(path);
    } else {
      Files.writeString(path, "abc\n");
    }
  }

  private static Path raw(Path in) {
    return Path.of(URI.create(in.toUri().toString().replaceAll("/$", "") + "/a%0A%FF"));
  }

  /** Makes the past of it another one than the present, for verbs that are about both. */
  static void change(Path in, String verb, Subject subject) throws IOException {
    boolean removes = verb.equals("undelete");
    if (!removes && !verb.equals("diff") && !verb.equals("restore")) {
      return;
    }
    Path s = subject == Subject.RAW || subject == Subject.LOCALE_C ? raw(in) : in.resolve("s");
    if (subject == Subject.DIRECTORY) {
      Files.delete(s.resolve("in"));
      Files.writeString(s.resolve("young"), "y");
    }
    if (removes) {
      if (subject == Subject.DIRECTORY) {
        Files.delete(s.resolve("young"));
      }
      Files.deleteIfExists(s);
    } else if (subject == Subject.SYMLINK) {
      Files.delete(s);
      Files.createSymbolicLink(s, Path.of("young"));
    } else if (Files.isRegularFile(s)) {
      Files.writeString(s, "changed\n");
    }
  }

  /** What is at and below each directory VERB/SUBJECT of the mount now. */
  static Map<String, String> effects(Path mnt) throws Exception {
    Path script = Files.createTempFile("effects", ".py");
    try {
      Files.writeString(script, EFFECTS);
      Map<String, String> effects = new HashMap<>();
      String said = Shell.run(mnt, "python3 " + script + " " + THEN.toMillis() / 1000);
      for (String line : said.lines().toList()) {
        int colon = line.indexOf(": ");
        effects.put(line.substring(0, colon), line.substring(colon + 2));
      }
      return effects;
    } finally {
      Files.delete(script);
    }
  }

  /** One line of ASCII. */
  static String escaped(String bytes) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < bytes.length(); i++) {
      char c = bytes.charAt(i);
      if (c == '\n') {
        text.append("\\n");
      } else if (c == '\\' || c < ' ' || c > '~') {
        text.append("\\x%02x".formatted((int) c));
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }

  /** Verbs that print no records: contents, pictures for people, or nothing. */
  static final List<String> NO_RECORDS =
      List.of(
          "cat",
          "head",
          "tail",
          "mv",
          "rm",
          "mkdir",
          "rmdir",
          "touch",
          "truncate",
          "ln",
          "chmod",
          "chown",
          "chgrp",
          "setfacl",
          "setfattr",
          "test",
          "appendToFile",
          "getmerge",
          "restore",
          "undelete");

  /**
   * The words of a command line that prints records about a file.
   *
   * @param local a folder of this machine, with a file {@code l}
   */
  static List<String> printing(String verb, String path, Path local) {
    return switch (verb) {
      case "put" -> List.of(verb, "--json", "-f", local + "/l", "/json/out");
      case "get" -> List.of(verb, "--json", "-f", path, local + "/out");
      case "cp" -> List.of(verb, "--json", "-f", path, "/json/out");
      case "diff" -> List.of(verb, "--json", "/json", BEFORE);
      case "snapshot" -> List.of(verb, "ls", "--json");
      default -> List.of(verb, "--json", path);
    };
  }

  static List<VerbSpec> specs() {
    List<VerbSpec> specs = new ArrayList<>();
    for (String name : Verbs.NAMES) {
      specs.add(Verbs.spec(name).orElseThrow());
    }
    assertThat(specs).hasSizeGreaterThan(20);
    return specs;
  }
}
