package dfs.simulation;

import com.google.protobuf.ByteString;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import dfs.protocol.session.ChunkMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What servers said is durable: none may have less afterwards and call it whole. */
final class Acknowledgements {
  private static final int SEALED = 1;
  private static final int DAMAGED = 2;
  private final Map<Replica, Long> durable = new HashMap<>();

  private record Replica(int machine, long block) {}

  private void note(SimulatedProcess process, long block, long length) {
    durable.merge(new Replica(process.machine(), block), length, Math::max);
  }

  /** A server's disk is another one, or is known to be damaged. */
  void forget(int machine) {
    durable.keySet().removeIf(replica -> replica.machine == machine);
  }

  /** What a server says it has, sealed, others may be deleted for. */
  void reported(int machine, ChunkMessage.BlockState block) {
    if (block.state() == SEALED) {
      durable.merge(new Replica(machine, block.block()), block.lengthBytes(), Math::max);
    }
  }

  /** The block was cut to this length on purpose. */
  void cut(int machine, long block, long length) {
    durable.computeIfPresent(
        new Replica(machine, block), (replica, known) -> Math.min(known, length));
  }

  /** The server's replica is gone, or is known to be damaged. */
  void forget(int machine, long block) {
    durable.remove(new Replica(machine, block));
  }

  /** How much of a block a server has said is durable; 0 if nothing is to be expected of it. */
  long durable(int machine, long block) {
    return durable.getOrDefault(new Replica(machine, block), 0L);
  }

  /** What is wrong with what a server says it has; null: nothing. */
  @Nullable String wrong(int machine, ChunkMessage.BlockState block) {
    long known = durable(machine, block.block());
    return block.state() == DAMAGED || block.lengthBytes() >= known
        ? null
        : "a replica is shorter than what was acknowledged: %s of server %d, which had %d"
            .formatted(block, machine, known);
  }

  BlockService watch(SimulatedProcess process, BlockService service) {
    return new BlockService() {
      @Override
      public void create(
          ByteString capability, long block, int epoch, boolean packed, List<String> next)
          throws IOException {
        service.create(capability, block, epoch, packed, next);
      }

      @Override
      public long append(
          ByteString capability, BlockRecord record, ByteBuffer payload, boolean synced)
          throws IOException {
        long length = service.append(capability, record, payload, synced);
        note(process, record.block(), length);
        return length;
      }

      @Override
      public long flush(ByteString capability, long block, int epoch) throws IOException {
        long length = service.flush(capability, block, epoch);
        note(process, block, length);
        return length;
      }

      @Override
      public long seal(ByteString capability, long block, int epoch) throws IOException {
        long length = service.seal(capability, block, epoch);
        note(process, block, length);
        return length;
      }

      @Override
      public Checksums read(ByteString capability, long block, long offset, ByteBuffer into)
          throws IOException {
        return service.read(capability, block, offset, into);
      }

      @Override
      public List<BlockRecord> records(ByteString capability, long block, long offset)
          throws IOException {
        return service.records(capability, block, offset);
      }

      @Override
      public BlockDigest verify(ByteString capability, long block) throws IOException {
        return service.verify(capability, block);
      }
    };
  }
}
