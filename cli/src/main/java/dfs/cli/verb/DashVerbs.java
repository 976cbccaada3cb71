package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.ANY;
import static dfs.cli.verb.VerbSpec.flag;
import static dfs.cli.verb.VerbSpec.valued;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The table of the verbs of Hadoop's shell. Only the one that is asked for is loaded. */
final class DashVerbs {
  /** The names of all but the outdated ones, in the order of help. */
  static final List<String> NAMES =
      List.of(
          "appendToFile",
          "cat",
          "checksum",
          "chgrp",
          "chmod",
          "chown",
          "copyFromLocal",
          "copyToLocal",
          "count",
          "cp",
          "df",
          "du",
          "expunge",
          "find",
          "get",
          "getfacl",
          "getfattr",
          "getmerge",
          "head",
          "ls",
          "mkdir",
          "moveFromLocal",
          "mv",
          "put",
          "rm",
          "rmdir",
          "setfacl",
          "setfattr",
          "setrep",
          "stat",
          "tail",
          "test",
          "text",
          "touch",
          "touchz",
          "truncate");

  /** What the plain verbs copy whole trees with. */
  private static final String RECURSIVE = "-r";

  private static final String BYTES_OF_HEAD = "1024";
  private static final VerbSpec.Kind READS = VerbSpec.Kind.READS;
  private static final VerbSpec.Kind CHANGES = VerbSpec.Kind.CHANGES;

  private DashVerbs() {}

  static Optional<DashVerb> named(String name) {
    return Optional.ofNullable(find(name));
  }

  /** A line for each verb. */
  static String usage() {
    StringBuilder text = new StringBuilder("Usage: dfs -VERB, one of");
    for (String name : NAMES) {
      VerbSpec spec = named(name).orElseThrow().spec();
      text.append("\n\t[-").append(name).append(' ').append(spec.operands()).append(']');
    }
    return text.toString();
  }

  private static @Nullable DashVerb find(String name) {
    return switch (name) {
      case "cat", "checksum", "head", "tail", "test", "text" -> reading(name);
      case "ls", "lsr", "count", "df", "du", "dus", "find", "stat" -> listing(name);
      case "getfacl", "getfattr" -> attributes(name);
      case "chgrp", "chmod", "chown", "setfacl", "setfattr", "setrep" -> setting(name);
      case "put", "copyFromLocal", "moveFromLocal", "get", "copyToLocal", "moveToLocal", "cp" ->
          copying(name);
      case "appendToFile", "getmerge", "mkdir", "mv", "touch", "touchz", "truncate" -> making(name);
      case "rm", "rmr", "rmdir", "expunge" -> removing(name);
      default -> null;
    };
  }

  private static VerbSpec spec(
      String name,
      VerbSpec.Kind kind,
      String usage,
      int min,
      int max,
      String summary,
      VerbSpec.Flag... flags) {
    return VerbSpec.of(name, kind, usage, min, max, summary, flags);
  }

  private static DashVerb plain(VerbSpec spec, DashVerb.Action action) {
    return new DashVerb(spec, UnaryOperator.identity(), action);
  }

  private static VerbSpec.Flag accepted(String name) {
    return flag(name, "accepted, and of no effect here");
  }

  private static VerbSpec.Flag recursive() {
    return flag("-R", "of all below directories, too");
  }

  private static DashVerb reading(String name) {
    return switch (name) {
      case "cat" ->
          plain(
              spec(
                  name,
                  READS,
                  "[-ignoreCrc] <src> ...",
                  1,
                  ANY,
                  "Writes files to the standard output.",
                  accepted("-ignoreCrc")),
              new Cat()::run);
      case "text" ->
          plain(
              spec(
                  name,
                  READS,
                  "[-ignoreCrc] <src> ...",
                  1,
                  ANY,
                  "Writes files to the standard output, those of gzip unpacked.",
                  accepted("-ignoreCrc")),
              DashReading::text);
      case "checksum" ->
          plain(
              spec(
                  name,
                  READS,
                  "[-v] <src> ...",
                  1,
                  ANY,
                  "Prints the CRC32C of what files hold.",
                  accepted("-v")),
              DashReading::checksum);
      case "head" ->
          new DashVerb(
              spec(name, READS, "<file>", 1, 1, "Writes the first kilobyte of a file."),
              given -> given.with("-c", BYTES_OF_HEAD),
              new Head()::run);
      case "tail" ->
          new DashVerb(
              spec(
                  name,
                  READS,
                  "[-f] [-s <sleep interval>] <file>",
                  1,
                  1,
                  "Writes the last kilobyte of a file.",
                  flag("-f", "and what is appended from then on"),
                  valued("-s", "MILLISECONDS", "how often it looks (default: 5000)")),
              given -> given.with("-c", BYTES_OF_HEAD),
              DashReading::tail);
      default -> test(name);
    };
  }

