package dfs.chunk.server;

import com.google.protobuf.ByteString;
import dfs.chunk.block.BlockDirectory;
import dfs.chunk.block.BlockDirectory.State;
import dfs.chunk.server.IdentityFile.Identity;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.frame.BlockTransport;
import dfs.protocol.seam.Disk;
import dfs.protocol.seam.Disk.Space;
import dfs.protocol.seam.Time;
import dfs.protocol.seam.Transport;
import dfs.protocol.session.ChunkMessage.DirectoryState;
import java.io.IOException;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A chunk server over one data directory: opens and recovers it, serves its blocks at an address,
 * and keeps a stream to the metadata server. Built by the process's {@code main}, which sees to it
 * that nobody else uses the directory, and ends the process when {@link #failed} completes.
 */
public final class ChunkServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ChunkServer.class);

  private final IdentityFile identityFile;
  private final BlockDirectory blocks;
  private final SpaceReserve space;
  private final CheckedBlocks checked;
  private final Scrubber scrubber;
  private final ControlStream control;
  private final CompletableFuture<IOException> failed;
  private final BlockTransport.Serving serving;

  /**
   * How blocks are read again to find damage.
   *
   * @param bytesPerSecond at most
   * @param everySeconds a pass begins so long after the one before began, at the earliest
   */
  public record Scrub(long bytesPerSecond, long everySeconds) {
    public static final Scrub USUAL = new Scrub(8L << 20, 7L * 24 * 3600);

    public Scrub {
      if (bytesPerSecond < 1 || everySeconds < 1) {
        throw new IllegalArgumentException("scrubbing has a rate and a period above 0");
      }
    }
  }

  /**
   * What a chunk server is told.
   *
   * @param host name of the machine: copies of a block lie on different ones
   * @param address where clients reach it: {@code local:NAME} or {@code unix:/path}
   * @param metadataAddress where the metadata server listens
   * @param clusterKey the secret that proves it belongs to the cluster
   * @param segmentBytes size of a journal segment, of which there are four; counts for a new
   *     directory only
   * @param path the data directory, as people know it
   * @param reserveBytes no new block when fewer bytes are free
   * @param reservePercent no new block when less of the disk is free
   * @param scrub how blocks are read again
   * @param weight by which its space counts when new blocks are placed, in thousandths; 0: it takes
   *     no new blocks
   * @param copyBytesPerSecond it reads so many at most to copy or compact blocks; 0: there is no
   *     bound
   */
  public record Config(
      String host,
      String address,
      String metadataAddress,
      ByteString clusterKey,
      long segmentBytes,
      String path,
      long reserveBytes,
      int reservePercent,
      Scrub scrub,
      int weight,
      long copyBytesPerSecond) {
    public static final int WEIGHT_USUAL = DirectoryState.WEIGHT_USUAL;
    public static final int WEIGHT_MAX = 1000 * WEIGHT_USUAL;
    public static final long SEGMENT_BYTES = 16L << 20;
    public static final long SEGMENT_BYTES_MIN = 2L << 20;
    public static final long SEGMENT_BYTES_MAX = 256L << 20;
    public static final long RESERVE_BYTES = 64L << 20;
    public static final int RESERVE_PERCENT = 5;

    /**
     * A disk that turns, and a network of a gigabit, do about twice as much, so that users have the
     * other half; what a disk of 4 TB had is made again in under two hours by ten others.
     */
    public static final long COPY_BYTES_PER_SECOND = 64L << 20;

    public Config {
      if (host.isEmpty() || metadataAddress.isEmpty() || clusterKey.isEmpty()) {
        throw new IllegalArgumentException("host, metadata address and cluster key are needed");
      }
      if (!BlockServices.isLocal(address)) {
        BlockServices.socketPath(address);
      }
      if (segmentBytes < SEGMENT_BYTES_MIN || segmentBytes > SEGMENT_BYTES_MAX) {
        throw new IllegalArgumentException(
            "a journal segment has between %d and %d bytes, not %d"
                .formatted(SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX, segmentBytes));
      }
      if (reserveBytes < 0 || reservePercent < 0 || reservePercent > 50) {
        throw new IllegalArgumentException("a reserve is at least 0 and at most half of the disk");
      }
      if (weight < 0 || weight > WEIGHT_MAX) {
        throw new IllegalArgumentException("a weight of %d thousandths".formatted(weight));
      }
      if (copyBytesPerSecond < 0) {
        throw new IllegalArgumentException("copies of %d bytes/s".formatted(copyBytesPerSecond));
      }
    }

    /** With the usual weight, and bound on copies. */
    public Config(
        String host,
        String address,
        String metadataAddress,
        ByteString clusterKey,
        long segmentBytes,
        String path,
        long reserveBytes,
        int reservePercent,
        Scrub scrub) {
      this(
          host,
          address,
          metadataAddress,
          clusterKey,
          segmentBytes,
          path,
          reserveBytes,
          reservePercent,
          scrub,
          WEIGHT_USUAL,
          COPY_BYTES_PER_SECOND);
    }

    /** The same, with this weight in thousandths. */
    public Config weighing(int thousandths) {
      return new Config(
          host,
          address,
          metadataAddress,
          clusterKey,
          segmentBytes,
          path,
          reserveBytes,
          reservePercent,
          scrub,
          thousandths,
          copyBytesPerSecond);
    }

    /** The same, copying so many bytes a second at most; 0: as many as it can. */
    public Config copying(long bytesPerSecond) {
      return new Config(
          host,
          address,
          metadataAddress,
          clusterKey,
          segmentBytes,
          path,
          reserveBytes,
          reservePercent,
          scrub,
          weight,
          bytesPerSecond);
    }

    /** With the usual segments, reserve, and bound on copies. */
    public static Config of(
        String host,
        String address,
        String metadataAddress,
        ByteString clusterKey,
        String path,
        Scrub scrub) {
      return new Config(
          host,
          address,
          metadataAddress,
          clusterKey,
          SEGMENT_BYTES,
          path,
          RESERVE_BYTES,
          RESERVE_PERCENT,
          scrub);
    }
  }

  /**
   * How a server is.
   *
   * @param state "ok" or what is wrong
   * @param server its id; 0 before the first registration
   * @param flushes flushes of the journal since the start
   */
  public record Status(
      String state,
      String path,
      long server,
      long incarnation,
      long totalBytes,
      long freeBytes,
      long openBlocks,
      long sealedBlocks,
      long damagedBlocks,
      long flushes) {}

  private ChunkServer(
      Config config,
      Disk disk,
      Transport transport,
      BlockServices services,
      Time time,
      RandomGenerator random)
      throws IOException {
    identityFile = IdentityFile.open(disk, random);
    Identity identity = identityFile.identity();
    if (!identity.formatted()) {
      BlockDirectory.format(disk, config.segmentBytes());
      identity = identity.asFormatted();
    }
    identityFile.replace(identity.nextIncarnation());
    FlushTimes flushes = new FlushTimes(time);
    blocks = BlockDirectory.open(flushes.of(disk), identity.journalNumber());
    space = new SpaceReserve(disk, config.reserveBytes(), config.reservePercent());
    checked = new CheckedBlocks(blocks, space, time);
    scrubber = new Scrubber(blocks, disk, config.scrub(), time);
    control =
        new ControlStream(
            config,
            transport,
            time,
            random,
            new ControlStream.Parts(
                identityFile, blocks, checked, space, services, scrubber, disk.device(), flushes));
    failed = blocks.failed().applyToEither(control.refused(), Function.identity());
    try {
      serving =
          services.serve(
              config.address(),
              new ChainedBlocks(
                  checked,
                  blocks::isSealed,
                  block -> blocks.state(block) == null || blocks.isSealed(block),
                  services));
    } catch (IOException e) {
      blocks.close();
      throw e;
    }
  }

  /**
   * Starts a server; an empty data directory is made one of its own.
   *
   * @throws IOException when the directory cannot be used: the disk fails, or blocks lie there and
   *     their identity does not
   */
  public static ChunkServer start(
      Config config,
      Disk disk,
      Transport transport,
      BlockServices services,
      Time time,
      RandomGenerator random)
      throws IOException {
    ChunkServer server = new ChunkServer(config, disk, transport, services, time, random);
    server.control.start();
    server.scrubber.start();
    LOG.info("blocks of {} are served at {}", config.path(), config.address());
    return server;
  }

  /** Whether this is the data directory of a chunk server. */
  public static boolean hasIdentity(Disk disk) throws IOException {
    return IdentityFile.exists(disk);
  }

  /** What names the data directory for ever, in hexadecimal. */
  public String directory() {
    return HexFormat.of().formatHex(identityFile.identity().directory().toByteArray());
  }

  /** Completes with the server's id when the metadata server has welcomed it the first time. */
  public CompletableFuture<Long> ready() {
    return control.ready().copy();
  }

  /**
   * Completes with the cause when it cannot serve any more: its disk failed, or its blocks are of
   * another cluster.
   */
  public CompletableFuture<IOException> failed() {
    return failed.copy();
  }

  public Status status() {
    Identity identity = identityFile.identity();
    Space now = space.lastMeasured();
    long sealed = blocks.states().stream().filter(State::sealed).count();
    long damaged = blocks.damaged().size();
    IOException failure = failed.getNow(null);
    return new Status(
        failure == null ? "ok" : "failed: " + failure.getMessage(),
        control.path(),
        identity.server(),
        identity.incarnation(),
        now.totalBytes(),
        now.freeBytes(),
        blocks.count() - sealed - damaged,
        sealed,
        damaged,
        blocks.flushes());
  }

  /** Ends the stream, then the serving, then closes the files. */
  @Override
  public void close() throws IOException {
    scrubber.close();
    control.close();
    checked.stop();
    serving.close();
    blocks.close();
  }
}
