package dfs.simulation;

import com.google.protobuf.ByteString;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Faults that a simulated cluster must find, planted where its rooms meet the world. */
enum Fault {
  /** No flush of a chunk server's blocks does anything. */
  FLUSH_SKIPPED,
  /** A flush is answered at once and done later. */
  ACKNOWLEDGED_BEFORE_THE_FLUSH,
  /** Data files are not flushed, the journal is. */
  ONLY_ONE_FLUSH_OF_TWO,
  /** Blocks that are written to are deleted because no file names them yet. */
  UNCOMMITTED_BLOCK_COLLECTED,
  /** Blocks are deleted because no file names them any more, although the past does. */
  BYTES_COUNTED_INSTEAD_OF_OWNERS,
  /** Blocks of dead writers end where the shortest replica that was ever seen of them ended. */
  SHORTEST_PREFIX_SEALED,
  /** A journal whose end is damaged counts as one that was not written to its end. */
  DAMAGE_TAKEN_FOR_A_TORN_TAIL,
  /** What was copied or put together from other blocks counts before it was flushed. */
  RELOCATION_BEFORE_THE_FLUSH,
  /** What a server had in an earlier start counts. */
  STALE_REPORT_OBEYED,
  /** Orders of a metadata server that is no more are obeyed. */
  OLDER_TERM_OBEYED;

  void plant(SimulatedCluster cluster) {
    switch (this) {
      case FLUSH_SKIPPED ->
          cluster.wrapDisk(
              disk ->
                  new Forgetful(
                      disk,
                      path -> path.startsWith("data") || path.getFileName().toString().length() < 3,
                      false));
      case ACKNOWLEDGED_BEFORE_THE_FLUSH -> cluster.blocks.wrap(Hasty::new);
      case ONLY_ONE_FLUSH_OF_TWO ->
          cluster.wrapDisk(disk -> new Forgetful(disk, path -> path.startsWith("data"), false));
      case UNCOMMITTED_BLOCK_COLLECTED ->
          cluster.network.tap(
              new Collecting(cluster, List.of(BlockState.OPEN, BlockState.SEALED), b -> true));
      case BYTES_COUNTED_INSTEAD_OF_OWNERS ->
          cluster.network.tap(
              new Collecting(cluster, List.of(BlockState.CLOSED), cluster::isOfThePast));
      case SHORTEST_PREFIX_SEALED -> cluster.network.tap(new Shortening());
      case DAMAGE_TAKEN_FOR_A_TORN_TAIL -> cluster.rotBy(Fault::tear);
      case RELOCATION_BEFORE_THE_FLUSH ->
          cluster.wrapDisk(disk -> new Forgetful(disk, path -> isCompacting(), true));
      case STALE_REPORT_OBEYED -> cluster.network.tap(new Remembering());
      case OLDER_TERM_OBEYED -> cluster.network.tap(new Repeating(cluster));
    }
  }

  private static boolean isCompacting() {
    return Thread.currentThread().getName().endsWith("dfs-chunk-copies");
  }

  /** Where to begin to look: the first that found it. */
  long seed() {
    return switch (this) {
      case SHORTEST_PREFIX_SEALED -> 12;
      case DAMAGE_TAKEN_FOR_A_TORN_TAIL -> 269;
      case RELOCATION_BEFORE_THE_FLUSH -> 18;
      case FLUSH_SKIPPED -> 2;
      case STALE_REPORT_OBEYED, OLDER_TERM_OBEYED -> 12;
      default -> 1;
    };
  }

