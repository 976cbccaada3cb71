package dfs.metadata.keeper;

import com.google.protobuf.ByteString;
import dfs.protocol.block.Capability;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkOrder;
import java.util.List;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs capabilities. Its keys are derived from the cluster's, each for a period of the clock, so
 * that what was given out before a restart is good after it. A key is known to the chunk servers
 * before anything is signed with it, usually for a whole period, and is trusted as long as what was
 * signed with it is good. Thread-safe.
 */
public final class CapabilityKeys {
  /** How long one signs, usually: a day. */
  public static final long PERIOD_NANOS = 24 * 3_600_000_000_000L;

  private static final Logger LOG = LoggerFactory.getLogger(CapabilityKeys.class);
  private static final long READ_NANOS = 3_600_000_000_000L;
  private static final long WRITE_NANOS = PERIOD_NANOS;

  /** By then a chunk server was told, or is not here: each is told when it says that it is. */
  private static final long TOLD_NANOS = ChunkServers.SILENT_NANOS;

  private final ClusterKey cluster;
  private final Time time;
  private final long periodNanos;
  private volatile Ring ring;

  /**
   * The keys of a time.
   *
   * @param numberBefore of the period that was before
   * @param number of the period
   * @param before what signs until all chunk servers were told of {@code now}
   * @param sinceNanos on the monotonic clock
   * @param trusted what chunk servers are told, newest last
   */
  private record Ring(
      long numberBefore,
      long number,
      ChunkOrder.Key before,
      ChunkOrder.Key now,
      long sinceNanos,
      List<ChunkOrder.Key> trusted) {}

  /**
   * @param periodNanos how long one key signs; nothing that is signed is good for longer
   */
  public CapabilityKeys(ClusterKey cluster, Time time, long periodNanos) {
    this.cluster = cluster;
    this.time = time;
    this.periodNanos = periodNanos;
    long number = number();
    this.ring = ring(number - 2, number, number);
  }

  private long number() {
    return Math.floorDiv(time.wallNanos(), periodNanos);
  }

  private ChunkOrder.Key key(long number) {
    int id = (int) number;
    return new ChunkOrder.Key(id, cluster.derive("capability " + number));
  }

  /**
   * What signed before is trusted, also what did so until just before that, and what will sign
   * next: a clock may be set.
   */
  private Ring ring(long older, long before, long number) {
    List<ChunkOrder.Key> trusted =
        LongStream.of(older, before, number - 1, number, number + 1)
            .distinct()
            .mapToObj(this::key)
            .toList();
    return new Ring(before, number, key(before), key(number), time.monotonicNanos(), trusted);
  }

  /**
   * Goes on to the key of the present period, if it is another.
   *
   * @return its number
   */
  long roll() {
    long number = number();
    if (number != ring.number) {
      synchronized (this) {
        // Another thread may have waited here with an older one.
        number = number();
        if (number != ring.number) {
          LOG.info("capabilities are signed with key {} from now on", number);
          ring = ring(ring.numberBefore, ring.number, number);
        }
      }
    }
    return number;
  }

  /** What chunk servers are to trust, newest last. */
  List<ChunkOrder.Key> keys() {
    return ring.trusted;
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
    Ring known = ring;
    boolean told = time.monotonicNanos() - known.sinceNanos >= TOLD_NANOS;
    ChunkOrder.Key key = told ? known.now : known.before;
    long expiryNanos = time.wallNanos() + Math.min(forNanos, periodNanos);
    return new Capability(block, offset, lengthBytes, operations, key.id(), session, expiryNanos)
        .sign(key.secret());
  }
}
