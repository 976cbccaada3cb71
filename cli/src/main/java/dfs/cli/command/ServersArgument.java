package dfs.cli.command;

import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Parameters;

/** {@code SERVER|DIR}: a chunk server by its id or its directory, or all of a host. */
final class ServersArgument {
  @Parameters(
      paramLabel = "SERVER|DIR",
      description =
          "a chunk server: its id, its data directory as PATH or HOST:PATH, or a host for all that"
              + " are on it; see dfs status")
  private String named = "";

  /**
   * Ids of the servers that are meant; that one of this id is known is for others to say.
   *
   * @throws FailedException if there is none, or a path is that of several
   */
  List<Long> ids(Report status) throws FailedException {
    return ids(named, status.chunkServers());
  }

  static List<Long> ids(String named, List<Report.Server> servers) throws FailedException {
    if (named.matches("\\d{1,18}")) {
      return List.of(Long.parseLong(named));
    }
    boolean isPath = named.contains("/");
    List<Report.Server> meant =
        servers.stream()
            .filter(
                server ->
                    isPath
                        ? server.paths().stream()
                            .anyMatch(
                                path ->
                                    path.equals(plain(named))
                                        || (server.host() + ":" + path).equals(plain(named)))
                        : server.host().equals(named))
            .toList();
    if (meant.isEmpty()) {
      throw new FailedException(
          named,
          (isPath
                  ? "no chunk server that is here has this directory"
                  : "no chunk server is here on this host")
              + "; one that is away is named by its id: see dfs status");
    }
    if (isPath && meant.size() > 1) {
      throw new FailedException(
          named,
          "is a directory of chunk servers "
              + meant.stream()
                  .map(server -> "%d on %s".formatted(server.id(), server.host()))
                  .collect(Collectors.joining(" and "))
              + ": say HOST:PATH, or the id");
    }
    return meant.stream().map(Report.Server::id).toList();
  }

  /** Without a slash at the end. */
  private static String plain(String path) {
    return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }
}