  private static DashVerb test(String name) {
    return plain(
        spec(
            name,
            READS,
            "-[defswrz] <path>",
            1,
            1,
            "Ends with status 0 if it is so, else with 1.",
            flag("-d", "it is a directory"),
            flag("-e", "it is there"),
            flag("-f", "it is a file"),
            flag("-s", "it is not empty"),
            flag("-w", "it may be written"),
            flag("-r", "it may be read"),
            flag("-z", "it is empty")),
        DashReading::test);
  }

  private static DashVerb listing(String name) {
    return switch (name) {
      case "ls" -> ls(name, UnaryOperator.identity());
      case "lsr" -> ls(name, given -> given.with("-R", ""));
      case "du" -> du(name, UnaryOperator.identity());
      case "dus" -> du(name, given -> given.with("-s", ""));
      case "count" ->
          plain(
              spec(
                  name,
                  READS,
                  "[-q] [-h] [-v] [-u] [-x] <path> ...",
                  1,
                  ANY,
                  "Counts directories, files and bytes at and below paths.",
                  flag("-q", "with quotas, of which there are none"),
                  flag("-u", "quotas alone"),
                  flag("-h", "sizes like 1.5 K"),
                  flag("-v", "with a header"),
                  accepted("-x")),
              DashCount::run);
      case "df" ->
          plain(
              spec(
                  name,
                  READS,
                  "[-h] [<path> ...]",
                  0,
                  ANY,
                  "Shows the space of the volume.",
                  flag("-h", "sizes like 1.5 K")),
              DashCount::space);
      case "find" ->
          plain(
              spec(
                  name,
                  READS,
                  "<path> ... <expression> ...",
                  0,
                  ANY,
                  "Prints what lies at and below paths: -name, -iname, -print, -print0, -a."),
              DashFind::run);
      default ->
          plain(
              spec(
                  name,
                  READS,
                  "[format] <path> ...",
                  1,
                  ANY,
                  "Prints %a %A %b %F %g %n %o %r %u %x %X %y %Y of files; without a format %y."),
              DashStat::run);
    };
  }

  private static DashVerb ls(String name, UnaryOperator<Given> implied) {
    return new DashVerb(
        spec(
            name,
            READS,
            "[-C] [-d] [-h] [-q] [-R] [-t] [-S] [-r] [-u] [<path> ...]",
            0,
            ANY,
            "Lists directories.",
            flag("-C", "paths alone"),
            flag("-d", "directories themselves, not what is in them"),
            flag("-h", "sizes like 1.5 K"),
            flag("-q", "? for each character that cannot be printed"),
            flag("-R", "directories below, too"),
            flag("-t", "the newest first"),
            flag("-S", "the largest first"),
            flag("-r", "in the reverse order"),
            flag("-u", "times of access in place of those of change")),
        implied,
        DashList::run);
  }

  private static DashVerb du(String name, UnaryOperator<Given> implied) {
    return new DashVerb(
        spec(
            name,
            READS,
            "[-s] [-h] [-v] [-x] <path> ...",
            0,
            ANY,
            "Sums up the sizes of what lies in directories, alone and with all copies.",
            flag("-s", "one line for each path"),
            flag("-h", "sizes like 1.5 K"),
            flag("-v", "with a header"),
            accepted("-x")),
        implied,
        DashCount::usage);
  }

