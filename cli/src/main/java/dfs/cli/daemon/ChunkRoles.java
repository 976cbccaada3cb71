package dfs.cli.daemon;

import com.google.protobuf.ByteString;
import dfs.chunk.server.ChunkServer;
import dfs.cli.config.Background;
import dfs.cli.data.DirectoryLock;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.frame.FrameServer;
import dfs.protocol.seam.RealDisk;
import dfs.protocol.seam.Time;
import dfs.protocol.seam.Transport;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The chunk servers of one process, one for each directory of blocks. One that cannot start or
 * fails keeps no other from serving; the last one that fails ends the process. Started and stopped
 * by {@link Roles}.
 */
final class ChunkRoles implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ChunkRoles.class);

  /** One asks again at least so often: where others were accepted it will be heard by then. */
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final long READY_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** Names of those that have failed. */
  private final Set<String> ended = ConcurrentHashMap.newKeySet();

  private final Config config;
  private final Transport transport;
  private final BlockServices services;
  private final Time time;
  private final RandomGenerator random;
  private final Consumer<String> allFailed;
  private final Consumer<String> oneFailed;
  private final AtomicInteger left;
  private final Deque<Closing> closings = new ArrayDeque<>();
  private final List<BlockPlace> reachable = new ArrayList<>();

  /**
   * What they have in common.
   *
   * @param host name of the machine
   * @param metadataAddress where the metadata server is
   */
  record Config(
      String host,
      String metadataAddress,
      ByteString clusterKey,
      Background background,
      List<BlockPlace> places) {
    Config {
      places = List.copyOf(places);
    }
  }

  /** What it takes to stop a part. */
  private interface Closing {
    void close() throws IOException;
  }

  private record Served(BlockPlace place, ChunkServer server, Closing closing) {}

  /**
   * @param oneFailed called with the reason when one does not serve although others do
   * @param allFailed called with the reason when the last one cannot go on
   */
  ChunkRoles(
      Config config,
      Transport transport,
      BlockServices services,
      Time time,
      RandomGenerator random,
      Consumer<String> oneFailed,
      Consumer<String> allFailed) {
    this.config = config;
    this.transport = transport;
    this.services = services;
    this.time = time;
    this.random = random;
    this.oneFailed = oneFailed;
    this.allFailed = allFailed;
    this.left = new AtomicInteger(config.places().size());
  }

  /** Starts all; each that is there takes blocks when this returns. */
  void start() throws IOException {
    List<Served> started = new ArrayList<>();
    for (BlockPlace place : config.places()) {
      try {
        started.add(start(place));
      } catch (IOException e) {
        if (left.decrementAndGet() == 0) {
          throw e;
        }
        String reason = "the server %s does not run: %s".formatted(place.name(), e.getMessage());
        LOG.error("the others start without it: {}", reason, e);
        System.err.println("dfs: " + reason);
        oneFailed.accept(reason);
        continue;
      }
      if (place.socket().isPresent()) {
        FrameServer frames =
            FrameServer.start(place.socket().get(), services.connect(place.address()));
        closings.push(frames::close);
        reachable.add(place);
      }
    }
    long dueNanos = time.monotonicNanos() + READY_NANOS;
    for (Served served : started) {
      try {
        awaitReady(served, dueNanos);
      } catch (IOException e) {
        if (left.get() == 1) {
          throw e;
        }
        failed(served.place().name(), served.closing(), e);
      }
    }
  }

  /** Those that others reach by a socket beside the name that they are registered by. */
  List<BlockPlace> reachable() {
    return List.copyOf(reachable);
  }

  private Served start(BlockPlace place) throws IOException {
    place.check();
    DirectoryLock lock = DirectoryLock.ofBlocks(place.path());
    boolean started = false;
    try {
      ChunkServer server =
          ChunkServer.start(
              ChunkServer.Config.of(
                      config.host(),
                      place.address(),
                      config.metadataAddress(),
                      config.clusterKey(),
                      place.path().toString(),
                      config.background().scrub())
                  .copying(config.background().copyBytesPerSecond())
                  .weighing(place.weight()),
              new RealDisk(place.path()),
              transport,
              services,
              time,
              random);
      Closing closing =
          once(
              () -> {
                try (lock) {
                  server.close();
                }
              });
      closings.push(closing);
      var _ = server.failed().thenAccept(cause -> failed(place.name(), closing, cause));
      started = true;
      return new Served(place, server, closing);
    } finally {
      if (!started) {
        lock.close();
      }
    }
  }

  /**
   * A chunk server whose disk failed ends; the process goes on as long as it has another one. Its
   * blocks are then read from others, and copied when it has been away for long.
   */
  private void failed(String name, Closing closing, IOException cause) {
    if (!ended.add(name)) {
      return;
    }
    String reason = "the server " + name + ": " + cause.getMessage();
    if (left.decrementAndGet() == 0) {
      allFailed.accept(reason);
      return;
    }
    LOG.error("the others go on without it: {}", reason);
    oneFailed.accept(reason);
    Thread.ofPlatform()
        .daemon()
        .name("dfs-end-" + name)
        .start(
            () -> {
              try {
                closing.close();
              } catch (IOException | RuntimeException e) {
                LOG.warn("ending the server {} failed", name, e);
              }
            });
  }

  private static Closing once(Closing closing) {
    AtomicBoolean done = new AtomicBoolean();
    return () -> {
      if (done.compareAndSet(false, true)) {
        closing.close();
      }
    };
  }

  /** Until it is accepted, or its disk failed meanwhile: then the others go on. */
  private void awaitReady(Served served, long dueNanos) throws IOException {
    ChunkServer server = served.server();
    try {
      var _ =
          CompletableFuture.anyOf(server.ready(), server.failed())
              .get(Math.max(GRACE_NANOS, dueNanos - time.monotonicNanos()), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the chunk server registered", e);
    } catch (ExecutionException e) {
      throw new IOException("the chunk server was not accepted: " + e.getMessage(), e);
    } catch (TimeoutException e) {
      throw new IOException(
          "the chunk server was not accepted by a metadata server at %s within %d s; why is in the log"
              .formatted(config.metadataAddress(), TimeUnit.NANOSECONDS.toSeconds(READY_NANOS)),
          e);
    }
    if (server.ready().isDone()) {
      served.place().isServed(server.directory(), server.ready().join());
    }
  }

  /** Stops all, the last one first; what fails is logged and the rest goes on. */
  @Override
  public void close() {
    while (!closings.isEmpty()) {
      try {
        closings.pop().close();
      } catch (IOException | RuntimeException e) {
        LOG.error("stopping a chunk server failed", e);
      }
    }
  }
}
