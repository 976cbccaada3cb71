package dfs.cli.command;

import dfs.cli.data.DataDirectory;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The option that says which data directory a command is about. */
final class DataOption {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "the data directory (default: /var/lib/dfs for root, ~/.local/share/dfs otherwise)")
  private Optional<Path> data = Optional.empty();

  /** Whether it was given. */
  boolean isGiven() {
    return data.isPresent();
  }

  DataDirectory directory() {
    return data.map(DataDirectory::new).orElseGet(Places::data);
  }
}
