package dfs.chunk.server;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import dfs.protocol.frame.BlockServices;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.LongPredicate;
import java.util.function.Predicate;

/**
 * Blocks with copies on other servers: what comes here goes on to the next member while it is
 * stored here, and is answered when both have it. So a client sends each byte once, and all members
 * flush at the same time. Called by clients or by the member before; calls the own blocks and the
 * next member. Thread-safe.
 *
 * <p>Who stands behind a block is known from its creation until it is sealed, in memory only. A
 * server that was started again refuses to go on with blocks of before, rather than to answer for
 * members that it does not know.
 */
final class ChainedBlocks implements BlockService {
  private final BlockService own;
  private final BlockServices services;

  /**
   * The open blocks created here since the start; and some that were not sealed by their writer and
   * are open no more, which go when there are twice as many as there were.
   */
  private final Map<Long, Next> chains = new ConcurrentHashMap<>();

  /** The members behind this one; none if {@code addresses} is empty. */
  private record Next(List<String> addresses) {}

  private static final int CHAINS_MIN = 1024;
  private volatile int forgetAt = CHAINS_MIN;

  /** Tells whether a block is sealed here. */
  private final LongPredicate sealed;

  /** Tells whether a block is not open here any more. */
  private final Predicate<Long> ended;

  ChainedBlocks(
      BlockService own, LongPredicate sealed, Predicate<Long> ended, BlockServices services) {
    this.own = own;
    this.sealed = sealed;
    this.ended = ended;
    this.services = services;
  }

  /** A call, here or to the next member; gives a length of the block. */
  private interface Call {
    long on(BlockService member) throws IOException;
  }

  /** Does the same here and on the next member, side by side; the smaller of the lengths. */
  private long onAll(Next next, long block, Call here, Call there) throws IOException {
    if (next.addresses.isEmpty()) {
      return here.on(own);
    }
    String address = next.addresses.getFirst();
    long patience = Limits.answerNanos(next.addresses.size() - 1);
    FutureTask<Long> passedOn =
        new FutureTask<>(() -> there.on(services.connect(address, patience)));
    services.time().lightThread("dfs-chain", passedOn).start();
    long length;
    try {
      length = here.on(own);
    } finally {
      awaitEnd(passedOn);
    }
    return Math.min(length, lengthOf(passedOn, block, address));
  }

  /** The bytes are the caller's: nobody may use them once it has its answer. */
  private static void awaitEnd(Future<?> passedOn) {
    boolean interrupted = false;
    while (!passedOn.isDone()) {
      try {
        passedOn.get();
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (ExecutionException e) {
        break;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static long lengthOf(Future<Long> passedOn, long block, String address)
      throws BlockFault {
    if (passedOn.state() == Future.State.SUCCESS) {
      return passedOn.resultNow();
    }
    Throwable cause = passedOn.exceptionNow();
    if (cause instanceof BlockFault fault
        && (fault.kind() == BlockFault.Kind.MEMBER_FAILED
            || fault.kind() == BlockFault.Kind.NO_SPACE)) {
      throw fault;
    }
    throw new BlockFault(
        BlockFault.Kind.MEMBER_FAILED,
        "block %d failed on %s: %s".formatted(block, address, cause.getMessage()),
        cause);
  }

  private Next chainOf(long block) throws BlockFault {
    Next next = chains.get(block);
    if (next == null) {
      throw new BlockFault(
          BlockFault.Kind.NOT_WRITABLE,
          "block " + block + " is not being written since this server started");
    }
    return next;
  }

  @Override
  public void create(
      ByteString capability, long block, int epoch, boolean packed, List<String> next)
      throws IOException {
    Next chain = new Next(List.copyOf(next));
    List<String> rest = next.isEmpty() ? List.of() : next.subList(1, next.size());
    var _ =
        onAll(
            chain,
            block,
            here -> {
              here.create(capability, block, epoch, packed, List.of());
              return 0;
            },
            there -> {
              there.create(capability, block, epoch, packed, rest);
              return 0;
            });
    if (chains.size() >= forgetAt) {
      chains.keySet().removeIf(ended);
      forgetAt = Math.max(CHAINS_MIN, 2 * chains.size());
    }
    chains.put(block, chain);
  }

  @Override
  public long append(ByteString capability, BlockRecord record, ByteBuffer payload, boolean synced)
      throws IOException {
    ByteBuffer copy = payload.duplicate();
    return onAll(
        chainOf(record.block()),
        record.block(),
        here -> here.append(capability, record, payload, synced),
        there -> there.append(capability, record, copy, synced));
  }

  @Override
  public long flush(ByteString capability, long block, int epoch) throws IOException {
    return onAll(
        chainOf(block),
        block,
        here -> here.flush(capability, block, epoch),
        there -> there.flush(capability, block, epoch));
  }

  @Override
  public long seal(ByteString capability, long block, int epoch) throws IOException {
    Call seal = member -> member.seal(capability, block, epoch);
    if (sealed.test(block)) {
      // A repeat: the answer to the first was lost. The members behind were sealed with it.
      return own.seal(capability, block, epoch);
    }
    long length = onAll(chainOf(block), block, seal, seal);
    chains.remove(block);
    return length;
  }

  @Override
  public Checksums read(ByteString capability, long block, long offset, ByteBuffer into)
      throws IOException {
    return own.read(capability, block, offset, into);
  }

  @Override
  public List<BlockRecord> records(ByteString capability, long block, long offset)
      throws IOException {
    return own.records(capability, block, offset);
  }

  @Override
  public BlockDigest verify(ByteString capability, long block) throws IOException {
    return own.verify(capability, block);
  }

  @Override
  public int checksum(ByteString capability, long block, long offset, int length)
      throws IOException {
    return own.checksum(capability, block, offset, length);
  }
}
