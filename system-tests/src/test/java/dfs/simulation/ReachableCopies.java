package dfs.simulation;

import dfs.metadata.keeper.CapabilityKeys;
import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockService;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * What must hold of the blocks at any time, whoever is away: what a version names can be read from
 * a member, unless one is away that may have it, and whoever has bytes of a sealed block has the
 * same. Looks at some blocks only; which, is not taken from what the run follows from.
 */
final class ReachableCopies {
  private static final int BLOCKS_MAX = 100_000;
  private static final int BLOCKS_LOOKED_AT = 12;
  private static final int READER = 1;

  private final Survey survey;
  private final CapabilityKeys keys;

  /** By id, those to be asked. */
  private final Map<Long, BlockService> services;

  /** What a server answered. */
  private enum Answer {
    BYTES,
    HAS_IT_NOT,
    CANNOT_TELL
  }

  /**
   * @param services of the servers that are here and whose disks keep what is written, by id
   */
  ReachableCopies(Survey survey, CapabilityKeys keys, Map<Long, BlockService> services) {
    this.survey = survey;
    this.keys = keys;
    this.services = new TreeMap<>(services);
  }

  void check(Random random) {
    List<Block> owned = new ArrayList<>();
    for (BlockState state : List.of(BlockState.SEALED, BlockState.CLOSED)) {
      for (Block block : survey.blocks(state, 0, BLOCKS_MAX)) {
        if (block.lengthBytes() > 0 && survey.isOwned(block.id())) {
          owned.add(block);
        }
      }
    }
    Collections.shuffle(owned, random);
    owned.stream().limit(BLOCKS_LOOKED_AT).forEach(this::check);
  }

  private void check(Block block) {
    ByteBuffer first = null;
    boolean canBeRead = false;
    for (Map.Entry<Long, BlockService> server : services.entrySet()) {
      ByteBuffer bytes = ByteBuffer.allocate((int) block.lengthBytes());
      Answer answer = read(block, server.getValue(), bytes);
      boolean member = block.servers().contains(server.getKey());
      canBeRead |= member && answer != Answer.HAS_IT_NOT;
      if (answer == Answer.BYTES) {
        bytes.flip();
        if (first != null && !first.equals(bytes)) {
          throw new AssertionError(
              "replicas differ: server %d has another %s".formatted(server.getKey(), block));
        }
        first = bytes;
      }
    }
    Block now = survey.block(block.id());
    if (!canBeRead && block.equals(now) && services.keySet().containsAll(block.servers())) {
      throw new AssertionError("no member has what a version names: " + block);
    }
  }

  private Answer read(Block block, BlockService service, ByteBuffer into) {
    try {
      var _ =
          service.read(
              keys.toRead(block.id(), 0, block.lengthBytes(), READER), block.id(), 0, into);
      return Answer.BYTES;
    } catch (BlockFault e) {
      return switch (e.kind()) {
        case NO_SUCH_BLOCK, MALFORMED, DAMAGED -> Answer.HAS_IT_NOT;
        default -> Answer.CANNOT_TELL;
      };
    } catch (IOException e) {
      return Answer.CANNOT_TELL;
    }
  }
}
