package dfs.metadata.keeper;

import dfs.metadata.namespace.Survey.Block;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.session.ChunkMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What one look at all blocks brings: how many good copies they have, and what is to be asked of
 * whom. Used by {@link Repair}.
 */
final class Sights {
  /** Blocks that have enough copies, and not where they should be, come last. */
  static final int ENOUGH = Attributes.COPIES_MAX;

  /** So many blocks with as few copies are kept in mind; the next survey finds the others. */
  private static final int WANTING_MAX = 100_000;

  /** So many replicas a server is asked of by one survey, in orders of a page each. */
  private static final int ASKED_MAX = 10_000;

  /** So many lost blocks are named. */
  private static final int LOST_MAX = 1000;

  final List<Deque<Long>> under = new ArrayList<>();
  final Map<Long, List<ChunkMessage.BlockState>> toAsk = new HashMap<>();
  final List<Long> lostBlocks = new ArrayList<>();
  final Map<Long, Long> leftOn = new HashMap<>();
  final Map<Long, Long> onlyOn = new HashMap<>();
  long healthy;
  long wanting;
  long unreachable;
  long lost;
  long onOneHost;
  long onOneDisk;
  long over;
  long corrupt;

  /** The most copies that are wanted of a block. */
  int most;

  Sights() {
    for (int copies = 0; copies <= ENOUGH; copies++) {
      under.add(new ArrayDeque<>());
    }
  }

  /** Nobody has the block. */
  void lose(Block block) {
    lost++;
    if (lostBlocks.size() < LOST_MAX) {
      lostBlocks.add(block.id());
    }
  }

  /** The block is to get copies; there are so many. */
  void want(Block block, int copies) {
    Deque<Long> asFew = under.get(copies);
    if (asFew.size() < WANTING_MAX) {
      asFew.add(block.id());
    }
  }

  /** These have good copies: whether they are lost together. */
  void share(ChunkServers servers, List<Long> good) {
    onOneHost += servers.shareHost(good) ? 1 : 0;
    onOneDisk += servers.shareDisk(good) ? 1 : 0;
  }

  /**
   * Whether there is more or something else of a block than there should be.
   *
   * @param having servers that have it, members or not
   * @param wrong whether a member has something else
   */
  void judge(int having, int wanted, boolean wrong) {
    most = Math.max(most, wanted);
    corrupt += wrong && having > 0 ? 1 : 0;
    over += !wrong && having > wanted ? 1 : 0;
  }

  /** Whoever has the block is away. */
  void onlyAway(Block block, Set<Long> complete) {
    block.servers().stream()
        .filter(server -> !complete.contains(server))
        .forEach(server -> onlyOn.merge(server, 1L, Long::sum));
  }

  /** Whether there is room to ask a server of a replica; if so, it will be asked. */
  boolean ask(long server, Block block) {
    List<ChunkMessage.BlockState> asked = toAsk.computeIfAbsent(server, s -> new ArrayList<>());
    return asked.size() < ASKED_MAX
        && asked.add(
            new ChunkMessage.BlockState(block.id(), block.epoch(), block.lengthBytes(), 0));
  }
}
