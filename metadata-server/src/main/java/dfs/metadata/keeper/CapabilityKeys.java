package dfs.metadata.keeper;

import com.google.protobuf.ByteString;
import dfs.protocol.block.Capability;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkOrder;
import java.util.List;

/**
 * Signs capabilities. The key is derived from the cluster's, so that what was given out before a
 * restart is good after it; it has a number, so that it can be changed.
 */
public final class CapabilityKeys {
  private static final int KEY_ID = 1;
  private static final long READ_NANOS = 3_600_000_000_000L;
  private static final long WRITE_NANOS = 24 * READ_NANOS;

  private final Time time;
  private final ChunkOrder.Key key;

  public CapabilityKeys(ClusterKey cluster, Time time) {
    this.time = time;
    this.key = new ChunkOrder.Key(KEY_ID, cluster.derive("capability " + KEY_ID));
  }

  List<ChunkOrder.Key> keys() {
    return List.of(key);
  }

  /** Leave to read a range of a block. */
  public ByteString toRead(long block, long offset, long lengthBytes, long session) {
    return sign(block, offset, lengthBytes, Capability.READ, session, READ_NANOS);
  }

  /** Leave to write a block, and to read what was written. */
  public ByteString toWrite(long block, long lengthBytes, long session) {
    return sign(block, 0, lengthBytes, Capability.READ | Capability.WRITE, session, WRITE_NANOS);
  }

  private ByteString sign(
      long block, long offset, long lengthBytes, int operations, long session, long forNanos) {
    return new Capability(
            block, offset, lengthBytes, operations, key.id(), session, time.wallNanos() + forNanos)
        .sign(key.secret());
  }
}