  /** Whether what was found is what the fault does. */
  boolean isNamedBy(String finding) {
    return switch (this) {
      case RELOCATION_BEFORE_THE_FLUSH,
          FLUSH_SKIPPED,
          ACKNOWLEDGED_BEFORE_THE_FLUSH,
          ONLY_ONE_FLUSH_OF_TWO ->
          finding.contains("a replica is shorter than what was acknowledged")
              || finding.contains("do not become healthy")
              || finding.contains("is not what was written")
              || finding.contains("cannot be read");
      case UNCOMMITTED_BLOCK_COLLECTED, BYTES_COUNTED_INSTEAD_OF_OWNERS, OLDER_TERM_OBEYED ->
          finding.contains("a referenced block was deleted");
      case DAMAGE_TAKEN_FOR_A_TORN_TAIL ->
          finding.contains("a replica is shorter than what was acknowledged");
      case STALE_REPORT_OBEYED ->
          finding.contains("a replica is not there")
              || finding.contains("a replica is shorter than what was acknowledged");
      case SHORTEST_PREFIX_SEALED -> finding.contains("names bytes beyond block");
    };
  }

  private static void tear(SimulatedCluster cluster, SimulatedServer server, Path path) {
    server.kill();
    server.disk().files().stream()
        .filter(file -> file.startsWith("journal") && !file.endsWith("checkpoint"))
        .forEach(file -> server.disk().zeroTail(file, cluster.scheduler.random));
  }

  /** Deletes blocks that should stay, on all their servers, when one of them says hello. */
  private record Collecting(
      SimulatedCluster cluster, List<BlockState> states, Predicate<Block> wrong)
      implements SimulatedNetwork.Tap {
    private static final int ONE_IN = 20;

    @Override
    public List<Object> pass(SimulatedProcess from, SimulatedProcess to, Object message) {
      if (message instanceof ChunkMessage.Heartbeat
          && cluster.scheduler.random.nextInt(ONE_IN) == 0) {
        for (BlockState state : states) {
          cluster.survey().blocks(state, 0, 1000).stream()
              .filter(wrong)
              .limit(1)
              .forEach(block -> delete(to, block));
        }
      }
      return List.of(message);
    }

    private void delete(SimulatedProcess metadata, Block block) {
      for (SimulatedServer server : cluster.servers) {
        SimulatedProcess process = server.process();
        if (process != null && block.servers().contains(server.id())) {
          cluster.network.inject(
              metadata,
              process,
              new ChunkOrder.Delete(
                  List.of(block.id()), cluster.survey().allocationMark(), Long.MAX_VALUE >> 1, 0));
        }
      }
    }
  }

  /** Says of each replica that was ended that it ends where the shortest did that was seen. */
  private static final class Shortening implements SimulatedNetwork.Tap {
    private final Map<Long, Long> shortest = new HashMap<>();

    @Override
    public List<Object> pass(SimulatedProcess from, SimulatedProcess to, Object message) {
      if (message instanceof ChunkMessage.Report report) {
        report.blocks().forEach(this::see);
      } else if (message instanceof ChunkMessage.Sealed sealed) {
        sealed.blocks().forEach(this::see);
        return List.of(
            new ChunkMessage.Sealed(sealed.blocks().stream().map(this::shortened).toList()));
      }
      return List.of(message);
    }

    private void see(ChunkMessage.BlockState replica) {
      if (replica.lengthBytes() >= 0) {
        shortest.merge(replica.block(), replica.lengthBytes(), Math::min);
      }
    }

    private ChunkMessage.BlockState shortened(ChunkMessage.BlockState replica) {
      return new ChunkMessage.BlockState(
          replica.block(),
          replica.epoch(),
          Math.min(replica.lengthBytes(), shortest.getOrDefault(replica.block(), 0L)),
          replica.state());
    }
  }

  /** Adds what a machine's servers ever reported to what they report. */
  private static final class Remembering implements SimulatedNetwork.Tap {
    private final Map<Integer, Map<Long, ChunkMessage.BlockState>> known = new HashMap<>();