  private static DashVerb attributes(String name) {
    return name.equals("getfacl")
        ? plain(
            spec(
                name,
                READS,
                "[-R] <path>",
                1,
                1,
                "Shows the access control list of a file.",
                recursive()),
            new Getfacl()::run)
        : plain(
            spec(
                name,
                READS,
                "[-R] {-n name | -d} [-e en] <path>",
                1,
                1,
                "Shows extended attributes of a file.",
                recursive(),
                valued("-n", "NAME", "this one"),
                flag("-d", "all"),
                valued("-e", "ENCODING", "text, hex or base64")),
            DashReading::xattrs);
  }

  private static DashVerb setting(String name) {
    return switch (name) {
      case "chgrp" ->
          plain(
              spec(name, CHANGES, "[-R] GROUP PATH...", 2, ANY, "Changes groups.", recursive()),
              new Chgrp()::run);
      case "chmod" ->
          plain(
              spec(
                  name,
                  CHANGES,
                  "[-R] <MODE[,MODE]... | OCTALMODE> PATH...",
                  2,
                  ANY,
                  "Changes modes.",
                  recursive()),
              new Chmod()::run);
      case "chown" ->
          plain(
              spec(
                  name,
                  CHANGES,
                  "[-R] [OWNER][:[GROUP]] PATH...",
                  2,
                  ANY,
                  "Changes owners and groups.",
                  recursive()),
              new Chown()::run);
      case "setfacl" ->
          plain(
              spec(
                  name,
                  CHANGES,
                  "[-R] [{-b|-k} {-m|-x <acl_spec>} <path>]|[--set <acl_spec> <path>]",
                  1,
                  1,
                  "Changes the access control list of a file.",
                  recursive(),
                  flag("-b", "take all away but what the mode says"),
                  flag("-k", "take away what new files are given"),
                  valued("-m --modify", "ENTRIES", "set entries"),
                  valued("-x --remove", "ENTRIES", "take entries away"),
                  valued("--set", "ENTRIES", "these entries and no others")),
              new Setfacl()::run);
      case "setfattr" ->
          plain(
              spec(
                  name,
                  CHANGES,
                  "{-n name [-v value] | -x name} <path>",
                  1,
                  1,
                  "Sets an extended attribute, or takes it away.",
                  valued("-n --name", "NAME", "set this one"),
                  valued("-v --value", "VALUE", "to this"),
                  valued("-x --remove", "NAME", "take this one away")),
              new Setfattr()::run);
      default -> setrep(name);
    };
  }

  private static DashVerb setrep(String name) {
    return plain(
        spec(
            name,
            CHANGES,
            "[-R] [-w] <rep> <path> ...",
            2,
            ANY,
            "Changes how many copies are kept of a file, or of all files below a directory.",
            accepted("-R"),
            flag("-w", "wait until there are so many")),
        DashReplication::run);
  }

  private static DashVerb copying(String name) {
    VerbSpec.Flag[] flags = {
      flag("-f", "replace files that are there"),
      flag("-p", "keep times, owner, mode and attributes"),
      accepted("-d"),
      accepted("-l"),
      accepted("-ignoreCrc"),
      accepted("-crc"),
      valued("-t", "THREADS", "accepted, and of no effect here"),
      valued("-q", "SIZE", "accepted, and of no effect here")
    };
    UnaryOperator<Given> whole = given -> given.with(RECURSIVE, "").with(Copying.Wishes.FOLLOW, "");
    String local = "[-f] [-p] [-l] [-d] [-t <thread count>] [-q <thread pool queue size>]";
    return switch (name) {
      case "put", "copyFromLocal" ->
          new DashVerb(
              spec(
                  name,
                  CHANGES,
                  local + " <localsrc> ... <dst>",
                  1,
                  ANY,
                  "Copies files of this machine into the volume.",
                  flags),
              whole,
              DashCopying::put);
      case "moveFromLocal" ->
          new DashVerb(
              spec(
                  name,
                  CHANGES,
                  "[-f] [-p] [-l] [-d] <localsrc> ... <dst>",
                  2,
                  ANY,
                  "Moves files of this machine into the volume.",
                  flags),
              whole,
              DashCopying::moveFromLocal);
      case "cp" ->
          new DashVerb(
              spec(
                  name,
                  CHANGES,
                  "[-f] [-p | -p[topax]] [-d] [-t <thread count>] <src> ... <dst>",
                  2,
                  ANY,
                  "Copies files within the volume.",
                  flags),
              whole,
              DashCopying::cp);
      case "moveToLocal" ->
          plain(
              spec(name, CHANGES, "<src> <localdst>", 0, ANY, "Is not there."),
              call -> call.complain("Option '-moveToLocal' is not implemented yet."));
      default ->
          new DashVerb(
              spec(
                  name,
                  CHANGES,
                  "[-f] [-p] [-crc] [-ignoreCrc] [-t <thread count>] <src> ... <localdst>",
                  1,
                  ANY,
                  "Copies files of the volume to this machine.",
                  flags),
              whole,
              DashCopying::get);
    };
  }

