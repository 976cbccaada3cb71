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
import dfs.protocol.frame.Frame.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of a {@link FrameServer}, and its thread. A request is received into the buffer
 * that its answer is made in; the buffer grows once, when the first large one comes.
 */
final class FrameConnection {
  private static final Logger LOG = LoggerFactory.getLogger(FrameConnection.class);
  private static final int SMALL_BYTES = 16 << 10;
  private static final int LARGE_BYTES =
      Frame.REQUEST_HEADER_BYTES
          + Frame.CAPABILITY_BYTES_MAX
          + Frame.RECORD_BYTES_MAX
          + Frame.PAYLOAD_BYTES_MAX;

  private final SocketChannel channel;
  private final BlockService service;
  private final Consumer<FrameConnection> ended;
  private final Thread thread;
  private ByteBuffer buffer = Frame.buffer(SMALL_BYTES);

  FrameConnection(SocketChannel channel, BlockService service, Consumer<FrameConnection> ended) {
    this.channel = channel;
    this.service = service;
    this.ended = ended;
    this.thread = Thread.ofPlatform().daemon().name("dfs-frames connection").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  Thread thread() {
    return thread;
  }

  void close() {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("a connection closed badly", e);
    }
  }

  private void run() {
    try {
      while (serve()) {
        // until the client leaves
      }
    } catch (MalformedFrameException e) {
      LOG.warn("a connection ended for a malformed request: {}", e.getMessage());
    } catch (IOException e) {
      LOG.debug("a connection broke", e);
    } catch (RuntimeException e) {
      LOG.error("a connection ended for an unexpected error", e);
    } finally {
      close();
      ended.accept(this);
    }
  }

  /** Receives one request and answers it; false when the client left. */
  private boolean serve() throws IOException {
    ByteBuffer head = buffer.clear().limit(Frame.REQUEST_HEADER_BYTES);
    if (channel.read(head) < 0) {
      return false;
    }
    Frame.readFully(channel, head);
    Request request = Request.decode(buffer);
    reserve(Frame.REQUEST_HEADER_BYTES + request.bodyBytes());
    buffer.clear().limit(request.bodyBytes());
    Frame.readFully(channel, buffer);
    buffer.flip();
    ByteString capability = ByteString.copyFrom(buffer, request.capabilityLength());
    try {
      answer(request, capability);
    } catch (BlockFault e) {
      if (e.kind() == BlockFault.Kind.NOT_WRITABLE) {
        // Rare: of who was stopped, or cut off, while others went on without him.
        LOG.info("refused {}: {}", request, e.getMessage());
      }
      refuse(request, e.kind(), String.valueOf(e.getMessage()));
    } catch (IOException e) {
      LOG.error("{} failed", request, e);
      refuse(request, BlockFault.Kind.DISK, String.valueOf(e.getMessage()));
    }
    Frame.writeFully(channel, buffer.flip());
    return true;
  }

  private void reserve(int bytes) {
    if (buffer.capacity() < bytes) {
      buffer = Frame.buffer(LARGE_BYTES);
    }
  }

  /** Calls the service and leaves the answer in the buffer, to be flipped. */
  private void answer(Request request, ByteString capability) throws IOException {
    long block = request.block();
    int epoch = request.epoch();
    switch (request.kind()) {
      case CREATE -> {
        List<String> next = Frame.members(buffer.slice(buffer.position(), request.payloadLength()));
        service.create(capability, block, epoch, request.packed(), next);
        done(request, 0);
      }
      case APPEND -> {
        ByteBuffer rest = buffer.slice().order(ByteOrder.LITTLE_ENDIAN);
        BlockRecord record =
            BlockRecord.decode(rest.duplicate().order(rest.order()).limit(request.recordLength()));
        ByteBuffer payload = rest.slice(request.recordLength(), request.payloadLength());
        done(request, service.append(capability, record, payload, request.synced()));
      }
      case FLUSH -> done(request, service.flush(capability, block, epoch));
      case SEAL -> done(request, service.seal(capability, block, epoch));
      case READ -> read(request, capability);
      case RECORDS -> records(request, capability);
      case VERIFY -> verify(request, capability);
      case PING -> done(request, 0);
      case CHECKSUM -> {
        int wanted = request.wanted();
        done(request, service.checksum(capability, block, request.offset(), wanted));
      }
    }
  }

  private void done(Request request, long value) {
    new Answer(Frame.STATUS_DONE, request.id(), value, 0, 0).encode(buffer.clear());
  }

  private void read(Request request, ByteString capability) throws IOException {
    int wanted = request.wanted();
    int pieces = Pieces.count(request.offset(), wanted);
    int start = Frame.ANSWER_HEADER_BYTES + (Integer.BYTES * pieces);
    reserve(start + wanted);
    ByteBuffer into = buffer.clear().slice(start, wanted);
    Checksums checksums = service.read(capability, request.block(), request.offset(), into);
    if (checksums.size() != pieces || into.hasRemaining()) {
      throw new IllegalStateException(
          "a service read %d of %d bytes".formatted(into.position(), wanted));
    }
    new Answer(Frame.STATUS_DONE, request.id(), 0, pieces, wanted).encode(buffer.clear());
    for (int i = 0; i < pieces; i++) {
      buffer.putInt(checksums.get(i));
    }
    buffer.position(start + wanted);
  }

  private void records(Request request, ByteString capability) throws IOException {
    List<BlockRecord> records = service.records(capability, request.block(), request.offset());
    int bytes = Frame.bytes(records);
    if (bytes > Limits.RECORDS_BYTES) {
      throw new IllegalStateException("a service gave %d bytes of records".formatted(bytes));
    }
    reserve(Frame.ANSWER_HEADER_BYTES + bytes);
    new Answer(Frame.STATUS_DONE, request.id(), 0, 0, bytes).encode(buffer.clear());
    records.forEach(record -> record.encode(buffer));
  }

  private void verify(Request request, ByteString capability) throws IOException {
    BlockDigest found = service.verify(capability, request.block());
    new Answer(Frame.STATUS_DONE, request.id(), found.lengthBytes(), 0, BlockDigest.BYTES)
        .encode(buffer.clear());
    Frame.put(buffer, found.digest());
  }

  @SuppressWarnings("EnumOrdinal") // kinds are only ever added at the end
  private void refuse(Request request, BlockFault.Kind kind, String reason) {
    byte[] message = reason.getBytes(StandardCharsets.UTF_8);
    if (message.length > Frame.MESSAGE_BYTES_MAX) {
      message = Arrays.copyOf(message, Frame.MESSAGE_BYTES_MAX);
    }
    new Answer(Frame.status(kind), request.id(), 0, 0, message.length).encode(buffer.clear());
    buffer.put(message);
  }
}
