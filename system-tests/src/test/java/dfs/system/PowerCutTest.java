package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * The disk under all data is cut off in mid-write by ext4's shutdown ioctl, which keeps only what
 * was really synced. What was acknowledged as durable reads back.
 */
@Timeout(3600)
class PowerCutTest {
  private static final int MENDED_SECONDS = 60;
  private static final int ROUNDS =
      Integer.getInteger("dfs.rounds", Boolean.getBoolean("dfs.long") ? 30 : 3);

  /** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH of these disks, when told to. */
  private static final String CUT =
      """
      import fcntl, os, struct, sys
      disks = [os.open(disk, os.O_RDONLY) for disk in sys.argv[1:]]
      print('ready', flush=True); sys.stdin.readline()
      for disk in disks:
          fcntl.ioctl(disk, 0x8004587d, struct.pack('I', 2))
      """;

  /** Data directories of the second and third chunk server. */
  private static final List<String> OTHERS = List.of("disk/data/chunk-2", "disk/data/chunk-3");

  private @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path scratch;
  private final List<DfsProcess> processes = new ArrayList<>();
  private RecordingWriters writers;
  private Path mnt;
  private Path disk;

  @BeforeEach
  void prepare() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    assumeTrue("root".equals(System.getProperty("user.name")), "loop mounts need root");
    mnt = scratch.resolve("mnt");
    disk = scratch.resolve("disk");
    Shell.run(
        scratch,
        "mkdir disk; truncate -s 2G image; mkfs.ext4 -q -F image; mount -o loop image disk");
    writers = new RecordingWriters(mnt);
  }

  @AfterEach
  void end() throws Exception {
    processes.forEach(DfsProcess::close);
    if (writers != null) {
      writers.close();
      Shell.quietly("umount", "-l", mnt.toString());
      for (String other : OTHERS) {
        Shell.quietly("umount", "-l", scratch.resolve(other).toString());
      }
      Shell.quietly("umount", "-l", disk.toString());
    }
  }

  private DfsProcess up(String... options) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("up", "--foreground"));
    arguments.addAll(List.of("--data", disk.resolve("data").toString()));
    arguments.addAll(List.of(options));
    arguments.addAll(List.of("--", mnt.toString()));
    DfsProcess dfs = DfsProcess.serve(scratch, arguments.toArray(String[]::new));
    processes.add(dfs);
    return dfs;
  }

  @Test
  void whatWasAcknowledgedSurvivesAPowerCut() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      DfsProcess dfs = up();
      if (round > 0) {
        writers.verify();
      }
      writers.startAndWork(700);
      cut(writers::cut, "disk");
      dfs.awaitEnd(10);
      writers.awaitDeath();
      Shell.quietly("umount", "-l", mnt.toString());
      Shell.run(scratch, "umount disk; mount -o loop image disk");
    }
    up();
    writers.verify();
    DfsProcess.call(0, "fsck", "--data", disk.resolve("data").toString());
  }

  private void mountOthers() throws Exception {
    for (int i = 0; i < OTHERS.size(); i++) {
      Shell.run(scratch, "mount -o loop image-%d %s".formatted(i, OTHERS.get(i)));
    }
  }

  private void makeOthers() throws Exception {
    for (int i = 0; i < OTHERS.size(); i++) {
      Shell.run(
          scratch,
          "mkdir -p %2$s; truncate -s 1G image-%1$d; mkfs.ext4 -q -F image-%1$d"
              .formatted(i, OTHERS.get(i)));
    }
    mountOthers();
  }

  /** The metadata and three chunk servers, each with two copies' share, on three disks. */
  @Test
  void whatWasAcknowledgedSurvivesAPowerCutOfAllDisks() throws Exception {
    makeOthers();
    for (int round = 0; round < ROUNDS; round++) {
      DfsProcess dfs = up("--chunk-servers", "3", "--replication", "2");
      if (round > 0) {
        writers.verify();
      }
      writers.startAndWork(700);
      cut(writers::cut, "disk", OTHERS.get(0), OTHERS.get(1));
      dfs.awaitEnd(10);
      writers.awaitDeath();
      Shell.quietly("umount", "-l", mnt.toString());
      Shell.run(scratch, "umount " + String.join(" ", OTHERS));
      Shell.run(scratch, "umount disk; mount -o loop image disk");
      mountOthers();
    }
    up();
    writers.verify();
    // Copies that ended elsewhere are made equal first.
    Awaitility.await()
        .atMost(MENDED_SECONDS, TimeUnit.SECONDS)
        .untilAsserted(() -> DfsProcess.call(0, "fsck", "--data", disk.resolve("data").toString()));
  }

  /** Those who write and read do not notice, and the process goes on with the other disks. */
  @Test
  void oneOfThreeDisksFails() throws Exception {
    makeOthers();
    DfsProcess dfs = up("--chunk-servers", "3", "--replication", "2", "--lost-after", "5");
    Shell.run(mnt, "for i in $(seq 12); do head -c 5000000 /dev/urandom >large$i; done; sync");
    String written = Shell.run(mnt, "sha256sum large*");
    writers.startAndWork(700);
    cut(() -> {}, OTHERS.getFirst());
    // Each in a block of its own: some of them go to that disk.
    Shell.run(mnt, "for i in $(seq 12); do head -c 5000000 /dev/zero >more$i; done; sync");
    writers.work(700);
    writers.stop();
    writers.verifyExactly();
    Shell.run(scratch, "echo 3 >/proc/sys/vm/drop_caches");
    assertThat(Shell.run(mnt, "sha256sum large*")).isEqualTo(written);
    String data = disk.resolve("data").toString();
    assertThat(DfsProcess.call(1, "status", "--data", data))
        .contains("chunk server 2 at local:chunk-2 is not here: ")
        .contains(OTHERS.getFirst() + " is failed: ");
    assertThat(dfs.isAlive()).isTrue();
    Shell.quietly("umount", "-l", scratch.resolve(OTHERS.getFirst()).toString());
    assertThat(dfs.stop()).isZero();
  }

  /**
   * What returns while the ioctl runs does not count: ext4 itself then lets an fdatasync return 0
   * and loses its bytes (four writers that append and sync to nothing but ext4: 16 in 150 cuts).
   */
  private void cut(Runnable before, String... disks) throws Exception {
    List<String> command = new ArrayList<>(List.of("python3", "-c", CUT));
    command.addAll(List.of(disks));
    Process cutter =
        new ProcessBuilder(command).directory(scratch.toFile()).redirectErrorStream(true).start();
    try (BufferedReader said = cutter.inputReader();
        Writer tell = cutter.outputWriter()) {
      assertThat(said.readLine()).isEqualTo("ready");
      before.run();
      tell.write("\n");
      tell.flush();
      assertThat(cutter.waitFor()).as(said.lines().toList().toString()).isZero();
    } finally {
      cutter.destroyForcibly();
    }
  }
}
