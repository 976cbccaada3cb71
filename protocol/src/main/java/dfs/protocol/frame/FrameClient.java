package dfs.protocol.frame;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import dfs.protocol.block.Pieces;
import dfs.protocol.frame.Frame.Answer;
import dfs.protocol.frame.Frame.Kind;
import dfs.protocol.frame.Frame.Request;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * The block service of another process, by frames over its Unix socket. Connections are made when
 * they are needed and kept; each has one request in flight, and a caller waits for one when all are
 * in use. What is sent on a kept connection that turns out to be dead is sent again, once, on a new
 * one: the service answers repeats as it answered the first. Thread-safe.
 */
final class FrameClient implements BlockService, AutoCloseable {
  static final int CONNECTIONS_MAX = 8;
  private static final int HEAD_BYTES =
      Math.max(
          Frame.REQUEST_HEADER_BYTES + Frame.CAPABILITY_BYTES_MAX + Frame.RECORD_BYTES_MAX,
          Frame.ANSWER_HEADER_BYTES
              + Math.max(Integer.BYTES * Frame.CHECKSUMS_MAX, Frame.MESSAGE_BYTES_MAX));
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final Path path;
  private final Semaphore permits = new Semaphore(CONNECTIONS_MAX, true);

  /** Guarded by itself. */
  private final Deque<Connection> idle = new ArrayDeque<>();

  private boolean closed;
  private long lastId;

  FrameClient(Path path) {
    this.path = path;
  }

  /** A connection, used by one call at a time, and the buffer for everything but payloads. */
  private static final class Connection implements AutoCloseable {
    private final SocketChannel channel;
    private final ByteBuffer head = Frame.buffer(HEAD_BYTES);

    Connection(Path path) throws IOException {
      channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
    }

