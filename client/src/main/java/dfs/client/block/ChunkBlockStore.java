package dfs.client.block;

import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import dfs.protocol.block.Pieces;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.metadata.Reply.BlockGrant;
import dfs.protocol.metadata.Reply.BlockPlace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * Blocks on chunk servers. A block is written to the first server of its grant, which passes it on
 * to the others; it is read from whichever of its servers gives intact bytes, the least busy first,
 * verified here whoever verified them before. Calls the block services. Thread-safe.
 */
public final class ChunkBlockStore implements BlockStore {
  private final BlockServices services;
  private final LongSupplier session;
  private final AheadBuffers buffers = new AheadBuffers();
  private final Suspects suspects;
  private final HedgedReads hedged;

  /**
   * Reads of blocks with several copies that asked a second server because the first took long.
   *
   * @param asked such requests
   * @param won of them, those that gave the bytes
   * @param leftBehind requests, of either kind, whose answer nobody waited for
   */
  public record Hedges(long asked, long won, long leftBehind) {}

  /**
   * @param session the id of the session that writes, which grants and records bear
   */
  public ChunkBlockStore(BlockServices services, LongSupplier session) {
    this.services = services;
    this.session = session;
    this.suspects = new Suspects(services.time(), services::isSuspect);
    this.hedged = new HedgedReads(services);
  }

  /** What was asked twice so far. */
  public Hedges hedges() {
    return hedged.counted();
  }

  @Override
  public List<Long> suspects() {
    return suspects.now();
  }

  @Override
  public BlockWriter create(BlockGrant grant) throws IOException {
    List<String> members = grant.addresses();
    if (members.isEmpty() || members.size() != grant.servers().size()) {
      throw new IOException(
          "block %d is granted on servers %s, of which %s are connected"
              .formatted(grant.block(), grant.servers(), members));
    }
    suspects.know(grant);
    String address = members.getFirst();
    long patience =
        members.size() == 1 ? Limits.ANSWER_ALONE_NANOS : Limits.answerNanos(members.size() - 1);
    BlockService service = services.connect(address, patience);
    int epoch = Math.toIntExact(grant.epoch());
    List<String> next = members.subList(1, members.size());
    try {
      service.create(grant.capability(), grant.block(), epoch, !grant.solo(), next);
    } catch (IOException e) {
      suspects.blame(grant, e);
      throw e;
    }
    Replica replica = new Replica(service, grant, session.getAsLong(), suspects);
    return services.isHere(address)
        ? new DirectWriter(replica)
        : new AheadWriter(replica, buffers, services.time());
  }

  @Override
  public void read(BlockPlace place, long blockOffset, ByteBuffer into) throws IOException {
    if (!into.hasRemaining()) {
      return;
    }
    checkReachable(place);
    try {
      if (place.addresses().size() > 1) {
        readAny(place, blockOffset, into);
      } else {
        String address = place.addresses().getFirst();
        readFrom(services.connect(address), place, blockOffset, into.slice());
        into.position(into.limit());
      }
    } catch (IOException e) {
      throw failure(place, blockOffset, into.remaining(), e);
    }
  }

  private static void checkReachable(BlockPlace place) throws BlockFault {
    if (place.addresses().isEmpty()) {
      throw new BlockFault(
          BlockFault.Kind.NOT_READY,
          "no server of block %d, of %s, is connected".formatted(place.block(), place.servers()));
    }
  }

  @Override
  public int checksum(BlockPlace place, long blockOffset, int length) throws IOException {
    checkReachable(place);
    Map<String, Integer> told = new LinkedHashMap<>();
    IOException failure = null;
    for (String address : place.addresses()) {
      try {
        BlockService service = services.connect(address);
        told.put(address, service.checksum(place.capability(), place.block(), blockOffset, length));
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (told.isEmpty() && failure != null) {
      throw failure(place, blockOffset, length, failure);
    }
    if (Set.copyOf(told.values()).size() > 1) {
      throw new BlockFault(
          BlockFault.Kind.DAMAGED,
          "%d bytes at %d of block %d have different checksums: %s"
              .formatted(length, blockOffset, place.block(), told));
    }
    return told.values().iterator().next();
  }

  /** In parts that fit one request each, cut where units begin. */
  private void readAny(BlockPlace place, long blockOffset, ByteBuffer into) throws IOException {
    long at = blockOffset;
    while (into.hasRemaining()) {
      int inUnit = (int) (at & (Limits.UNIT_BYTES - 1));
      int count = Math.min(into.remaining(), Limits.APPEND_BYTES - inUnit);
      long from = at;
      hedged.read(
          place,
          into.slice(into.position(), count),
          (address, cancellation, bytes) ->
              readFrom(
                  services.connect(address, Limits.ANSWER_NANOS, cancellation),
                  place,
                  from,
                  bytes));
      into.position(into.position() + count);
      at += count;
    }
  }

  /**
   * What the caller hears when nobody gave the bytes.
   *
   * @param cause what one of the servers said, and the others as suppressed by it
   */
  private static IOException failure(
      BlockPlace place, long blockOffset, int count, IOException cause) {
    boolean elsewhere = false;
    boolean passing = false;
    for (Throwable each :
        Stream.concat(Stream.of(cause), Arrays.stream(cause.getSuppressed())).toList()) {
      elsewhere |= isElsewhere(each);
      passing |= isPassing(each);
    }
    String message =
        "%d bytes at %d of block %d, from any of %s"
            .formatted(count, blockOffset, place.block(), place.addresses());
    String why = message + ": " + cause.getMessage();
    IOException failure =
        elsewhere
            ? new NoSuchBlockException(message)
            : passing ? new IOException(why) : new BlockFault(BlockFault.Kind.DAMAGED, why);
    failure.initCause(cause);
    return failure;
  }

  private static void readFrom(
      BlockService service, BlockPlace place, long blockOffset, ByteBuffer into)
      throws IOException {
    ByteBuffer bytes = into.duplicate();
    Checksums checksums = service.read(place.capability(), place.block(), blockOffset, into);
    int wrong = into.hasRemaining() ? 0 : Pieces.firstWrong(blockOffset, bytes, checksums);
    if (wrong >= 0) {
      throw new BlockFault(
          BlockFault.Kind.DAMAGED,
          "piece %d of what came of block %d is not what its checksum says"
              .formatted(wrong, place.block()));
    }
  }

  /** Whether a fresher place or capability may help: the block moved, or leave to read it ended. */
  private static boolean isElsewhere(Throwable e) {
    return e instanceof BlockFault fault
        && (fault.kind() == BlockFault.Kind.NO_SUCH_BLOCK
            || fault.kind() == BlockFault.Kind.FORBIDDEN);
  }

  /** Whether the same server may have the bytes later: it is away, or its disk does not answer. */
  static boolean isPassing(Throwable e) {
    return !(e instanceof BlockFault fault)
        || fault.kind() == BlockFault.Kind.NOT_READY
        || fault.kind() == BlockFault.Kind.DISK;
  }

  /** Frees the buffers; the services are closed by who made them. */
  @Override
  public void close() {
    buffers.clear();
  }
}
