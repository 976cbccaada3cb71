package dfs.cli.data;

/**
 * What only one process may be in a data directory.
 *
 * @param word as people write it
 * @param lockPosition the byte of the lock file that stands for the role, for ever
 */
public record Role(String word, long lockPosition) {
  public static final Role METADATA = new Role("metadata server", 0);

  /**
   * One of the chunk servers.
   *
   * @param number from 1 on
   */
  public static Role chunk(int number) {
    return new Role(number == 1 ? "chunk server" : "chunk server " + number, number);
  }
}
