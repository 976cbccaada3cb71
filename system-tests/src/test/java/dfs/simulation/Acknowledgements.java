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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What servers said is durable: none may have less afterwards and call it whole. */
final class Acknowledgements {
  private static final int SEALED = 1;
  static final int DAMAGED = 2;
  private final Map<Replica, Long> durable = new HashMap<>();

  /** What servers were told to delete, and not to make again. */
  private final Set<Replica> doomed = new HashSet<>();

  private record Replica(int machine, long block) {}

  /** Of a replica that is to be deleted, a request may be answered that was under way. */
  private void note(SimulatedProcess process, long block, long length) {
    note(new Replica(process.machine(), block), length);
  }

  private void note(Replica replica, long length) {
    if (!doomed.contains(replica)) {
      durable.merge(replica, length, Math::max);
    }
  }

  /** A server's disk is another one, or is known to be damaged. */
  void forget(int machine) {
    durable.keySet().removeIf(replica -> replica.machine == machine);
  }

  /** The server is told to delete its replica: that it did may never be heard. */
  void doom(int machine, long block) {
    forget(machine, block);
    doomed.add(new Replica(machine, block));
  }

  /** The server is told to make a replica, instead of what it has. */
  void copied(int machine, long block) {
    forget(machine, block);
    doomed.remove(new Replica(machine, block));
  }

  /** What a server says it has, sealed, others may be deleted for. */
  void reported(int machine, ChunkMessage.BlockState block) {
    if (block.state() == SEALED) {
      note(new Replica(machine, block.block()), block.lengthBytes());
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

  /**
   * What is wrong with what a server says it has; null: nothing.
   *
   * @param rotten its disk is one that damages what lies on it
   */
  @Nullable String wrong(int machine, ChunkMessage.BlockState block, boolean rotten) {
    long known = durable(machine, block.block());
    boolean kept = block.state() == DAMAGED ? rotten || known == 0 : block.lengthBytes() >= known;
    return kept
        ? null
        : "acknowledged bytes are lost: %s of server %d, which had %d"
            .formatted(block, machine, known);
  }

  /** What is wrong when a server has these blocks and no others; null: nothing. */
  @Nullable String missing(int machine, Set<Long> blocks) {
    return durable.entrySet().stream()
        .filter(entry -> entry.getKey().machine == machine && entry.getValue() > 0)
        .filter(entry -> !blocks.contains(entry.getKey().block))
        .map(
            entry ->
                "acknowledged bytes are lost: server %d has nothing of block %d, of which it had %d"
                    .formatted(machine, entry.getKey().block, entry.getValue()))
        .findAny()
        .orElse(null);
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

      @Override
      public int checksum(ByteString capability, long block, long offset, int length)
          throws IOException {
        return service.checksum(capability, block, offset, length);
      }
    };
  }
}
