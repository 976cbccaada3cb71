package dfs.cli.verb;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The table of the file verbs. Only the one that is asked for is loaded. */
public final class Verbs {
  /** The names of all, in the order of help. */
  public static final List<String> NAMES =
      List.of(
          "ls",
          "stat",
          "find",
          "tree",
          "du",
          "df",
          "count",
          "cat",
          "head",
          "tail",
          "put",
          "get",
          "cp",
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
          "getfacl",
          "setfacl",
          "getfattr",
          "setfattr",
          "test",
          "checksum",
          "appendToFile",
          "getmerge",
          "history",
          "diff",
          "restore",
          "undelete",
          "snapshot");

  private Verbs() {}

  /** What a verb is called and takes; empty: there is no such verb. */
  public static Optional<VerbSpec> spec(String name) {
    return named(name).map(Verb::spec);
  }

  static Optional<Verb> named(String name) {
    return Optional.ofNullable(find(name));
  }

  private static @Nullable Verb find(String name) {
    return switch (name) {
      case "ls" -> new Ls();
      case "stat" -> new StatVerb();
      case "find" -> new Find();
      case "tree" -> new Tree();
      case "du" -> new Du();
      case "df" -> new Df();
      case "count" -> new Count();
      case "cat" -> new Cat();
      case "head" -> new Head();
      case "tail" -> new Tail();
      case "put" -> new Put();
      case "get" -> new Get();
      case "cp" -> new Cp();
      case "mv" -> new Mv();
      case "rm" -> new Rm();
      case "mkdir" -> new Mkdir();
      case "rmdir" -> new Rmdir();
      case "touch" -> new Touch();
      case "truncate" -> new Truncate();
      case "ln" -> new Ln();
      case "chmod" -> new Chmod();
      case "chown" -> new Chown();
      case "chgrp" -> new Chgrp();
      case "getfacl" -> new Getfacl();
      case "setfacl" -> new Setfacl();
      case "getfattr" -> new Getfattr();
      case "setfattr" -> new Setfattr();
      case "test" -> new TestVerb();
      case "checksum" -> new Checksum();
      case "appendToFile" -> new AppendToFile();
      case "getmerge" -> new Getmerge(true);
      case "history" -> new HistoryVerb();
      case "diff" -> new Diff();
      case "restore" -> new RestoreVerb();
      case "undelete" -> new Undelete();
      case "snapshot" -> new SnapshotVerb();
      default -> null;
    };
  }
}
