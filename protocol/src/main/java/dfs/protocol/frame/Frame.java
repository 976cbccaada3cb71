package dfs.protocol.frame;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The layout of requests and answers, as drawn in the chunk server's README, and their bounds. */
final class Frame {
  static final int REQUEST_HEADER_BYTES = 48;
  static final int ANSWER_HEADER_BYTES = 32;
  static final int CAPABILITY_BYTES_MAX = 256;
  static final int RECORD_BYTES_MAX = 2048;
  static final int PAYLOAD_BYTES_MAX = Limits.APPEND_BYTES;

  /** Of the addresses that a create bears as its payload, a line each. */
  static final int MEMBERS_BYTES_MAX = 2048;

  static final int MESSAGE_BYTES_MAX = 1024;

  /** Pieces of the longest range that is read at once. */
  static final int CHECKSUMS_MAX = (Limits.APPEND_BYTES >> Limits.UNIT_LOG2) + 1;

  static final int STATUS_DONE = 0;
  private static final int LENGTH_BYTES = 4;
  private static final int VERSION = 1;
  private static final int INLINE = 0;
  private static final int FLAG_SYNCED = 1;
  private static final int FLAG_PACKED = 2;

  private Frame() {}

  /** What is asked for; the code travels. */
  enum Kind {
    CREATE(1),
    APPEND(2),
    FLUSH(3),
    SEAL(4),
    READ(5),
    RECORDS(6),
    VERIFY(7),
    PING(8),
    CHECKSUM(9);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    static @Nullable Kind of(int code) {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      return null;
    }
  }

  /**
   * The head of a request.
   *
   * @param wanted bytes to read, or to tell the checksum of
   */
  record Request(
      Kind kind,
      boolean synced,
      boolean packed,
      long id,
      long block,
      long offset,
      int epoch,
      int wanted,
      int capabilityLength,
      int recordLength,
      int payloadLength) {
    int bodyBytes() {
      return capabilityLength + recordLength + payloadLength;
    }

    void encode(ByteBuffer out) {
      out.putInt(REQUEST_HEADER_BYTES - LENGTH_BYTES + bodyBytes());
      out.put((byte) kind.code);
      out.put((byte) ((synced ? FLAG_SYNCED : 0) | (packed ? FLAG_PACKED : 0)));
      out.put((byte) INLINE).put((byte) VERSION);
      out.putLong(id).putLong(block).putLong(offset).putInt(epoch).putInt(wanted);
      out.putShort((short) capabilityLength).putShort((short) recordLength).putInt(payloadLength);
    }

    /**
     * Reads the head at the start of {@code in}.
     *
     * @throws MalformedFrameException when it is not one, or its lengths exceed their bounds
     */
    static Request decode(ByteBuffer in) throws MalformedFrameException {
      Kind kind = Kind.of(in.get(4));
      int flags = in.get(5);
      if (kind == null || (flags & ~(FLAG_SYNCED | FLAG_PACKED)) != 0) {
        throw new MalformedFrameException(
            "request of kind %d, flags %d".formatted(in.get(4), flags));
      }
      checkForm(in);
      Request request =
          new Request(
              kind,
              (flags & FLAG_SYNCED) != 0,
              (flags & FLAG_PACKED) != 0,
              in.getLong(8),
              in.getLong(16),
              in.getLong(24),
              in.getInt(32),
              in.getInt(36),
              Short.toUnsignedInt(in.getShort(40)),
              Short.toUnsignedInt(in.getShort(42)),
              in.getInt(44));
      boolean append = kind == Kind.APPEND;
      if (request.offset < 0 || request.offset > Limits.BLOCK_BYTES) {
        throw new MalformedFrameException("a range at " + request.offset);
      }
      checkLength(request.wanted, wantedMin(kind), wantedMax(kind));
      checkLength(
          request.payloadLength,
          append ? 1 : 0,
          append || kind == Kind.CREATE ? PAYLOAD_BYTES_MAX : 0);
      if (kind == Kind.CREATE && request.payloadLength > MEMBERS_BYTES_MAX) {
        throw new MalformedFrameException(request.payloadLength + " bytes of addresses");
      }
      if (request.capabilityLength > CAPABILITY_BYTES_MAX
          || request.recordLength > (append ? RECORD_BYTES_MAX : 0)
          || in.getInt(0) != REQUEST_HEADER_BYTES - LENGTH_BYTES + request.bodyBytes()) {
        throw new MalformedFrameException("lengths of %s in %d".formatted(request, in.getInt(0)));
      }
      return request;
    }

    private static int wantedMin(Kind kind) {
      return wantedMax(kind) > 0 ? 1 : 0;
    }

    private static int wantedMax(Kind kind) {
      return switch (kind) {
        case READ -> PAYLOAD_BYTES_MAX;
        case CHECKSUM -> (int) Limits.BLOCK_BYTES;
        case CREATE, APPEND, FLUSH, SEAL, RECORDS, VERIFY, PING -> 0;
      };
    }

    private static void checkLength(int length, int min, int max) throws MalformedFrameException {
      if (length < min || length > max) {
        throw new MalformedFrameException("a request for or with %d bytes".formatted(length));
      }
    }
  }

