package dfs.protocol.session;

import com.google.protobuf.ByteString;
import dfs.protocol.wire.RecordCodec;
import dfs.protocol.wire.Tag;
import java.util.List;

/** From a chunk server to the metadata server, on its control stream. */
public sealed interface ChunkMessage {
  RecordCodec<ChunkMessage> CODEC = RecordCodec.of(ChunkMessage.class);

  /**
   * The first message, answering the challenge.
   *
   * @param server id from an earlier registration, kept in the data directory; 0: new
   * @param cluster cluster the data directory belongs to; empty: new
   * @param proof {@link KeyProof#OF_CHUNK_SERVER}
   * @param address where clients reach it: "unix:/path" or "tcp:127.0.0.1:port", or "local:NAME"
   *     within one process
   * @param incarnation grows with each start, and when a stream on which it was welcomed has ended
   * @param nonce over which the metadata server is to show the key, too
   */
  @Tag(1)
  record Register(
      long server,
      ByteString cluster,
      ByteString proof,
      String host,
      String address,
      ByteString directory,
      long incarnation,
      ByteString nonce)
      implements ChunkMessage {}

  /** Every second: space of each data directory. */
  @Tag(2)
  record Heartbeat(List<DirectoryState> directories) implements ChunkMessage {
    public Heartbeat {
      directories = List.copyOf(directories);
    }
  }

  /**
   * State of one data directory.
   *
   * @param state "ok" or what is wrong
   * @param scrubbedNanos when all blocks had been read for damage the last time, in wall
   *     nanoseconds; 0: never yet
   * @param device what it lies on: the same on one host is lost together
   * @param spaceBytes what new blocks may take of the free bytes; 0: none is taken
   * @param weight by which its space counts when new blocks are placed, in thousandths; 0: not
   *     said, which is {@link #WEIGHT_USUAL}; below 0: it takes no new blocks
   * @param flushNanos how long a flush takes of late, the median; 0: not known
   * @param compactBytes what may be put together of other blocks, where there is no space for new
   *     ones: of the reserve
   */
  record DirectoryState(
      ByteString directory,
      String path,
      String state,
      long totalBytes,
      long freeBytes,
      long blocks,
      long scrubbedNanos,
      String device,
      long spaceBytes,
      int weight,
      long flushNanos,
      long compactBytes) {
    /** A weight of 1, in thousandths. */
    public static final int WEIGHT_USUAL = 1000;

    /** One that takes no new blocks. */
    public static final int WEIGHT_NONE = -1;

    /** How the state of one begins that has failed; the reason follows. */
    public static final String FAILED = "failed: ";

    /** With the usual weight, and not known to be slow. */
    public DirectoryState(
        ByteString directory,
        String path,
        String state,
        long totalBytes,
        long freeBytes,
        long blocks,
        long scrubbedNanos,
        String device,
        long spaceBytes) {
      this(
          directory,
          path,
          state,
          totalBytes,
          freeBytes,
          blocks,
          scrubbedNanos,
          device,
          spaceBytes,
          WEIGHT_USUAL,
          0,
          0);
    }

    /** The weight in thousandths, at least 0. */
    public int weightThousandths() {
      return weight == 0 ? WEIGHT_USUAL : Math.max(0, weight);
    }

    /** Whether nothing on it can be read or written any more. */
    public boolean hasFailed() {
      return state.startsWith(FAILED);
    }

    /** Whether nothing is wrong with it. */
    public boolean isWell() {
      return state.equals("ok");
    }
  }

  /**
   * Blocks that lie here. After the welcome all of them, in pages; later what changed.
   *
   * @param last the pages before, and this one, are all
   */
  @Tag(3)
  record Report(List<BlockState> blocks, boolean last) implements ChunkMessage {
    public Report {
      blocks = List.copyOf(blocks);
    }
  }

  /** One replica; {@code state}: 0 open, 1 sealed, 2 damaged. */
  record BlockState(long block, long epoch, long lengthBytes, int state) {}

  /** These blocks are deleted here. */
  @Tag(4)
  record Deleted(List<Long> blocks) implements ChunkMessage {
    public Deleted {
      blocks = List.copyOf(blocks);
    }
  }

  /** A copy that was ordered could not be made. */
  @Tag(6)
  record CopyFailed(long block, String reason) implements ChunkMessage {}

  /** These blocks are sealed here, at these lengths. */
  @Tag(5)
  record Sealed(List<BlockState> blocks) implements ChunkMessage {
    public Sealed {
      blocks = List.copyOf(blocks);
    }
  }
}
