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
import java.util.Comparator;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Blocks on chunk servers. A block is written to the first server of its grant, which passes it on
 * to the others; it is read from whichever of its servers gives intact bytes, verified here whoever
 * verified them before. Calls the block services. Thread-safe.
 */
public final class ChunkBlockStore implements BlockStore {
  private final BlockServices services;
  private final LongSupplier session;
  private final AheadBuffers buffers = new AheadBuffers();
  private final Suspects suspects;

  /**
   * @param session the id of the session that writes, which grants and records bear
   */
  public ChunkBlockStore(BlockServices services, LongSupplier session) {
    this.services = services;
    this.session = session;
    this.suspects = new Suspects(services.time());
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
    if (place.addresses().isEmpty()) {
      throw new BlockFault(
          BlockFault.Kind.NOT_READY,
          "no server of block %d, of %s, is connected".formatted(place.block(), place.servers()));
    }
    IOException failure = null;
    boolean elsewhere = false;
    boolean passing = false;
    List<String> addresses =
        place.addresses().stream().sorted(Comparator.comparing(services::isSuspect)).toList();
    for (String address : addresses) {
      try {
        long patience = addresses.size() > 1 ? Limits.ANSWER_NANOS : Limits.ANSWER_ALONE_NANOS;
        readFrom(services.connect(address, patience), place, blockOffset, into.slice());
        into.position(into.limit());
        return;
      } catch (IOException e) {
        elsewhere |= isElsewhere(e);
        passing |= isPassing(e);
        failure = joined(failure, e);
      }
    }
    String message =
        "%d bytes at %d of block %d, from any of %s"
            .formatted(into.remaining(), blockOffset, place.block(), place.addresses());
    String why = failure == null ? message : message + ": " + failure.getMessage();
    IOException thrown =
        elsewhere
            ? new NoSuchBlockException(message)
            : passing ? new IOException(why) : new BlockFault(BlockFault.Kind.DAMAGED, why);
    if (failure != null) {
      thrown.initCause(failure);
    }
    throw thrown;
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
  private static boolean isElsewhere(IOException e) {
    return e instanceof BlockFault fault
        && (fault.kind() == BlockFault.Kind.NO_SUCH_BLOCK
            || fault.kind() == BlockFault.Kind.FORBIDDEN);
  }

  /** Whether the same server may have the bytes later: it is away, or its disk does not answer. */
  private static boolean isPassing(IOException e) {
    return !(e instanceof BlockFault fault)
        || fault.kind() == BlockFault.Kind.NOT_READY
        || fault.kind() == BlockFault.Kind.DISK;
  }

  private static IOException joined(@Nullable IOException first, IOException next) {
    if (first == null) {
      return next;
    }
    first.addSuppressed(next);
    return first;
  }

  /** Frees the buffers; the services are closed by who made them. */
  @Override
  public void close() {
    buffers.clear();
  }
}
