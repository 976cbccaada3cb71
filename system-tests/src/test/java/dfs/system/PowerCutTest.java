package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
  private static final int ROUNDS =
      Integer.getInteger("dfs.rounds", Boolean.getBoolean("dfs.long") ? 30 : 3);

  /** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH, when told to. */
  private static final String CUT =
      """
      import fcntl, os, struct, sys
      disk = os.open('.', os.O_RDONLY)
      print('ready', flush=True); sys.stdin.readline()
      fcntl.ioctl(disk, 0x8004587d, struct.pack('I', 2))
      """;

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
      Shell.quietly("umount", "-l", disk.toString());
    }
  }

  private DfsProcess up() throws IOException {
    DfsProcess dfs =
        DfsProcess.serve(
            scratch,
            "up",
            "--foreground",
            "--data",
            disk.resolve("data").toString(),
            "--",
            mnt.toString());
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
      cut();
      dfs.awaitEnd(10);
      writers.awaitDeath();
      Shell.quietly("umount", "-l", mnt.toString());
      Shell.run(scratch, "umount disk; mount -o loop image disk");
    }
    up();
    writers.verify();
    DfsProcess.run(scratch, "fsck", "--data", disk.resolve("data").toString());
  }

  /**
   * What returns while the ioctl runs does not count: ext4 itself then lets an fdatasync return 0
   * and loses its bytes (four writers that append and sync to nothing but ext4: 16 in 150 cuts).
   */
  private void cut() throws Exception {
    Process cutter =
        new ProcessBuilder("python3", "-c", CUT)
            .directory(disk.toFile())
            .redirectErrorStream(true)
            .start();
    try (BufferedReader said = cutter.inputReader();
        Writer tell = cutter.outputWriter()) {
      assertThat(said.readLine()).isEqualTo("ready");
      writers.cut();
      tell.write("\n");
      tell.flush();
      assertThat(cutter.waitFor()).as(said.lines().toList().toString()).isZero();
    } finally {
      cutter.destroyForcibly();
    }
  }
}
