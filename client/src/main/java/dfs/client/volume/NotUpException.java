package dfs.client.volume;

import java.io.IOException;
import java.nio.file.Path;

/** Nobody serves this data directory. */
public final class NotUpException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient Path data;

  NotUpException(Path data) {
    super(data + ": dfs is not up");
    this.data = data;
  }

  /** The data directory that nobody serves. */
  public Path data() {
    return data;
  }
}
