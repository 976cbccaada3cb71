package dfs.protocol.seam;

/**
 * One end of a two-way stream of messages, in order. Closed once by either side or by a failure;
 * nothing sent before is then known to have arrived.
 *
 * @param <S> what this end sends
 */
public interface Link<S> {
  /**
   * Hands a message over; does nothing after the link has closed. Safe for concurrent use; waits
   * for nobody.
   */
  void send(S message);

  /** Who is at the other end, as far as the transport knows. */
  Peer peer();

  /** Ends the stream; the other end's receiver hears of it. Does nothing the second time. */
  void close();

  /**
   * What one end does with what the other end sent. Calls come one at a time, in order, and must
   * not block.
   */
  interface Receiver<R> {
    void receive(R message);

    /** The last call: the stream has ended. {@code reason} is for people. */
    void closed(String reason);
  }
}