  private static DashVerb making(String name) {
    return switch (name) {
      case "appendToFile" ->
          plain(
              spec(
                  name,
                  CHANGES,
                  "<localsrc> ... <dst>",
                  2,
                  ANY,
                  "Appends files of this machine to a file of the volume."),
              new AppendToFile()::run);
      case "getmerge" ->
          new DashVerb(
              spec(
                  name,
                  CHANGES,
                  "[-nl] [-skip-empty-file] <src> <localdst>",
                  2,
                  ANY,
                  "Writes files into one of this machine.",
                  flag("-nl", "a newline behind each"),
                  flag("-skip-empty-file", "none behind an empty one")),
              given ->
                  given.has("-nl") ? given.with("-l", "").with("-f", "") : given.with("-f", ""),
              new Getmerge(false)::run);
      case "mkdir" ->
          plain(
              spec(
                  name,
                  CHANGES,
                  "[-p] <path> ...",
                  1,
                  ANY,
                  "Makes directories.",
                  flag("-p", "missing parents, too")),
              DashMaking::mkdir);
      case "mv" ->
          plain(spec(name, CHANGES, "<src> ... <dst>", 2, ANY, "Renames files."), DashMaking::mv);
      case "touch" ->
          new DashVerb(
              spec(
                  name,
                  CHANGES,
                  "[-a] [-m] [-t TIMESTAMP (yyyyMMdd:HHmmss) ] [-c] <path> ...",
                  1,
                  ANY,
                  "Sets times; makes empty files where there are none.",
                  flag("-a", "the time of access alone"),
                  flag("-m", "the time of change alone"),
                  valued("-t", "TIMESTAMP", "this time"),
                  flag("-c", "make no files")),
              DashMaking::timed,
              new Touch()::run);
      case "touchz" ->
          plain(
              spec(name, CHANGES, "<path> ...", 1, ANY, "Makes empty files."), DashMaking::touchz);
      default ->
          plain(
              spec(
                  name,
                  CHANGES,
                  "[-w] <length> <path> ...",
                  2,
                  ANY,
                  "Cuts files to a length.",
                  accepted("-w")),
              DashMaking::truncate);
    };
  }

  private static DashVerb removing(String name) {
    VerbSpec rm =
        spec(
            name,
            CHANGES,
            "[-f] [-r|-R] [-skipTrash] [-safely] <src> ...",
            1,
            ANY,
            "Removes files. There is no trash: the past is kept.",
            flag("-f", "what is not there is no error"),
            flag("-r -R", "directories with everything in them"),
            accepted("-skipTrash"),
            accepted("-safely"));
    return switch (name) {
      case "rm" -> plain(rm, DashMaking::rm);
      case "rmr" -> new DashVerb(rm, given -> given.with(RECURSIVE, ""), DashMaking::rm);
      case "rmdir" ->
          plain(
              spec(
                  name,
                  CHANGES,
                  "[--ignore-fail-on-non-empty] <dir> ...",
                  1,
                  ANY,
                  "Removes empty directories.",
                  flag("--ignore-fail-on-non-empty", "one that is not empty is no error")),
              DashMaking::rmdir);
      default ->
          plain(
              spec(
                  name,
                  CHANGES,
                  "[-immediate] [-fs <path>]",
                  0,
                  0,
                  "Does nothing: there is no trash.",
                  accepted("-immediate"),
                  valued("-fs", "PATH", "accepted, and of no effect here")),
              call -> call.note("there is no trash here: what was removed is in the past"));
    };
  }
}