    void send(
        Request request, ByteString capability, @Nullable BlockRecord record, ByteBuffer payload)
        throws IOException {
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
      boolean records = request.kind() == Kind.RECORDS;
      int wanted = records ? answer.payloadLength() : into.remaining();
      int checksums = records ? 0 : Pieces.count(request.offset(), wanted);
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

  /** What was answered to one request. */
  private record Outcome(long value, Checksums checksums) {}

  private Outcome call(
      Request request,
      ByteString capability,
      @Nullable BlockRecord record,
      ByteBuffer payload,
      ByteBuffer into)
      throws IOException {
    if (capability.size() > Frame.CAPABILITY_BYTES_MAX) {
      throw new BlockFault(BlockFault.Kind.FORBIDDEN, "a capability that is too long");
    }
    permits.acquireUninterruptibly();
    try {
      Connection kept = takeIdle();
      if (kept != null) {
        int start = into.position();
        int limit = into.limit();
        try {
          return call(kept, request, capability, record, payload, into);
        } catch (BlockFault e) {
          throw e;
        } catch (IOException e) {
          into.limit(limit).position(start);
          dropIdle();
        }
      }
      return call(new Connection(path), request, capability, record, payload, into);
    } finally {
      permits.release();
    }
  }

  private Outcome call(
      Connection connection,
      Request request,
      ByteString capability,
      @Nullable BlockRecord record,
      ByteBuffer payload,
      ByteBuffer into)
      throws IOException {
    try {
      connection.send(request, capability, record, payload);
      Answer answer = connection.receive(request, into);
      Outcome outcome = new Outcome(answer.value(), connection.checksums(answer));
      keep(connection);
      return outcome;
    } catch (BlockFault e) {
      keep(connection);
      throw e;
    } catch (IOException e) {
      connection.close();
      throw e;
    }
  }

  private @Nullable Connection takeIdle() throws IOException {
    synchronized (idle) {
      if (closed) {
        throw new IOException("the connections to " + path + " are closed");
      }
      return idle.pollLast();
    }
  }

  /** The server was restarted, probably: the others are dead too. */
  private void dropIdle() {
    synchronized (idle) {
      idle.forEach(Connection::close);
      idle.clear();
    }
  }

  private void keep(Connection connection) {
    synchronized (idle) {
      if (!closed) {
        idle.addLast(connection);
        return;
      }
    }
    connection.close();
  }

  private long nextId() {
    synchronized (idle) {
      return ++lastId;
    }
  }

  private Request request(Kind kind, ByteString capability, long block, int epoch) {
    return new Request(kind, false, false, nextId(), block, 0, epoch, 0, capability.size(), 0, 0);
  }

  @Override
  public void create(
      ByteString capability, long block, int epoch, boolean packed, List<String> next)
      throws IOException {
    ByteBuffer members = Frame.members(next);
    if (members.remaining() > Frame.MEMBERS_BYTES_MAX) {
      throw new BlockFault(BlockFault.Kind.MALFORMED, "too many members: " + next);
    }
    Request request =
        new Request(
            Kind.CREATE,
            false,
            packed,
            nextId(),
            block,
            0,
            epoch,
            0,
            capability.size(),
            0,
            members.remaining());
    call(request, capability, null, members, NOTHING);
  }

  @Override
  public long append(ByteString capability, BlockRecord record, ByteBuffer payload, boolean synced)
      throws IOException {
    if (payload.remaining() != record.length()) {
      throw new BlockFault(BlockFault.Kind.MALFORMED, "not the bytes of the record");
    }
    Request request =
        new Request(
            Kind.APPEND,
            synced,
            false,
            nextId(),
            record.block(),
            0,
            record.epoch(),
            0,
            capability.size(),
            record.encodedBytes(),
            payload.remaining());
    long durable = call(request, capability, record, payload, NOTHING).value();
    payload.position(payload.limit());
    return durable;
  }

  @Override
  public long flush(ByteString capability, long block, int epoch) throws IOException {
    Request request = request(Kind.FLUSH, capability, block, epoch);
    return call(request, capability, null, NOTHING, NOTHING).value();
  }

  @Override
  public long seal(ByteString capability, long block, int epoch) throws IOException {
    Request request = request(Kind.SEAL, capability, block, epoch);
    return call(request, capability, null, NOTHING, NOTHING).value();
  }

  /** A range longer than a frame's is read in parts, cut where units begin. */
  @Override
  public Checksums read(ByteString capability, long block, long offset, ByteBuffer into)
      throws IOException {
    if (offset < 0 || offset > Limits.BLOCK_BYTES || !into.hasRemaining()) {
      throw new BlockFault(
          BlockFault.Kind.MALFORMED,
          "a read of %d bytes at %d".formatted(into.remaining(), offset));
    }
    int[] all = new int[Pieces.count(offset, into.remaining())];
    int limit = into.limit();
    int known = 0;
    long at = offset;
    try {
      do {
        int inUnit = (int) (at & (Limits.UNIT_BYTES - 1));
        int count = Math.min(limit - into.position(), Frame.PAYLOAD_BYTES_MAX - inUnit);
        into.limit(into.position() + count);
        Checksums part = readPart(capability, block, at, into);
        for (int i = 0; i < part.size(); i++) {
          all[known++] = part.get(i);
        }
        at += count;
      } while (into.position() < limit);
    } finally {
      into.limit(limit);
    }
    return Checksums.of(all);
  }

  private Checksums readPart(ByteString capability, long block, long offset, ByteBuffer into)
      throws IOException {
    Request request =
        new Request(
            Kind.READ,
            false,
            false,
            nextId(),
            block,
            offset,
            0,
            into.remaining(),
            capability.size(),
            0,
            0);
    return call(request, capability, null, NOTHING, into).checksums();
  }

  @Override
  public List<BlockRecord> records(ByteString capability, long block, long offset)
      throws IOException {
    if (offset < 0 || offset > Limits.BLOCK_BYTES) {
      throw new BlockFault(BlockFault.Kind.MALFORMED, "records from %d on".formatted(offset));
    }
    Request request =
        new Request(
            Kind.RECORDS, false, false, nextId(), block, offset, 0, 0, capability.size(), 0, 0);
    ByteBuffer into = ByteBuffer.allocate(Limits.RECORDS_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    call(request, capability, null, NOTHING, into);
    return Frame.records(into.flip());
  }

  /** Closes what is idle now, and what is in use when its call ends. */
  @Override
  public void close() {
    synchronized (idle) {
      closed = true;
      idle.forEach(Connection::close);
      idle.clear();
    }
  }
}
