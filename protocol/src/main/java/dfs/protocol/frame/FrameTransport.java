package dfs.protocol.frame;

import dfs.protocol.block.BlockService;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Blocks by frames over Unix sockets, with a pool of connections to each other process. */
public final class FrameTransport implements BlockTransport {
  private final Map<Path, FramePool> pools = new ConcurrentHashMap<>();
  private final Time time;

  /**
   * @param time by which requests are late
   */
  public FrameTransport(Time time) {
    this.time = time;
  }

  @Override
  public Serving serve(Path socket, BlockService service) throws IOException {
    FrameServer server = FrameServer.start(socket, service);
    return server::close;
  }

  @Override
  public BlockService connect(Path socket, long answerNanos, @Nullable Cancellation cancellation) {
    FramePool pool = pools.computeIfAbsent(socket, path -> new FramePool(path, time, this::askAll));
    return new FrameClient(pool, answerNanos, cancellation);
  }

  private void askAll() {
    pools.values().forEach(FramePool::ask);
  }

  @Override
  public boolean isSuspect(Path socket) {
    FramePool pool = pools.get(socket);
    return pool != null && pool.isSuspect();
  }

  @Override
  public void close() {
    pools.values().forEach(FramePool::close);
    pools.clear();
  }
}
