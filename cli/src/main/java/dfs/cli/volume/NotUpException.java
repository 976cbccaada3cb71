package dfs.cli.volume;

import dfs.cli.data.DataDirectory;
import java.io.IOException;

/** Nobody serves this data directory. */
public final class NotUpException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient DataDirectory data;

  NotUpException(DataDirectory data) {
    super(data.root() + ": dfs is not up");
    this.data = data;
  }

  /** The directory that nobody serves. */
  public DataDirectory data() {
    return data;
  }
}
