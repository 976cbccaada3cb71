package dfs.simulation;

import dfs.chunk.SimulatedDisk;
import dfs.chunk.server.ChunkServer;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.seam.Disk;
import java.io.IOException;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A chunk server's machine: a disk, and the process that serves it when it runs. */
final class SimulatedServer {
  private static final ChunkServer.Scrub SCRUB = new ChunkServer.Scrub(64L << 20, 30);

  final int machine;
  private SimulatedDisk disk = new SimulatedDisk();
  private boolean diskFails;
  private @Nullable SimulatedProcess process;
  private @Nullable ChunkServer server;

  SimulatedServer(int machine) {
    this.machine = machine;
  }

  String address() {
    return "unix:/server/" + machine;
  }

  SimulatedDisk disk() {
    return disk;
  }

  boolean isUp() {
    SimulatedProcess now = process;
    return now != null && now.isAlive();
  }

  /** Its id in the cluster; 0 while it is not known. */
  long id() {
    ChunkServer now = server;
    return now == null ? 0 : now.status().server();
  }

  @Nullable SimulatedProcess process() {
    return process;
  }

  /** Starts it in a new process. */
  void start(
      SimulatedProcess next,
      Random random,
      SimulatedNetwork network,
      SimulatedBlocks blocks,
      UnaryOperator<Disk> wrap) {
    process = next;
    if (diskFails) {
      cutPower(random);
      process = next;
    }
    ChunkServer.Config config =
        new ChunkServer.Config(
            "host " + machine,
            address(),
            SimulatedMetadata.ADDRESS,
            SimulatedMetadata.KEY,
            ChunkServer.Config.SEGMENT_BYTES_MIN,
            "/disk/" + machine,
            0,
            0,
            SCRUB);
    Disk seen = wrap.apply(disk);
    next.start(
        "main",
        () -> {
          try {
            ChunkServer started =
                ChunkServer.start(
                    config,
                    seen,
                    network.transport(next),
                    new BlockServices(next, blocks.transport(next)),
                    next,
                    next.random());
            server = started;
            var _ = started.failed().thenAccept(cause -> next.kill());
          } catch (IOException e) {
            if (!diskFails) {
              network.scheduler.fail(e);
            }
            next.kill();
          }
        });
  }

  /** SIGKILL: what was written is in the kernel's memory. */
  void kill() {
    SimulatedProcess now = process;
    if (now != null) {
      now.kill();
    }
  }

  /** The power goes: what was not synced is there or not. */
  void cutPower(Random random) {
    kill();
    disk.crash(random);
    diskFails = false;
  }

  /** Its disk fails at one of the next operations, and for good until the power was off. */
  void failDisk(int operations) {
    disk.powerOffAfter(operations);
    diskFails = true;
  }

  /** It failed, or is about to. */
  boolean diskFails() {
    return diskFails;
  }

  /** Its disk is replaced by an empty one. */
  void loseDisk() {
    kill();
    disk = new SimulatedDisk();
    diskFails = false;
    server = null;
  }
}
