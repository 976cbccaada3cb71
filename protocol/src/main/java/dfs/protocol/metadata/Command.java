package dfs.protocol.metadata;

import com.google.protobuf.ByteString;
import dfs.protocol.wire.RecordCodec;
import java.util.List;

/**
 * One entry of the log: an order with everything that applying it needs from outside, stamped in
 * before it enters the log.
 *
 * @param stampNanos time in nanoseconds since 1970; never below the previous command's plus one
 * @param session who ordered it; 0: the servers themselves
 * @param slot reply slot of the session, and its sequence there: a repeat is answered, never run
 *     again
 * @param placement ids of the servers for the block that the order allocates, if it does
 * @param salt 16 random bytes per log entry, for the ledger's commitments
 */
public record Command(
    long stampNanos,
    long session,
    int slot,
    long sequence,
    Caller caller,
    List<Long> placement,
    ByteString salt,
    Order order) {
  /** The form of a command in the log. */
  public static final RecordCodec<Command> CODEC = RecordCodec.of(Command.class);

  public Command {
    placement = List.copyOf(placement);
  }
}
