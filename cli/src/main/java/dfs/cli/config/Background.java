package dfs.cli.config;

import dfs.chunk.server.ChunkServer;
import dfs.chunk.server.ChunkServer.Scrub;

/**
 * How hard chunk servers work while nobody asks them to.
 *
 * @param scrub how blocks are read again
 * @param copyBytesPerSecond each reads so many at most to copy or compact blocks; 0: there is no
 *     bound
 */
public record Background(Scrub scrub, long copyBytesPerSecond) {
  public static final Background USUAL =
      new Background(Scrub.USUAL, ChunkServer.Config.COPY_BYTES_PER_SECOND);
}
