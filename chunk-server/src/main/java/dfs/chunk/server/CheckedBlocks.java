package dfs.chunk.server;

import com.google.protobuf.ByteString;
import dfs.chunk.block.BlockDirectory;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Capability;
import dfs.protocol.block.Checksums;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/**
 * The blocks as clients may use them: nothing happens without a capability for just this. Before
 * the metadata server has given its keys nothing is answered. Called by clients, in this process or
 * through frames; calls the data directory. Thread-safe.
 */
final class CheckedBlocks implements BlockService {
  private static final int VERIFY_BYTES = 256 << 10;

  private final BlockDirectory blocks;
  private final SpaceReserve space;
  private final Time time;
  private volatile Map<Integer, ByteString> secrets = Map.of();
  private volatile boolean stopped;
  private final ReentrantLock verifying = new ReentrantLock();

  /** Guarded by {@code verifying}. */
  private final ByteBuffer verifyBuffer = ByteBuffer.allocate(VERIFY_BYTES);

  /** Hears of each block that its writer has sealed. */
  private volatile LongConsumer sealed = block -> {};

  CheckedBlocks(BlockDirectory blocks, SpaceReserve space, Time time) {
    this.blocks = blocks;
    this.space = space;
    this.time = time;
  }

  /** The keys that capabilities are checked with from now on. */
  void trust(List<ChunkOrder.Key> keys) {
    secrets =
        keys.stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    ChunkOrder.Key::id, ChunkOrder.Key::secret, (older, newer) -> newer));
  }

  /** Who hears of a block that its writer has sealed; on the writer's thread. */
  void onSeal(LongConsumer listener) {
    sealed = listener;
  }

  /** Answers nothing any more: the files are about to be closed. */
  void stop() {
    stopped = true;
  }

  private Capability check(ByteString signed, int operation, long block, long from, long length)
      throws BlockFault {
    if (stopped) {
      throw new BlockFault(BlockFault.Kind.DISK, "the chunk server is stopping");
    }
    if (secrets.isEmpty()) {
      throw new BlockFault(BlockFault.Kind.NOT_READY, "the chunk server has no keys yet");
    }
    Capability capability = Capability.verify(signed, secrets::get);
    if (capability == null) {
      throw forbidden("a capability that no known key signed, for block " + block);
    }
    if (!capability.allows(operation, block, from, length, time.wallNanos())) {
      throw forbidden(
          "%s does not allow %s of %d+%d in block %d now"
              .formatted(
                  capability,
                  operation == Capability.READ ? "reading" : "writing",
                  from,
                  length,
                  block));
    }
    return capability;
  }

  /** A capability to write the whole block, held by the session that writes it. */
  private void checkWriter(ByteString signed, long block) throws BlockFault {
    Capability capability = check(signed, Capability.WRITE, block, 0, 0);
    if (blocks.session(block) != capability.session()) {
      throw forbidden("block " + block + " is another session's");
    }
  }

  private static BlockFault forbidden(String message) {
    return new BlockFault(BlockFault.Kind.FORBIDDEN, message);
  }

  @Override
  public void create(
      ByteString capability, long block, int epoch, boolean packed, List<String> next)
      throws IOException {
    long session = check(capability, Capability.WRITE, block, 0, 0).session();
    space.checkCreate();
    blocks.create(block, epoch, session, packed);
  }

  @Override
  public long append(ByteString capability, BlockRecord record, ByteBuffer payload, boolean synced)
      throws IOException {
    long session =
        check(capability, Capability.WRITE, record.block(), record.blockOffset(), record.length())
            .session();
    if (session != record.session()) {
      throw forbidden("a record of another session than the capability's");
    }
    space.checkAppend(record.length());
    long durable = blocks.append(record, payload, synced);
    payload.position(payload.limit());
    return durable;
  }

  @Override
  public long flush(ByteString capability, long block, int epoch) throws IOException {
    checkWriter(capability, block);
    return blocks.flush(block, epoch);
  }

  @Override
  public long seal(ByteString capability, long block, int epoch) throws IOException {
    checkWriter(capability, block);
    long length = blocks.seal(block, epoch);
    sealed.accept(block);
    return length;
  }

  @Override
  public Checksums read(ByteString capability, long block, long offset, ByteBuffer into)
      throws IOException {
    check(capability, Capability.READ, block, offset, into.remaining());
    if (into.remaining() > Limits.BLOCK_BYTES) {
      throw new BlockFault(BlockFault.Kind.MALFORMED, "a read longer than a block");
    }
    return blocks.read(block, offset, into);
  }

  @Override
  public List<BlockRecord> records(ByteString capability, long block, long offset)
      throws IOException {
    check(capability, Capability.READ, block, 0, Limits.BLOCK_BYTES);
    return blocks.records(block, offset);
  }

  /** One after the other, however many ask: a disk that is read so has others to serve. */
  @Override
  public BlockDigest verify(ByteString capability, long block) throws IOException {
    check(capability, Capability.READ, block, 0, Limits.BLOCK_BYTES);
    verifying.lock();
    try {
      return blocks.verifyWhole(block, verifyBuffer);
    } finally {
      verifying.unlock();
    }
  }

  @Override
  public int checksum(ByteString capability, long block, long offset, int length)
      throws IOException {
    check(capability, Capability.READ, block, offset, length);
    return blocks.checksum(block, offset, length);
  }
}
