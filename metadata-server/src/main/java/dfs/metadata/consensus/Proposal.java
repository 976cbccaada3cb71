package dfs.metadata.consensus;

import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Order;
import java.util.List;

/**
 * An order on its way into the log; what is missing from a {@link dfs.protocol.metadata.Command} is
 * stamped on by the log.
 *
 * @param session who orders; 0: the servers themselves
 * @param placement servers for the block that the order allocates, if it does
 */
public record Proposal(
    long session, int slot, long sequence, Caller caller, List<Long> placement, Order order) {
  public Proposal {
    placement = List.copyOf(placement);
  }

  /** An order of the servers' own. */
  public static Proposal upkeep(Order order) {
    return new Proposal(0, 0, 0, Caller.ROOT, List.of(), order);
  }
}
