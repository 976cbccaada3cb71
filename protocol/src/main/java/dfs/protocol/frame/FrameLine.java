package dfs.protocol.frame;

import com.google.protobuf.ByteString;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.Checksums;
import dfs.protocol.block.Pieces;
import dfs.protocol.frame.Frame.Answer;
import dfs.protocol.frame.Frame.Kind;
import dfs.protocol.frame.Frame.Request;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A connection to another process, used by one call at a time, and the buffer for everything but
 * payloads. It connects with its first request, so that this too has its time limit. Whoever calls
 * reads and writes in his own thread: once the channel is closed nobody touches his buffers.
 */
final class FrameLine implements AutoCloseable {
  private static final int HEAD_BYTES =
      Math.max(
          Frame.REQUEST_HEADER_BYTES + Frame.CAPABILITY_BYTES_MAX + Frame.RECORD_BYTES_MAX,
          Frame.ANSWER_HEADER_BYTES
              + Math.max(Integer.BYTES * Frame.CHECKSUMS_MAX, Frame.MESSAGE_BYTES_MAX));

  private final Path path;
  private final SocketChannel channel;
  private final ByteBuffer head = Frame.buffer(HEAD_BYTES);

  /** Guarded by this, as are those below it: when the request began, and must be answered. */
  private long askedNanos;

  private long deadlineNanos;
  private boolean hurried;
  private boolean asked;
  private boolean late;

  FrameLine(Path path) throws IOException {
    this.path = path;
    this.channel = SocketChannel.open(StandardProtocolFamily.UNIX);
  }

  /**
   * A request begins; its answer must be there by then.
   *
   * @param sooner it ends before that if the server is silent
   */
  synchronized void asked(long nowNanos, long untilNanos, boolean sooner) {
    askedNanos = nowNanos;
    deadlineNanos = untilNanos;
    hurried = sooner;
    asked = true;
  }

  /** Whether the server owes it an answer since then, and others could give it. */
  synchronized boolean isDoubtful(long sinceNanos) {
    return asked && hurried && !late && askedNanos - sinceNanos <= 0;
  }

  /**
   * Ends the call that is under way, if its time is over: it hears of a closed channel.
   *
   * @param silent whether the server does not even say that it is there
   */
  synchronized void endIfLate(long nowNanos, boolean silent) {
    if (asked && (nowNanos - deadlineNanos >= 0 || (hurried && silent))) {
      late = true;
      close();
    }
  }

  /** The request is over; whether its time was over before. */
  synchronized boolean wasLate() {
    asked = false;
    return late;
  }

  boolean isOpen() {
    return channel.isOpen();
  }

  void send(
      Request request, ByteString capability, @Nullable BlockRecord record, ByteBuffer payload)
      throws IOException {
    if (!channel.isConnected()) {
      channel.connect(UnixDomainSocketAddress.of(path));
    }
    request.encode(head.clear());
    Frame.put(head, capability);
    if (record != null) {
      record.encode(head);
    }
    ByteBuffer[] parts = {head.flip(), payload.duplicate()};
    while (parts[0].hasRemaining() || parts[1].hasRemaining()) {
      channel.write(parts);
    }
  }

  /**
   * Receives the answer; the bytes of a read go into {@code into}, their checksums stay in the
   * head. Records may be fewer bytes than there is room for.
   */
  Answer receive(Request request, ByteBuffer into) throws IOException {
    Frame.readFully(channel, head.clear().limit(Frame.ANSWER_HEADER_BYTES));
    Answer answer = Answer.decode(head);
    if (answer.id() != request.id()) {
      throw new MalformedFrameException("the answer to another request");
    }
    if (answer.status() != Frame.STATUS_DONE) {
      throw fault(answer);
    }
    boolean bare = request.kind() == Kind.RECORDS || request.kind() == Kind.VERIFY;
    int wanted = bare ? answer.payloadLength() : into.remaining();
    int checksums = bare ? 0 : Pieces.count(request.offset(), wanted);
    if (answer.payloadLength() != wanted
        || wanted > into.remaining()
        || answer.checksums() != checksums) {
      throw new MalformedFrameException("%s to %s".formatted(answer, request));
    }
    Frame.readFully(channel, head.clear().limit(Integer.BYTES * answer.checksums()));
    Frame.readFully(channel, into.limit(into.position() + wanted));
    return answer;
  }

  private IOException fault(Answer answer) throws IOException {
    Frame.readFully(channel, head.clear().limit(answer.payloadLength()));
    String message = StandardCharsets.UTF_8.decode(head.flip()).toString();
    return new BlockFault(Frame.fault(answer.status()), message);
  }

  Checksums checksums(Answer answer) {
    int[] checksums = new int[answer.checksums()];
    for (int i = 0; i < checksums.length; i++) {
      checksums[i] = head.getInt(Integer.BYTES * i);
    }
    return Checksums.of(checksums);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing is lost: whoever waits on it hears of its own failure.
    }
  }
}