  /** The head of an answer; {@code value} is a length of the block, or a checksum. */
  record Answer(int status, long id, long value, int checksums, int payloadLength) {
    void encode(ByteBuffer out) {
      out.putInt(ANSWER_HEADER_BYTES - LENGTH_BYTES + (Integer.BYTES * checksums) + payloadLength);
      out.put((byte) status).put((byte) 0).put((byte) INLINE).put((byte) VERSION);
      out.putLong(id).putLong(value).putInt(checksums).putInt(payloadLength);
    }

    /**
     * Reads the head at the start of {@code in}.
     *
     * @throws MalformedFrameException when it is not one, or its lengths exceed their bounds
     */
    static Answer decode(ByteBuffer in) throws MalformedFrameException {
      checkForm(in);
      Answer answer =
          new Answer(in.get(4), in.getLong(8), in.getLong(16), in.getInt(24), in.getInt(28));
      boolean done = answer.status == STATUS_DONE;
      if (answer.checksums < 0
          || answer.checksums > (done ? CHECKSUMS_MAX : 0)
          || answer.payloadLength < 0
          || answer.payloadLength > (done ? PAYLOAD_BYTES_MAX : MESSAGE_BYTES_MAX)
          || in.getInt(0)
              != ANSWER_HEADER_BYTES
                  - LENGTH_BYTES
                  + (Integer.BYTES * answer.checksums)
                  + answer.payloadLength) {
        throw new MalformedFrameException("lengths of %s in %d".formatted(answer, in.getInt(0)));
      }
      return answer;
    }
  }

  /** The status that stands for a fault. */
  static int status(BlockFault.Kind kind) {
    return switch (kind) {
      case NO_SUCH_BLOCK -> 1;
      case FORBIDDEN -> 2;
      case MALFORMED -> 3;
      case WRONG_OFFSET -> 4;
      case NOT_WRITABLE -> 5;
      case DAMAGED -> 6;
      case NO_SPACE -> 7;
      case DISK -> 8;
      case NOT_READY -> 9;
      case MEMBER_FAILED -> 10;
    };
  }

  /**
   * The fault that a status stands for; one that is not known here is some trouble of the server.
   */
  static BlockFault.Kind fault(int status) {
    for (BlockFault.Kind kind : BlockFault.Kind.values()) {
      if (status(kind) == status) {
        return kind;
      }
    }
    return BlockFault.Kind.DISK;
  }

  private static void checkForm(ByteBuffer in) throws MalformedFrameException {
    if (in.get(6) != INLINE || in.get(7) != VERSION) {
      throw new MalformedFrameException(
          "payload form %d, version %d".formatted(in.get(6), in.get(7)));
    }
  }

  /** Addresses as a payload. */
  static ByteBuffer members(List<String> addresses) {
    return StandardCharsets.UTF_8.encode(String.join("\n", addresses));
  }

  static List<String> members(ByteBuffer payload) {
    String text = StandardCharsets.UTF_8.decode(payload).toString();
    return text.isEmpty() ? List.of() : List.of(text.split("\n", -1));
  }

  /** Bytes of records one after the other. */
  static int bytes(List<BlockRecord> records) {
    return records.stream().mapToInt(BlockRecord::encodedBytes).sum();
  }

  /** The records that fill {@code in}, which is little-endian. */
  static List<BlockRecord> records(ByteBuffer in) throws MalformedFrameException {
    List<BlockRecord> records = new ArrayList<>();
    try {
      while (in.hasRemaining()) {
        records.add(BlockRecord.decode(in));
      }
    } catch (BlockFault e) {
      throw new MalformedFrameException("records that are none: " + e.getMessage());
    }
    return List.copyOf(records);
  }

  /** A direct buffer in the frames' byte order. */
  static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static void put(ByteBuffer out, ByteString bytes) {
    bytes.copyTo(out);
  }

  /** Reads until {@code into} is full. */
  static void readFully(ReadableByteChannel channel, ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (channel.read(into) < 0) {
        throw new EOFException("the connection ended within a frame");
      }
    }
  }

  static void writeFully(WritableByteChannel channel, ByteBuffer from) throws IOException {
    while (from.hasRemaining()) {
      channel.write(from);
    }
  }
}
