package dfs.simulation;

import com.google.protobuf.ByteString;
import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.metadata.store.Family;
import dfs.metadata.store.KeyValueStore;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.function.UnaryOperator;

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
  /** Now and then it is not counted that something names a block, or does not any more. */
  OWNER_NOT_COUNTED,
  /** Blocks of dead writers end where the shortest replica that was ever seen of them ended. */
  SHORTEST_PREFIX_SEALED,
  /** A journal whose end is damaged counts as one that was not written to its end. */
  DAMAGE_TAKEN_FOR_A_TORN_TAIL,
  /** What was copied or put together from other blocks counts before it was flushed. */
  RELOCATION_BEFORE_THE_FLUSH,
  /** What a server had in an earlier start counts. */
  STALE_REPORT_OBEYED,
  /** Orders of a metadata server that does not know of a later one are obeyed. */
  OLDER_TERM_OBEYED;

  private static final int BLOCKS_MAX = 10_000;

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
          cluster.metadata.wrapSurvey(real -> condemning(real, () -> uncommitted(real)));
      case BYTES_COUNTED_INSTEAD_OF_OWNERS ->
          cluster.metadata.wrapSurvey(
              real -> condemning(real, () -> withoutBytes(real, cluster.metadata.blocksNamed())));
      case OWNER_NOT_COUNTED -> cluster.metadata.wrapWrites(new Miscounting());
      case SHORTEST_PREFIX_SEALED -> cluster.network.tap(new Shortening());
      case DAMAGE_TAKEN_FOR_A_TORN_TAIL -> cluster.rotBy(Fault::tear);
      case RELOCATION_BEFORE_THE_FLUSH ->
          cluster.wrapDisk(disk -> new Forgetful(disk, path -> isCompacting(), true));
      case STALE_REPORT_OBEYED -> cluster.network.tap(new Remembering(cluster));
      case OLDER_TERM_OBEYED -> cluster.network.tap(new Forgetting(cluster));
    }
  }

  private static boolean isCompacting() {
    return Thread.currentThread().getName().endsWith("dfs-chunk-copies");
  }

  /** Where to begin to look: the first that found it. */
  long seed() {
    return switch (this) {
      case SHORTEST_PREFIX_SEALED -> 12;
      case DAMAGE_TAKEN_FOR_A_TORN_TAIL -> 114;
      case OLDER_TERM_OBEYED -> 24;
      case STALE_REPORT_OBEYED -> 56;
      default -> 1;
    };
  }

  /** What is found of it. */
  String finding() {
    return switch (this) {
      case FLUSH_SKIPPED,
          ACKNOWLEDGED_BEFORE_THE_FLUSH,
          ONLY_ONE_FLUSH_OF_TWO,
          RELOCATION_BEFORE_THE_FLUSH,
          DAMAGE_TAKEN_FOR_A_TORN_TAIL ->
          "acknowledged bytes are lost";
      case UNCOMMITTED_BLOCK_COLLECTED -> "a block that is not closed was deleted";
      case BYTES_COUNTED_INSTEAD_OF_OWNERS -> "a block that the past names was deleted";
      case OWNER_NOT_COUNTED -> " extents of map ";
      case OLDER_TERM_OBEYED -> " names was deleted: ";
      case STALE_REPORT_OBEYED -> "a replica is not there";
      case SHORTEST_PREFIX_SEALED -> "names bytes beyond block";
    };
  }

  boolean isNamedBy(String found) {
    return found.contains(finding());
  }

  private static void tear(SimulatedCluster cluster, SimulatedServer server, Path path) {
    server.kill();
    server.disk().files().stream()
        .filter(file -> file.startsWith("journal") && !file.endsWith("checkpoint"))
        .forEach(file -> server.disk().zeroTail(file, cluster.scheduler.random));
  }

  /** The state as a keeper sees it that takes these for blocks without owners, and for dead. */
  private static Survey condemning(Survey real, Supplier<List<Block>> wrong) {
    InvocationHandler seen =
        (proxy, method, arguments) -> {
          if (method.getName().equals("ownerless")) {
            List<Long> ids = new ArrayList<>(real.ownerless(0, BLOCKS_MAX));
            wrong.get().forEach(block -> ids.add(block.id()));
            return page(ids, id -> id, arguments[0], arguments[1]);
          }
          if (method.getName().equals("blocks") && arguments[0] == BlockState.DEAD) {
            List<Block> dead = new ArrayList<>(real.blocks(BlockState.DEAD, 0, BLOCKS_MAX));
            wrong.get().forEach(block -> dead.add(inState(block, BlockState.DEAD)));
            return page(dead, Block::id, arguments[1], arguments[2]);
          }
          return method.invoke(real, arguments);
        };
    return (Survey)
        Proxy.newProxyInstance(Survey.class.getClassLoader(), new Class<?>[] {Survey.class}, seen);
  }

  private static <T> List<T> page(List<T> all, ToLongFunction<T> id, Object after, Object limit) {
    return all.stream()
        .filter(each -> id.applyAsLong(each) > (Long) after)
        .sorted(Comparator.comparingLong(id))
        .limit((Integer) limit)
        .toList();
  }

  private static Block inState(Block block, BlockState state) {
    return new Block(
        block.id(),
        block.epoch(),
        state,
        block.session(),
        block.lengthBytes(),
        block.solo(),
        block.servers(),
        block.copies(),
        block.target());
  }

  private static List<Block> uncommitted(Survey survey) {
    return survey.blocks(BlockState.OPEN, 0, BLOCKS_MAX).stream()
        .filter(block -> !survey.isOwned(block.id()))
        .toList();
  }

  private static List<Block> withoutBytes(Survey survey, Set<Long> named) {
    return survey.blocks(BlockState.CLOSED, 0, BLOCKS_MAX).stream()
        .filter(block -> !named.contains(block.id()))
        .toList();
  }

  /** Now and then a count stays what it was. */
  private static final class Miscounting implements UnaryOperator<List<KeyValueStore.Write>> {
    private static final int ONE_IN = 50;
    private int counted;

    @Override
    public List<KeyValueStore.Write> apply(List<KeyValueStore.Write> writes) {
      return writes.stream()
          .filter(write -> write.family() != Family.OWNERS || ++counted % ONE_IN != 0)
          .toList();
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

  /**
   * What earlier starts of a server said counts like what the present one says: nobody looks which
   * start, and which connection, a report comes of.
   */
  private static final class Remembering implements SimulatedNetwork.Tap {
    private final SimulatedCluster cluster;
    private final Map<Long, Map<Integer, Map<Long, ChunkMessage.BlockState>>> known =
        new HashMap<>();

    Remembering(SimulatedCluster cluster) {
      this.cluster = cluster;
    }

    @Override
    public List<Object> pass(SimulatedProcess from, SimulatedProcess to, Object message) {
      if (!(message instanceof ChunkMessage.Report report)) {
        return List.of(message);
      }
      Map<Integer, Map<Long, ChunkMessage.BlockState>> starts =
          known.computeIfAbsent(cluster.server(from.machine()).id(), server -> new TreeMap<>());
      Map<Long, ChunkMessage.BlockState> now =
          starts.computeIfAbsent(from.number(), start -> new TreeMap<>());
      report.blocks().forEach(block -> now.put(block.block(), block));
      Map<Long, ChunkMessage.BlockState> old = new TreeMap<>();
      starts.forEach((start, blocks) -> old.putAll(start < from.number() ? blocks : Map.of()));
      return report.last() && !old.isEmpty()
          ? List.of(message, new ChunkMessage.Report(List.copyOf(old.values()), true))
          : List.of(message);
    }
  }

  /** Servers have forgotten which terms they saw: to them each order is of the latest. */
  private record Forgetting(SimulatedCluster cluster) implements SimulatedNetwork.Tap {
    @Override
    public List<Object> pass(SimulatedProcess from, SimulatedProcess to, Object message) {
      long term = cluster.metadata.term();
      Object obeyed =
          !cluster.isDeposed(from)
              ? message
              : switch (message) {
                case ChunkOrder.Delete o ->
                    new ChunkOrder.Delete(o.blocks(), o.allocationMark(), term, o.index());
                case ChunkOrder.SealAt o -> new ChunkOrder.SealAt(o.blocks(), term, o.index());
                case ChunkOrder.SealLongest o ->
                    new ChunkOrder.SealLongest(o.blocks(), term, o.index());
                case ChunkOrder.Copy o ->
                    new ChunkOrder.Copy(
                        o.block(),
                        o.session(),
                        o.packed(),
                        o.sources(),
                        o.capability(),
                        term,
                        o.index());
                case ChunkOrder.Compact o ->
                    new ChunkOrder.Compact(
                        o.block(), o.packed(), o.sources(), o.parts(), term, o.index());
                default -> message;
              };
      return List.of(obeyed);
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

    @Override
    public int checksum(ByteString capability, long block, long offset, int length)
        throws IOException {
      return service.checksum(capability, block, offset, length);
    }
  }
}
