package dfs.cli.volume;

import dfs.cli.data.DataDirectory;
import java.io.IOException;

/** Nobody serves this data directory. */
public final class NotUpException extends IOException {
  private static final long serialVersionUID = 1L;

  NotUpException(DataDirectory data) {
    super(data.root() + ": dfs is not up");
  }
}
