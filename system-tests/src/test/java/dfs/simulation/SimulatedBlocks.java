package dfs.simulation;

import com.google.protobuf.ByteString;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.frame.BlockTransport;
import dfs.protocol.frame.Cancellation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Requests for blocks between simulated processes: they are late or repeated, their answers get
 * lost, and who asked gives up in time. The asked one works on copies of the bytes, as it would in
 * another process.
 */
final class SimulatedBlocks {
  private static final int REPEAT_ONE_IN = 50;
  private static final long SUSPECT_NANOS = 10_000_000_000L;

  private final SimulatedNetwork network;
  final Reached reached;
  private final Map<Path, Served> served = new HashMap<>();
  private BiFunction<SimulatedProcess, BlockService, BlockService> wrap = (by, service) -> service;

  private BiFunction<SimulatedProcess, BlockService, BlockService> watch = (by, service) -> service;

  /** What is served, and what tells those who wait for an answer that the process died. */
  private record Served(SimulatedProcess process, BlockService service, Set<Runnable> waiting) {}

  SimulatedBlocks(SimulatedNetwork network, Reached reached) {
    this.network = network;
    this.reached = reached;
  }

  /** What is served from now on is served through this. */
  void wrap(BiFunction<SimulatedProcess, BlockService, BlockService> next) {
    wrap = next;
  }

  /** Sees what clients see of what is served from now on. */
  void watch(BiFunction<SimulatedProcess, BlockService, BlockService> next) {
    watch = next;
  }

  /** What is served at an address, to be asked without a network; null if nothing is. */
  @Nullable BlockService servedAt(String address) {
    Served found = served.get(BlockServices.socketPath(address));
    return found == null ? null : found.service;
  }

  /** Blocks as one process reaches and serves them. */
  BlockTransport transport(SimulatedProcess process) {
    Map<Path, Long> late = new HashMap<>();
    return new BlockTransport() {
      @Override
      public Serving serve(Path socket, BlockService service) {
        BlockService seen = watch.apply(process, wrap.apply(process, service));
        Served now = new Served(process, seen, new LinkedHashSet<>());
        served.put(socket, now);
        process.atDeath(
            () -> {
              served.remove(socket);
              now.waiting.forEach(Runnable::run);
            });
        return () -> served.remove(socket);
      }

      @Override
      public BlockService connect(
          Path socket, long answerNanos, @Nullable Cancellation cancellation) {
        return new Remote(process, socket, answerNanos, cancellation, late);
      }

      @Override
      public boolean isSuspect(Path socket) {
        Long since = late.get(socket);
        return since != null && process.monotonicNanos() - since < SUSPECT_NANOS;
      }

      @Override
      public void close() {}
    };
  }

  private interface Call<T> {
    T on(BlockService service) throws IOException;
  }

  /** The service of a process as another one sees it. */
  private final class Remote implements BlockService {
    private final SimulatedProcess from;
    private final Path socket;
    private final long answerNanos;
    private final @Nullable Cancellation cancellation;
    private final Map<Path, Long> late;

    Remote(
        SimulatedProcess from,
        Path socket,
        long answerNanos,
        @Nullable Cancellation cancellation,
        Map<Path, Long> late) {
      this.from = from;
      this.socket = socket;
      this.answerNanos = answerNanos;
      this.cancellation = cancellation;
      this.late = late;
    }

    private <T> T call(Call<T> call) throws IOException {
      CompletableFuture<T> answer = new CompletableFuture<>();
      ask(call, answer);
      if (network.scheduler.random.nextInt(REPEAT_ONE_IN) == 0) {
        ask(call, new CompletableFuture<>());
      }
      if (cancellation != null) {
        IOException givenUp = new IOException("given up");
        cancellation.begin(() -> answer.completeExceptionally(givenUp));
      }
      try {
        if (!from.await(answer, answerNanos)) {
          late.put(socket, from.monotonicNanos());
          throw new IOException("the server at " + socket + " did not answer in time");
        }
        T value = answer.get();
        late.remove(socket);
        return value;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof IOException cause) {
          throw cause;
        }
        throw new IllegalStateException(e.getCause());
      } finally {
        if (cancellation != null) {
          cancellation.over();
        }
      }
    }

    private <T> void ask(Call<T> call, CompletableFuture<T> answer) {
      network.later(network.delay(), () -> arrive(call, answer));
    }

    private <T> void arrive(Call<T> call, CompletableFuture<T> answer) {
      Served to = served.get(socket);
      if (to == null) {
        back(null, () -> answer.completeExceptionally(new IOException("nobody is at " + socket)));
      } else if (!network.isCut(from, to.process)) {
        IOException reset = new IOException("reset by " + socket);
        Runnable died = () -> back(to.process, () -> answer.completeExceptionally(reset));
        to.waiting.add(died);
        to.process.start(
            "request",
            () -> {
              serve(to, call, answer);
              to.waiting.remove(died);
            });
      }
    }

    private <T> void serve(Served to, Call<T> call, CompletableFuture<T> answer) {
      try {
        T value = call.on(to.service);
        back(to.process, () -> answer.complete(value));
      } catch (IOException e) {
        if (e instanceof BlockFault fault && fault.kind() == BlockFault.Kind.NO_SPACE) {
          reached.count(Reached.NO_SPACE);
        }
        back(to.process, () -> answer.completeExceptionally(e));
      }
    }

    private void back(@Nullable SimulatedProcess by, Runnable what) {
      network.later(
          network.delay(),
          () -> {
            if (by == null || !network.isCut(by, from)) {
              what.run();
            } else if (!network.isCut(from, by)) {
              reached.count(Reached.ANSWER_LOST);
            }
          });
    }

    private static ByteBuffer copy(ByteBuffer bytes) {
      ByteBuffer copy = ByteBuffer.allocate(bytes.remaining());
      return copy.put(bytes.duplicate()).flip();
    }

    @Override
    public void create(
        ByteString capability, long block, int epoch, boolean packed, List<String> next)
        throws IOException {
      var _ =
          call(
              service -> {
                service.create(capability, block, epoch, packed, next);
                return true;
              });
    }

    @Override
    public long append(
        ByteString capability, BlockRecord record, ByteBuffer payload, boolean synced)
        throws IOException {
      ByteBuffer sent = copy(payload);
      long length = call(s -> s.append(capability, record, sent.duplicate(), synced));
      payload.position(payload.limit());
      return length;
    }

    @Override
    public long flush(ByteString capability, long block, int epoch) throws IOException {
      return call(service -> service.flush(capability, block, epoch));
    }

    @Override
    public long seal(ByteString capability, long block, int epoch) throws IOException {
      return call(service -> service.seal(capability, block, epoch));
    }

    private record Read(ByteBuffer bytes, Checksums checksums) {}

    @Override
    public Checksums read(ByteString capability, long block, long offset, ByteBuffer into)
        throws IOException {
      int count = into.remaining();
      Read read =
          call(
              service -> {
                ByteBuffer bytes = ByteBuffer.allocate(count);
                Checksums checksums = service.read(capability, block, offset, bytes);
                return new Read(bytes.flip(), checksums);
              });
      into.put(read.bytes);
      return read.checksums;
    }

    @Override
    public List<BlockRecord> records(ByteString capability, long block, long offset)
        throws IOException {
      return call(service -> service.records(capability, block, offset));
    }

    @Override
    public BlockDigest verify(ByteString capability, long block) throws IOException {
      return call(service -> service.verify(capability, block));
    }

    @Override
    public int checksum(ByteString capability, long block, long offset, int length)
        throws IOException {
      return call(service -> service.checksum(capability, block, offset, length));
    }
  }
}
