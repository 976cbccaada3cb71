package dfs.simulation;

import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How often what was sent, applied or met: seeds that do not reach what can go wrong show nothing.
 */
final class Reached {
  static final String LONGER_REPLICA_CUT = "longer replica cut";
  static final String PAST_READ = "past read";
  static final String PAST_READ_ACROSS_A_RELOCATION = "past read across a relocation";
  static final String COPY_MOVED = "copy moved to an emptier server";
  static final String SURPLUS_DELETED = "surplus replica deleted";
  static final String NO_SPACE = "no space";
  static final String ANSWER_LOST = "answer lost by a one-way cut";
  static final String MESSAGE_OF_AN_EARLIER_START = "message of an earlier start";
  static final String ORDER_OF_AN_OLDER_TERM = "order of an older term";

  /** Many seeds reach each of them. */
  static final List<String> WHAT_MATTERS =
      List.of(
          "SealDead",
          "SealLongest",
          LONGER_REPLICA_CUT,
          PAST_READ,
          PAST_READ_ACROSS_A_RELOCATION,
          "Copy",
          "CopyFailed",
          "SetMembers",
          COPY_MOVED,
          SURPLUS_DELETED,
          "Relocate",
          "Delete",
          "BlocksGone",
          "DrainServer",
          NO_SPACE,
          ANSWER_LOST,
          MESSAGE_OF_AN_EARLIER_START,
          ORDER_OF_AN_OLDER_TERM,
          "FenceSession",
          "Fenced",
          "Recall");

  private final Map<String, Integer> counts = new TreeMap<>();

  /** The longest replica of a block that was ever reported. */
  private final Map<Long, Long> longest = new HashMap<>();

  void count(String what) {
    count(what, 1);
  }

  void count(String what, int times) {
    if (times > 0) {
      counts.merge(what, times, Integer::sum);
    }
  }

  Map<String, Integer> counts() {
    return counts;
  }

  /** A message that is sent. */
  List<Object> pass(SimulatedProcess from, SimulatedProcess to, Object message) {
    count(message.getClass().getSimpleName());
    if (message instanceof ChunkMessage.Report report) {
      for (ChunkMessage.BlockState block : report.blocks()) {
        longest.merge(block.block(), block.lengthBytes(), Math::max);
      }
    } else if (message instanceof ChunkOrder.SealAt order) {
      for (ChunkMessage.BlockState block : order.blocks()) {
        if (longest.getOrDefault(block.block(), 0L) > block.lengthBytes()) {
          count(LONGER_REPLICA_CUT);
        }
      }
    }
    return List.of(message);
  }
}
