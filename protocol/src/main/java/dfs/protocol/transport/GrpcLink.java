package dfs.protocol.transport;

import dfs.protocol.seam.Link;
import dfs.protocol.seam.Peer;
import dfs.protocol.wire.MalformedMessageException;
import dfs.protocol.wire.RecordCodec;
import io.grpc.Status;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One end of a stream over a gRPC call. Messages are encoded by their sender and wait here, not in
 * gRPC, while the other end takes none: so they can be counted. Whoever finds nobody writing
 * writes, also for others; no lock is held meanwhile. Thread-safe.
 *
 * @param <S> what this end sends
 * @param <R> what it receives
 */
final class GrpcLink<S, R> implements Link<S> {
  private static final Logger LOG = LoggerFactory.getLogger(GrpcLink.class);

  /** Largest encoded message. */
  static final int MESSAGE_BYTES_MAX = 4 << 20;

  /** What may wait to be written; a peer this far behind has stopped reading. */
  static final int QUEUE_BYTES_MAX = 64 << 20;

  static final int QUEUE_MESSAGES_MAX = 65_536;

  /** Messages that gRPC may deliver before the first of them has been received. */
  private static final int AHEAD_MESSAGES = 8;

  private static final long FAREWELL_SECONDS = 5;

  /** One side of a gRPC call, as far as a link needs it. Calls to {@link #write} never overlap. */
  interface Call {
    /** Whether a message would be written rather than kept in memory. */
    boolean isReady();

    void write(byte[] message);

    /** Ends the stream after what was written; called once, after the last write. */
    void finish();

    /** Breaks the stream. Never while a write is under way; more than once does no harm. */
    void abort(String reason);

    /** Asks for so many more messages. */
    void request(int messages);
  }

  private final RecordCodec<S> encoder;
  private final RecordCodec<R> decoder;
  private final Peer peer;
  private final Call call;
  private final ScheduledExecutorService timers;
  private final Mailbox<R> inbound = new Mailbox<>();

  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final ArrayDeque<byte[]> outbound = new ArrayDeque<>();
  private long outboundBytes;

  /** Somebody writes: nobody else may touch the call. */
  private boolean writing;

  /** Nothing more may be sent. */
  private boolean closed;

  /** Why the call is to be broken rather than finished. */
  private @Nullable String abortReason;

  /** The call is finished or broken: nobody writes any more. */
  private boolean finished;

  GrpcLink(
      RecordCodec<S> encoder,
      RecordCodec<R> decoder,
      Peer peer,
      Call call,
      ScheduledExecutorService timers) {
    this.encoder = encoder;
    this.decoder = decoder;
    this.peer = peer;
    this.call = call;
    this.timers = timers;
  }

  /** What gRPC says of the end of a call, for people. */
  static String reason(Status status) {
    if (status.isOk()) {
      return "closed by the other end";
    }
    String text =
        status.getDescription() == null ? status.getCode().name() : status.getDescription();
    return status.getCause() == null ? text : text + ": " + status.getCause().getMessage();
  }

  /** Begins to deliver. */
  void start(Receiver<R> receiver) {
    inbound.start(receiver, this::abort);
    call.request(AHEAD_MESSAGES);
  }

  @Override
  public Peer peer() {
    return peer;
  }

  /**
   * As {@link Link#send}.
   *
   * @throws IllegalArgumentException for a message larger than any reader takes
   */
  @Override
  public void send(S message) {
    byte[] bytes = encoder.encode(message);
    if (bytes.length > MESSAGE_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a message of " + bytes.length + " bytes; the most is " + MESSAGE_BYTES_MAX);
    }
    boolean full;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      full =
          outboundBytes + bytes.length > QUEUE_BYTES_MAX || outbound.size() >= QUEUE_MESSAGES_MAX;
      if (!full) {
        outbound.add(bytes);
        outboundBytes += bytes.length;
      }
    } finally {
      lock.unlock();
    }
    if (full) {
      abort("more messages than may wait were not received");
    } else {
      write();
    }
  }

  /** Writes what waits, unless somebody does or the call takes none now. */
  void write() {
    lock.lock();
    try {
      if (writing) {
        return;
      }
      writing = true;
    } finally {
      lock.unlock();
    }
    for (byte[] next = take(); next != null; next = take()) {
      try {
        call.write(next);
      } catch (RuntimeException e) {
        LOG.error("a message could not be written", e);
        breakOff("a message could not be written");
      }
    }
  }

  /** The next message to write; null gives up the right to write, and ends the call if due. */
  private byte @Nullable [] take() {
    String reason;
    lock.lock();
    try {
      byte[] next = call.isReady() ? outbound.poll() : null;
      if (next != null) {
        outboundBytes -= next.length;
        return next;
      }
      if (!closed || !outbound.isEmpty() || finished) {
        writing = false;
        return null;
      }
      reason = abortReason;
    } finally {
      lock.unlock();
    }
    end(reason);
    return null;
  }

  /** Called by the one who writes, who gives that right to nobody any more. */
  private void end(@Nullable String reason) {
    if (reason == null) {
      call.finish();
    } else {
      call.abort(reason);
    }
    String late;
    lock.lock();
    try {
      finished = true;
      late = reason == null ? abortReason : null;
    } finally {
      lock.unlock();
    }
    if (late != null) {
      call.abort(late);
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
    } finally {
      lock.unlock();
    }
    write();
    inbound.end("closed", true);
    try {
      // A peer that does not read what is left, or does not end its side, is not awaited longer.
      var _ =
          timers.schedule(() -> abort("not closed in time"), FAREWELL_SECONDS, TimeUnit.SECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("the transport has been closed before its stream", e);
    }
  }

  /** Breaks the stream: what waits is lost. */
  void abort(String reason) {
    if (breakOff(reason)) {
      call.abort(reason);
    } else {
      write();
    }
    inbound.end(reason, true);
  }

  /** Marks the stream as broken; true if nobody writes any more, so that the call is free. */
  private boolean breakOff(String reason) {
    lock.lock();
    try {
      closed = true;
      abortReason = reason;
      outbound.clear();
      outboundBytes = 0;
      return finished;
    } finally {
      lock.unlock();
    }
  }

  /** A message came; called one at a time. */
  void arrived(byte[] bytes) {
    R message;
    try {
      message = decoder.decode(bytes);
    } catch (MalformedMessageException e) {
      abort("the other end sent what is no message: " + e.getMessage());
      return;
    }
    if (!inbound.put(message)) {
      abort("more than " + Mailbox.MESSAGES_MAX + " messages were not received");
      return;
    }
    call.request(1);
  }

  /** The other end sends no more and wants the end: the call is finished from here too. */
  void endedByPeer(String reason) {
    lock.lock();
    try {
      closed = true;
      outbound.clear();
      outboundBytes = 0;
    } finally {
      lock.unlock();
    }
    write();
    inbound.end(reason, false);
  }

  /** The call is over, whoever ended it; called after the last message. */
  void ended(String reason) {
    lock.lock();
    try {
      closed = true;
      finished = true;
      outbound.clear();
      outboundBytes = 0;
    } finally {
      lock.unlock();
    }
    inbound.end(reason, false);
  }
}
