package dfs.cli.command;

import dfs.cli.data.DataDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that says which data directory a command is about. */
final class DataOption {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "the data directory (default: $DFS_DATA; else what the mount shows that you are in, or"
              + " the first of ~/.local/share/dfs, unless you are root, and /var/lib/dfs that is"
              + " up; what is started and stopped is $DFS_DATA, else the first of these)")
  private Optional<Path> data = Optional.empty();

  private @Nullable DataDirectory asked;

  /** Whether it was given. */
  boolean isGiven() {
    return data.isPresent();
  }

  /** What was said, or the usual one: where something is started or stopped. */
  DataDirectory directory() {
    return data.map(DataDirectory::new).orElseGet(Places::data);
  }

  /** What was said, or else one that is up: where something is asked for. */
  DataDirectory asked() {
    DataDirectory known = asked;
    if (known == null) {
      try {
        known = data.isPresent() ? new DataDirectory(data.get()) : Places.asked();
      } catch (IOException e) {
        throw new UncheckedIOException("which cluster is meant cannot be found out", e);
      }
      asked = known;
    }
    return known;
  }
}
