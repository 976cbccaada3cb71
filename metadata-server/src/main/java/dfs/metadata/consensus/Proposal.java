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
 * @param again it is done already: the state has the answer, and nothing grows
 */
public record Proposal(
    long session,
    int slot,
    long sequence,
    Caller caller,
    List<Long> placement,
    Order order,
    boolean again) {
  public Proposal {
    placement = List.copyOf(placement);
  }

  /** An order that is new, as far as is known. */
  public Proposal(
      long session, int slot, long sequence, Caller caller, List<Long> placement, Order order) {
    this(session, slot, sequence, caller, placement, order, false);
  }

  /** The same, of which it is known that it is done already. */
  public Proposal isAgain() {
    return new Proposal(session, slot, sequence, caller, placement, order, true);
  }

  /** An order of the servers' own. */
  public static Proposal upkeep(Order order) {
    return new Proposal(0, 0, 0, Caller.ROOT, List.of(), order);
  }
}
