package dfs.metadata.consensus;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Upkeep;
import java.nio.ByteBuffer;
import java.util.List;

/** Proposals of the tests. */
final class Proposed {
  private Proposed() {}

  /** A small order with a number that a test finds again. */
  static Proposal numbered(long number) {
    return new Proposal(7, 3, number, Caller.ROOT, List.of(number), new Upkeep.ReapMap(number));
  }

  /** One that adds something to the store. */
  static Proposal growing(long number) {
    return new Proposal(
        7,
        3,
        number,
        Caller.ROOT,
        List.of(),
        new Change.MakeDirectory(1, ByteString.copyFromUtf8("d"), 0755, 0));
  }

  /** An order of about this size. */
  static Proposal large(int bytes) {
    return Proposal.upkeep(new Upkeep.Format(ByteString.copyFrom(new byte[bytes]), 0, 0));
  }

  static ByteString value(long number) {
    return ByteString.copyFrom(ByteBuffer.allocate(Long.BYTES).putLong(number).flip());
  }
}
