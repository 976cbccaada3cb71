package dfs.cli.data;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * What only one process may be in a data directory.
 *
 * @param word as people write it
 * @param lockPosition the byte of the lock file that stands for the role, for ever
 */
public record Role(String word, long lockPosition) {
  public static final Role METADATA = new Role("metadata server", 0);

  private static final long NAMED_FROM = 1L << 20;

  /** The chunk servers of one file, by the name of their process. */
  public static Role server(String name) {
    CRC32 crc = new CRC32();
    crc.update(name.getBytes(StandardCharsets.UTF_8));
    return new Role("chunk servers " + name, NAMED_FROM + crc.getValue());
  }

  /**
   * One of the chunk servers.
   *
   * @param number from 1 on
   */
  public static Role chunk(int number) {
    return new Role(number == 1 ? "chunk server" : "chunk server " + number, number);
  }
}
