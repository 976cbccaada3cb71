package dfs.client.file;

import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;
import java.io.IOException;

/** Refusals that reach a place where they are faults. */
final class Refusals {
  private Refusals() {}

  static IOException exception(String what, Reply reply) {
    return reply instanceof Reply.Refused refused
        ? new RefusedException(
            what + ": " + refused.errno().text() + ": " + refused.detail(), refused.errno())
        : new RefusedException(what + ": unexpected answer " + reply, Errno.EPROTO);
  }
}
