package dfs.cli.command;

import java.util.List;

/** The manual page dfs(1), from what help says: {@code dfs help --man | man -l -}. */
final class Manual {
  private static final String HEAD =
      """
      .TH DFS 1 "" "dfs 0.1.0" "User Commands"
      .SH NAME
      dfs \\- a distributed file system that is mounted like a local disk
      .SH SYNOPSIS
      .B dfs
      .I COMMAND
      .RI [ OPTION ...]
      .RI [ OPERAND ...]
      .br
      .B dfs
      .BI \\- VERB
      .RI [ OPTION ...]
      .RI [ OPERAND ...]
      .SH DESCRIPTION
      .B dfs
      starts and stops the servers of a cluster, mounts it, and works on its files with or without a mount.
      File verbs are as in coreutils; behind a dash they are those of Hadoop's
      .BR "hdfs dfs" .
      .PP
      A path that begins with a slash is a path in the cluster, unless it lies below a mount point of dfs: then it is the file there.
      .I dfs:///PATH
      is in the cluster always. The cluster is that of
      .BR \\-\\-data ,
      else of
      .BR $DFS_DATA ,
      else the one whose mount holds the path or the working directory, else the caller's own, else the machine's.
      """;

  private static final String TAIL =
      """
      .SH EXIT STATUS
      0 all was done; 1 something failed, and was said; 2 the command line means nothing and nothing was done (255 behind a dash); 130 interrupted; 141 nobody reads what is written.
      .SH ENVIRONMENT
      .TP
      .B DFS_DATA
      the data directory of the cluster, where
      .B \\-\\-data
      is not given
      .TP
      .B NO_COLOR
      set and not empty: no colours
      .SH FILES
      .TP
      .I /var/lib/dfs
      the data directory of root
      .TP
      .I ~/.local/share/dfs
      that of anybody else
      .SH SEE ALSO
      .BR ls (1),
      .BR cp (1),
      .BR mount (8)
      """;

  private Manual() {}

  /** The page, in the language of man(7). */
  static String text() {
    StringBuilder text = new StringBuilder(HEAD);
    text.append(".SH COMMANDS\n");
    for (Page page : Page.all()) {
      text.append(".SS \"dfs ").append(escaped(page.name()));
      if (!page.operands().isEmpty()) {
        text.append(' ').append(escaped(page.operands()));
      }
      text.append("\"\n").append(line(page.summary())).append('\n');
      for (Page.Option option : page.options()) {
        text.append(".TP\n.B ").append(escaped(names(option))).append('\n');
        text.append(line(option.summary())).append('\n');
      }
    }
    return text.append(TAIL).toString();
  }

  private static String names(Page.Option option) {
    List<String> names = option.names();
    return String.join(", ", names) + (option.label().isEmpty() ? "" : " " + option.label());
  }

  /** A dot or quote at its beginning would be a request. */
  private static String line(String text) {
    String safe = escaped(text);
    return safe.startsWith(".") || safe.startsWith("'") ? "\\&" + safe : safe;
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\e").replace("-", "\\-").replace("\"", "\\(dq");
  }
}
