package dfs.cli.verb;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;

/** Nobody serves the data directory that a command is about. */
final class NoClusterException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  private final transient Path data;

  NoClusterException(Path data) {
    super(data + ": dfs is not up");
    this.data = data;
  }

  /** The directory that nobody serves. */
  Path data() {
    return data;
  }
}
