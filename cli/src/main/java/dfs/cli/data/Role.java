package dfs.cli.data;

/**
 * What a process of dfs can be. The position is the byte of the lock file that stands for the role:
 * constants are only ever added at the end.
 */
public enum Role {
  METADATA,
  CHUNK;

  /** As people write it. */
  public String word() {
    return this == METADATA ? "metadata server" : "chunk server";
  }

  long lockPosition() {
    return this == METADATA ? 0 : 1;
  }
}
