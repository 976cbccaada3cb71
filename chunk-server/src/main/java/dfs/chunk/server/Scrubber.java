package dfs.chunk.server;

import dfs.chunk.block.BlockDirectory;
import dfs.chunk.block.BlockDirectory.State;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.seam.Disk;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads every block from time to time, slowly, on a thread of its own, so that damage is found
 * while there are other copies. What it finds is told as if a reader had found it. One that is open
 * is read as far as it goes: a block whose seal rotted looks like one, and what else rotted of it
 * is to be found before it is sealed anew. A pass that is cut short goes on after the next start;
 * what was known to be damaged is read first then. Calls the data directory.
 */
final class Scrubber implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Scrubber.class);
  private static final long LOOK_SECONDS = 60;
  private static final int BLOCKS_PER_NOTE = 64;

  /** Some thousands of blocks. */
  private static final int DAMAGE_BYTES_MAX = 1 << 16;

  private final BlockDirectory blocks;
  private final ScrubFile file;
  private final HintFile damage;
  private final AtomicBoolean noting = new AtomicBoolean();
  private final ChunkServer.Scrub config;
  private final Time time;
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();
  private final Pace pace;
  private final Thread thread;

  /** Damaged blocks that the file names. */
  private volatile List<Long> noted;

  /** Those that it named at the start have been looked at. */
  private volatile boolean looked;

  /** Used by the thread. */
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(Limits.APPEND_BYTES);

  /** The server stops. */
  private static final class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StoppedException() {
      super("the server stops", null, false, false);
    }
  }

  Scrubber(BlockDirectory blocks, Disk disk, ChunkServer.Scrub config, Time time)
      throws IOException {
    this.blocks = blocks;
    this.file = ScrubFile.open(disk);
    this.damage = new HintFile(disk, "damaged", DAMAGE_BYTES_MAX);
    this.noted = damage.read();
    this.config = config;
    this.time = time;
    this.pace = new Pace(config.bytesPerSecond(), time, stopped);
    this.thread = time.thread("dfs-chunk-scrub", this::run);
  }

  void start() {
    thread.start();
  }

  /** When the last whole pass ended, in wall nanoseconds; 0: there was none. */
  long lastPassNanos() {
    return file.progress().endedNanos();
  }

  /**
   * Remembers in which blocks damage is known, so that it is so after the next start as well; often
   * called, by any thread.
   */
  void noteDamage() {
    if (noting.compareAndSet(false, true)) {
      try {
        List<Long> now = blocks.wounded().stream().sorted().toList();
        if (looked && !now.equals(noted)) {
          damage.write(now);
          noted = now;
        }
      } finally {
        noting.set(false);
      }
    }
  }

  private void run() {
    try {
      // What was known to be damaged before the start is found first.
      noted.forEach(this::verify);
      looked = true;
      while (true) {
        if (isDue()) {
          pass();
        } else {
          goOn(pace.pause(TimeUnit.SECONDS.toNanos(Math.min(LOOK_SECONDS, config.everySeconds()))));
        }
      }
    } catch (StoppedException e) {
      LOG.debug("scrubbing goes on after the next start", e);
    }
  }

  private boolean isDue() {
    ScrubFile.Progress progress = file.progress();
    return progress.isUnderWay()
        || time.wallNanos() - progress.begunNanos()
            >= TimeUnit.SECONDS.toNanos(config.everySeconds());
  }

  private void pass() {
    ScrubFile.Progress progress = file.progress();
    if (!progress.isUnderWay()) {
      progress = progress.begun(time.wallNanos());
    }
    pace.begin();
    long after = progress.after();
    List<Long> all =
        blocks.states().stream().map(State::block).filter(block -> block > after).sorted().toList();
    for (int i = 0; i < all.size(); i++) {
      verify(all.get(i));
      progress = progress.at(all.get(i));
      if (i % BLOCKS_PER_NOTE == BLOCKS_PER_NOTE - 1) {
        file.note(progress);
      }
    }
    file.note(progress.ended(time.wallNanos()));
    LOG.info("{} blocks were read: {} are damaged", all.size(), blocks.wounded().size());
  }

  private void verify(long block) {
    try {
      blocks.verify(block, buffer, bytes -> goOn(pace.moved(bytes)));
    } catch (BlockFault e) {
      if (e.kind() != BlockFault.Kind.NO_SUCH_BLOCK) {
        LOG.warn("block {} cannot be read whole: {}", block, e.getMessage());
      }
    }
  }

  private static void goOn(boolean going) {
    if (!going) {
      throw new StoppedException();
    }
  }

  /** Waits for the read that is under way. */
  @Override
  public void close() {
    stopped.complete(null);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
