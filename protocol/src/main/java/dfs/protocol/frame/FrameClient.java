package dfs.protocol.frame;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import dfs.protocol.block.Pieces;
import dfs.protocol.frame.Frame.Answer;
import dfs.protocol.frame.Frame.Kind;
import dfs.protocol.frame.Frame.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The block service of another process, by frames over its Unix socket, with the patience of one
 * kind of caller. What is sent on a kept connection that turns out to be dead is sent again, once,
 * on a new one: the service answers repeats as it answered the first. What has no answer in time,
 * or needs none any more, is not sent again. Thread-safe.
 */
final class FrameClient implements BlockService {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final FramePool pool;
  private final long answerNanos;
  private final @Nullable Cancellation cancellation;

  /**
   * @param answerNanos a request that has no answer by then fails
   * @param cancellation of who calls, one call after the other; null: of nobody
   */
  FrameClient(FramePool pool, long answerNanos, @Nullable Cancellation cancellation) {
    this.pool = pool;
    this.answerNanos = answerNanos;
    this.cancellation = cancellation;
  }

  private boolean isCancelled() {
    return cancellation != null && cancellation.isCancelled();
  }

  /** Before the line is anybody else's: it must not be closed for this call any more. */
  private void over() {
    if (cancellation != null) {
      cancellation.over();
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
    long deadline = pool.begin(answerNanos);
    try {
      FrameLine kept = pool.takeIdle();
      if (kept != null) {
        int start = into.position();
        int limit = into.limit();
        try {
          return call(kept, deadline, request, capability, record, payload, into);
        } catch (BlockFault | LateAnswerException e) {
          throw e;
        } catch (IOException e) {
          if (isCancelled()) {
            throw e;
          }
          into.limit(limit).position(start);
          pool.dropIdle();
        }
      }
      return call(pool.open(), deadline, request, capability, record, payload, into);
    } finally {
      pool.end();
    }
  }

  /** Nobody uses the buffers any more when it returns, an answer that comes later least of all. */
  private Outcome call(
      FrameLine line,
      long deadline,
      Request request,
      ByteString capability,
      @Nullable BlockRecord record,
      ByteBuffer payload,
      ByteBuffer into)
      throws IOException {
    try {
      pool.watch(line, deadline, answerNanos < Limits.ANSWER_ALONE_NANOS);
      if (cancellation != null) {
        cancellation.begin(line::close);
      }
      line.send(request, capability, record, payload);
      Answer answer = line.receive(request, into);
      Outcome outcome = new Outcome(answer.value(), line.checksums(answer));
      over();
      pool.keep(line);
      return outcome;
    } catch (BlockFault e) {
      over();
      pool.keep(line);
      throw e;
    } catch (IOException e) {
      over();
      throw pool.drop(line, e);
    } catch (RuntimeException | Error e) {
      over();
      var _ = pool.drop(line, new IOException(e));
      throw e;
    }
  }

  private Request request(Kind kind, ByteString capability, long block, int epoch) {
    return new Request(
        kind, false, false, pool.nextId(), block, 0, epoch, 0, capability.size(), 0, 0);
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
            pool.nextId(),
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
            pool.nextId(),
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
            pool.nextId(),
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
            Kind.RECORDS,
            false,
            false,
            pool.nextId(),
            block,
            offset,
            0,
            0,
            capability.size(),
            0,
            0);
    ByteBuffer into = ByteBuffer.allocate(Limits.RECORDS_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    call(request, capability, null, NOTHING, into);
    return Frame.records(into.flip());
  }

  @Override
  public BlockDigest verify(ByteString capability, long block) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(BlockDigest.BYTES);
    Request request = request(Kind.VERIFY, capability, block, 0);
    long length = call(request, capability, null, NOTHING, into).value();
    if (length < 0 || into.hasRemaining()) {
      throw new MalformedFrameException(
          "a block of %d bytes with a digest of %d".formatted(length, into.position()));
    }
    return new BlockDigest(length, ByteString.copyFrom(into.flip()));
  }

  @Override
  public int checksum(ByteString capability, long block, long offset, int length)
      throws IOException {
    if (offset < 0 || offset > Limits.BLOCK_BYTES || length <= 0 || length > Limits.BLOCK_BYTES) {
      throw new BlockFault(
          BlockFault.Kind.MALFORMED, "a checksum of %d+%d".formatted(offset, length));
    }
    Request request =
        new Request(
            Kind.CHECKSUM,
            false,
            false,
            pool.nextId(),
            block,
            offset,
            0,
            length,
            capability.size(),
            0,
            0);
    long value = call(request, capability, null, NOTHING, ByteBuffer.allocate(0)).value();
    if (value != (int) value) {
      throw new MalformedFrameException("a checksum of " + value);
    }
    return (int) value;
  }
}
