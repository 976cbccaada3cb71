package dfs.client.block;

import dfs.protocol.metadata.Reply.BlockGrant;
import dfs.protocol.metadata.Reply.BlockPlace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** The blocks of the cluster. Thread-safe. */
public interface BlockStore extends AutoCloseable {
  /** Starts a new block on the servers of the grant. */
  BlockWriter create(BlockGrant grant) throws IOException;

  /**
   * Fills {@code into} with the block's bytes from {@code blockOffset} on, verified against the
   * writer's checksums.
   *
   * @throws NoSuchBlockException when no server of the place has the block: ask the metadata server
   *     again where it is
   * @throws dfs.protocol.block.BlockFault when no server has intact bytes ({@code DAMAGED}), or
   *     none that has the block is connected ({@code NOT_READY})
   * @throws IOException when a server that may have them could not be asked
   */
  void read(BlockPlace place, long blockOffset, ByteBuffer into) throws IOException;

  /**
   * CRC32C of a range, as the servers of the place that are here keep it: of what they took. At
   * least one has to tell it, and they have to say the same.
   *
   * @throws NoSuchBlockException as {@link #read}
   * @throws dfs.protocol.block.BlockFault as {@link #read}; also, {@code DAMAGED}, when two say
   *     different things
   * @throws IOException as {@link #read}
   */
  int checksum(BlockPlace place, long blockOffset, int length) throws IOException;

  /**
   * Ids of servers on which writing failed a moment ago: where no new block should go while there
   * are others.
   */
  default List<Long> suspects() {
    return List.of();
  }

  @Override
  void close();
}