    @Override
    public List<Object> pass(SimulatedProcess from, SimulatedProcess to, Object message) {
      if (!(message instanceof ChunkMessage.Report report)) {
        return List.of(message);
      }
      Map<Long, ChunkMessage.BlockState> all =
          known.computeIfAbsent(from.machine(), m -> new TreeMap<>());
      report.blocks().forEach(block -> all.put(block.block(), block));
      return List.of(new ChunkMessage.Report(List.copyOf(all.values()), report.last()));
    }
  }

  /** Repeats orders to a server that an earlier metadata server gave it, as if they were new. */
  private static final class Repeating implements SimulatedNetwork.Tap {
    private final SimulatedCluster cluster;
    private final Map<Integer, List<ChunkOrder.Delete>> given = new HashMap<>();

    Repeating(SimulatedCluster cluster) {
      this.cluster = cluster;
    }

    @Override
    public List<Object> pass(SimulatedProcess from, SimulatedProcess to, Object message) {
      if (message instanceof ChunkOrder.Delete delete) {
        given.computeIfAbsent(to.machine(), m -> new ArrayList<>()).add(delete);
      } else if (message instanceof ChunkMessage.Heartbeat) {
        for (ChunkOrder.Delete delete : given.getOrDefault(from.machine(), List.of())) {
          if (delete.term() < cluster.metadata.term()) {
            cluster.network.inject(
                to,
                from,
                new ChunkOrder.Delete(
                    delete.blocks(), delete.allocationMark(), cluster.metadata.term(), 0));
          }
        }
      }
      return List.of(message);
    }
  }

  /**
   * A disk that does not flush some files.
   *
   * @param sizes nor their sizes
   */
  private record Forgetful(Disk disk, Predicate<Path> forgotten, boolean sizes) implements Disk {
    @Override
    public DiskFile open(Path path, boolean create) throws IOException {
      return new ForgetfulFile(disk.open(path, create), path, forgotten, sizes);
    }

    @Override
    public boolean exists(Path path) throws IOException {
      return disk.exists(path);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
      return disk.list(directory);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
      disk.createDirectories(directory);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
      disk.rename(from, to);
    }

    @Override
    public void delete(Path path) throws IOException {
      disk.delete(path);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
      disk.syncDirectory(directory);
    }

    @Override
    public Space space() throws IOException {
      return disk.space();
    }

    @Override
    public String device() throws IOException {
      return disk.device();
    }
  }

  private record ForgetfulFile(DiskFile file, Path path, Predicate<Path> forgotten, boolean sizes)
      implements DiskFile {
    @Override
    public int read(ByteBuffer into, long offset) throws IOException {
      return file.read(into, offset);
    }

    @Override
    public void write(ByteBuffer from, long offset) throws IOException {
      file.write(from, offset);
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public void truncate(long size) throws IOException {
      file.truncate(size);
    }

    @Override
    public void sync(boolean metadata) throws IOException {
      if ((metadata && !sizes) || !forgotten.test(path)) {
        file.sync(metadata);
      }
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  /** Blocks whose flushes are answered before they are done. */
  private static final class Hasty implements BlockService {
    private final SimulatedProcess process;
    private final BlockService service;
    private final Map<Long, Long> lengths = new HashMap<>();

    Hasty(SimulatedProcess process, BlockService service) {
      this.process = process;
      this.service = service;
    }

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
      long end = record.blockOffset() + record.length();
      var _ = service.append(capability, record, payload, false);
      lengths.merge(record.block(), end, Math::max);
      return synced ? flush(capability, record.block(), record.epoch()) : 0;
    }

    @Override
    public long flush(ByteString capability, long block, int epoch) {
      var _ =
          process.after(
              1,
              TimeUnit.SECONDS,
              () -> {
                try {
                  var _ = service.flush(capability, block, epoch);
                } catch (IOException e) {
                  // Nobody waits for it.
                }
              });
      return lengths.getOrDefault(block, 0L);
    }

    @Override
    public long seal(ByteString capability, long block, int epoch) throws IOException {
      return service.seal(capability, block, epoch);
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
  }
}
