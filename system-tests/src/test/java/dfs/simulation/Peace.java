package dfs.simulation;

import com.google.protobuf.ByteString;
import dfs.metadata.keeper.CapabilityKeys;
import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.block.BlockService;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/** What must hold of the blocks when all servers are there and nothing is left to do. */
final class Peace {
  private static final int BLOCKS_MAX = 100_000;
  private static final int READER = 1;

  private final Survey survey;
  private final CapabilityKeys keys;
  private final SimulatedBlocks blocks;
  private final Map<Long, String> addresses;

  /**
   * @param addresses of the servers, by id
   */
  Peace(Survey survey, CapabilityKeys keys, SimulatedBlocks blocks, Map<Long, String> addresses) {
    this.survey = survey;
    this.keys = keys;
    this.blocks = blocks;
    this.addresses = addresses;
  }

  /** Each member of each sealed block has all of it, and the same. */
  void checkReplicas() {
    for (BlockState state : List.of(BlockState.SEALED, BlockState.CLOSED)) {
      for (Block block : survey.blocks(state, 0, BLOCKS_MAX)) {
        if (survey.isOwned(block.id())) {
          check(block);
        }
      }
    }
  }

  private void check(Block block) {
    ByteBuffer first = null;
    for (long server : block.servers()) {
      ByteBuffer bytes = read(block, server);
      if (first != null && !first.equals(bytes)) {
        throw new AssertionError(
            "replicas differ: server %d has another %s".formatted(server, block));
      }
      first = bytes;
    }
  }

  private ByteBuffer read(Block block, long server) {
    String address = addresses.get(server);
    BlockService service = address == null ? null : blocks.servedAt(address);
    if (service == null) {
      throw new AssertionError("a member is not here: server %d of %s".formatted(server, block));
    }
    ByteBuffer into = ByteBuffer.allocate((int) block.lengthBytes());
    if (into.hasRemaining()) {
      ByteString leave = keys.toRead(block.id(), 0, block.lengthBytes(), READER);
      try {
        service.read(leave, block.id(), 0, into);
      } catch (IOException e) {
        throw new AssertionError(
            "a replica is not there: server %d, %s: %s".formatted(server, block, e), e);
      }
    }
    return into.flip();
  }
}
