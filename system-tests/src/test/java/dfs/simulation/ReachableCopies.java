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
import org.jspecify.annotations.Nullable;

/**
 * What must hold of the blocks at any time, whoever is away: each member that is here has what it
 * said was durable, what a version names can be read from a member unless one is away that may have
 * it, and whoever has bytes of a block has the same. Which blocks it looks at is not taken from
 * what the run follows from.
 */
final class ReachableCopies {
  private static final int BLOCKS_MAX = 100_000;
  private static final int READER = 1;

  private final Survey survey;
  private final CapabilityKeys keys;

  private final Acknowledgements acknowledgements;

  /** By id, those to be asked. */
  private final Map<Long, Asked> servers;

  /** A server that is here, and whose disk keeps what is written. */
  record Asked(int machine, BlockService service) {}

  /** What a server answered. */
  private enum Answer {
    BYTES,
    HAS_IT_NOT,
    CANNOT_TELL
  }

  ReachableCopies(
      Survey survey,
      CapabilityKeys keys,
      Acknowledgements acknowledgements,
      Map<Long, Asked> servers) {
    this.survey = survey;
    this.keys = keys;
    this.acknowledgements = acknowledgements;
    this.servers = new TreeMap<>(servers);
  }

  /**
   * @param most so many blocks that have ended, and all that have not
   */
  void check(Random random, int most) {
    List<Block> owned = new ArrayList<>();
    for (BlockState state : List.of(BlockState.SEALED, BlockState.CLOSED)) {
      for (Block block : survey.blocks(state, 0, BLOCKS_MAX)) {
        if (block.lengthBytes() > 0 && survey.isOwned(block.id())) {
          owned.add(block);
        }
      }
    }
    Collections.shuffle(owned, random);
    owned.stream().limit(most).forEach(this::check);
    survey.blocks(BlockState.OPEN, 0, BLOCKS_MAX).forEach(this::checkOpen);
  }

  private void check(Block block) {
    ByteBuffer first = null;
    boolean canBeRead = false;
    for (Map.Entry<Long, Asked> server : servers.entrySet()) {
      ByteBuffer bytes = ByteBuffer.allocate((int) block.lengthBytes());
      boolean member = block.servers().contains(server.getKey());
      Answer answer = read(block, server.getKey(), server.getValue(), bytes);
      canBeRead |= member && answer != Answer.HAS_IT_NOT;
      if (answer == Answer.BYTES) {
        first = same(block, server.getKey(), first, bytes.flip());
      }
    }
    Block now = survey.block(block.id());
    if (!canBeRead && block.equals(now) && servers.keySet().containsAll(block.servers())) {
      throw new AssertionError("no member has what a version names: " + block);
    }
  }

  /** Of a block that is written to, what each member said was durable. */
  private void checkOpen(Block block) {
    ByteBuffer longest = null;
    for (long member : block.servers()) {
      Asked server = servers.get(member);
      long length = server == null ? 0 : acknowledgements.durable(server.machine, block.id());
      ByteBuffer bytes = ByteBuffer.allocate((int) length);
      if (server != null && length > 0 && read(block, member, server, bytes) == Answer.BYTES) {
        longest = same(block, member, longest, bytes.flip());
      }
    }
  }

  /** The longer of two, which are the same as far as both go. */
  private static ByteBuffer same(
      Block block, long server, @Nullable ByteBuffer before, ByteBuffer bytes) {
    int both = before == null ? 0 : Math.min(before.limit(), bytes.limit());
    if (before != null && !before.slice(0, both).equals(bytes.slice(0, both))) {
      throw new AssertionError(
          "replicas differ: server %d has another %s".formatted(server, block));
    }
    return before == null || before.limit() < bytes.limit() ? bytes : before;
  }

  /** A server that said that it has all of this for good has no way not to have it. */
  private Answer read(Block block, long id, Asked server, ByteBuffer into) {
    int length = into.remaining();
    Answer answer = read(block, server.service, into);
    // A block may be given away, or cut, while it is read.
    if (answer == Answer.HAS_IT_NOT
        && acknowledgements.durable(server.machine, block.id()) >= length) {
      throw new AssertionError(
          "acknowledged bytes are lost: server %d cannot read %d of %s"
              .formatted(id, length, block));
    }
    return answer;
  }

  private Answer read(Block block, BlockService service, ByteBuffer into) {
    try {
      var _ =
          service.read(keys.toRead(block.id(), 0, into.remaining(), READER), block.id(), 0, into);
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
