package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.cli.verb.VerbSpec;
import dfs.cli.verb.Verbs;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Every verb, and what it is tried on. */
final class VerbTable {
  /** The group that some files belong to, and who reaches them by it alone. */
  static final int GROUP = 4242;

  private static final FileTime THEN = FileTime.from(Instant.parse("2020-02-02T02:02:02Z"));
  private static final String RAW = "a\n\udcff";

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
    HELP;

    String nameOfFile() {
      return this == RAW || this == LOCALE_C ? VerbTable.RAW : "s";
    }
  }

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
      // What is different is looked at in PastTest.
      case "diff" -> List.of(verb, path, "2001-01-01");
      // What comes back is looked at in RestoreTest.
      case "restore" -> List.of(verb, path, "--as-of", "2001-01-01");
      case "undelete" -> List.of(verb, path);
      case "snapshot" -> List.of(verb, "create", "of" + in.replace('/', '-'), path);
      default -> throw new AssertionError(verb + " is not in the table of these tests");
    };
  }

  /** Makes what the verb is tried on, through the mount. */
  static void prepare(Path in, Subject subject) throws IOException {
    Files.createDirectories(in);
    Path s = in.resolve("s");
    switch (subject) {
      case FILE, CLOSED, GROUP -> Files.writeString(s, "abc\n");
      case DIRECTORY -> Files.writeString(Files.createDirectory(s).resolve("in"), "x");
      case SYMLINK -> {
        Files.writeString(in.resolve("t"), "abc\n");
        Files.createSymbolicLink(s, Path.of("t"));
      }
      case RAW, LOCALE_C ->
          Files.writeString(
              Path.of(URI.create(in.toUri().toString().replaceAll("/$", "") + "/a%0A%FF")),
              "abc\n");
      case MISSING, DOWN, HELP -> {}
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(in)) {
      for (Path entry : entries) {
        if (!Files.isSymbolicLink(entry)) {
          Files.setLastModifiedTime(entry, THEN);
        }
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

  /** What is in a directory of the mount now: names, types, modes, owners, sizes, attributes. */
  static String effect(Path in) throws IOException {
    List<String> lines = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(in)) {
      for (Path entry : entries) {
        Map<String, Object> found =
            Files.readAttributes(entry, "unix:mode,uid,gid,size,nlink", LinkOption.NOFOLLOW_LINKS);
        int mode = (int) found.get("mode");
        boolean directory = Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS);
        String text =
            "%s %o %s:%s %s links %s"
                .formatted(
                    escaped(nameOf(entry)),
                    mode,
                    found.get("uid"),
                    found.get("gid"),
                    directory ? "-" : found.get("size"),
                    directory ? "-" : found.get("nlink"));
        if (Files.isRegularFile(entry, LinkOption.NOFOLLOW_LINKS)) {
          text += " " + escaped(Files.readString(entry, StandardCharsets.ISO_8859_1));
        }
        if (!Files.isSymbolicLink(entry)) {
          boolean old = Files.getLastModifiedTime(entry).equals(THEN);
          text += (old ? " old " : " new ") + attributes(entry);
        }
        lines.add(text);
      }
    } catch (NoSuchFileException e) {
      return "nothing";
    }
    Collections.sort(lines);
    return String.join("; ", lines);
  }

  private static List<String> attributes(Path file) throws IOException {
    List<String> names =
        new ArrayList<>(
            Files.getFileAttributeView(file, UserDefinedFileAttributeView.class).list());
    Collections.sort(names);
    return names;
  }

  private static String nameOf(Path path) {
    String raw = path.toUri().getRawPath();
    String bare = raw.endsWith("/") ? raw.substring(0, raw.length() - 1) : raw;
    return bare.substring(bare.lastIndexOf('/') + 1);
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
      case "diff" -> List.of(verb, "--json", "/json", "@before");
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
