package dfs.metadata.keeper;

import java.util.List;
import java.util.Map;

/**
 * Sealed blocks by how many good copies they have.
 *
 * @param under fewer than wanted, and at least one
 * @param unreachable none that is here, but a server that is away may have one
 * @param lost none, although all members are here
 * @param lostBlocks some of them
 * @param leftOn of each server that is drained, the blocks of any kind that it is needed for
 * @param onlyOn of servers that are away, the blocks of any kind of which nobody who is here has a
 *     good copy
 * @param onOneHost blocks of several good copies, all of them on one host
 * @param onOneDisk the same, on one disk
 * @param over blocks of which there are more good copies than wanted: they go by themselves
 * @param corrupt blocks with a good copy, and a member whose own is damaged or of another length
 */
public record Health(
    long healthy,
    long under,
    long unreachable,
    long lost,
    List<Long> lostBlocks,
    Map<Long, Long> leftOn,
    Map<Long, Long> onlyOn,
    long onOneHost,
    long onOneDisk,
    long over,
    long corrupt) {
  public Health {
    lostBlocks = List.copyOf(lostBlocks);
    leftOn = Map.copyOf(leftOn);
    onlyOn = Map.copyOf(onlyOn);
  }

  Health(long healthy, long under, long unreachable, long lost) {
    this(healthy, under, unreachable, lost, List.of(), Map.of(), Map.of());
  }

  Health(
      long healthy,
      long under,
      long unreachable,
      long lost,
      List<Long> lostBlocks,
      Map<Long, Long> leftOn,
      Map<Long, Long> onlyOn) {
    this(healthy, under, unreachable, lost, lostBlocks, leftOn, onlyOn, 0, 0, 0, 0);
  }
}
