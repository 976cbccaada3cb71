package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.protocol.seam.RealTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What several copies cost: bytes sent and flushes, counted. */
@Timeout(300)
class CopyCountsTest {
  private static final int SYNCS = 20;
  private static final int LARGE_BYTES = 3 << 20;

  /** The last of so many is in two blocks: files of 4 MiB have their own, from there on. */
  private static final int LARGE_SYNCS = 23;

  private static final int OF_A_NEW_BLOCK = 1;
  private static final int OF_ANOTHER_BLOCK = 1;
  private static final int OF_A_SEAL = 2;

  private static final long WRITTEN_BYTES = 64L << 20;

  /** The median counts: once in a while tables are flushed and idle blocks are sealed. */
  private static final int IDLE_SECONDS = 9;

  private @TempDir Path scratch;
  private ServerProcesses servers;

  @BeforeEach
  void prepare() {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    servers = new ServerProcesses(scratch);
  }

  @AfterEach
  void end() throws Exception {
    if (servers != null) {
      servers.close();
    }
  }

  /**
   * Each more than what lies in the metadata. What is small goes into the journal with its record;
   * the bytes of what is larger are flushed first, in the file of its block.
   */
  @Test
  void aSyncIsOneFlushOfEachMemberAndAnotherOfTheBlockWhereItIsLarge() throws Exception {
    try (Cluster cluster = new Cluster(scratch, new RealTime(), 3, 3)) {
      cluster.mount(scratch.resolve("mnt"));
      assertFlushes(cluster, SYNCS, 8192, new CountedDisk.Flushes(SYNCS, 0));
      assertFlushes(cluster, SYNCS, 65_536, new CountedDisk.Flushes(SYNCS, 0));
      assertFlushes(cluster, SYNCS, 65_536 + 4096, new CountedDisk.Flushes(SYNCS, SYNCS));
    }
  }

  /** A block is made with its header; when it is full, records and seal are flushed after it. */
  @Test
  void aSyncInTwoBlocksIsOneFlushMoreOfEachFileAndOneOfTheSeal() throws Exception {
    try (Cluster cluster = new Cluster(scratch, new RealTime(), 3, 3)) {
      cluster.mount(scratch.resolve("mnt"));
      int count = LARGE_SYNCS;
      assertFlushes(
          cluster,
          count - 1,
          LARGE_BYTES,
          new CountedDisk.Flushes(count - 1, count - 1 + OF_A_NEW_BLOCK));
      assertFlushes(
          cluster,
          count,
          LARGE_BYTES,
          new CountedDisk.Flushes(
              count, count + OF_A_NEW_BLOCK + OF_ANOTHER_BLOCK + OF_A_NEW_BLOCK + OF_A_SEAL));
    }
  }

  /** Of so many syncs of so many bytes, in a file that is not the first. */
  private void assertFlushes(Cluster cluster, int count, int size, CountedDisk.Flushes wanted)
      throws Exception {
    sync(1, size);
    List<CountedDisk.Flushes> before = cluster.flushes();
    sync(count, size);
    List<CountedDisk.Flushes> flushes = cluster.flushes();
    for (int member = 0; member < flushes.size(); member++) {
      assertThat(flushes.get(member).since(before.get(member)))
          .as("flushes of member %d, %d syncs, each of %d bytes", member, count, size)
          .isEqualTo(wanted);
    }
  }

  private void sync(int count, int size) throws Exception {
    String script =
        """
        import os, sys
        size, count = int(sys.argv[1]), int(sys.argv[2])
        fd = os.open('mnt/f', os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        for i in range(count):
            os.pwrite(fd, os.urandom(size), i * size); os.fdatasync(fd)
        """;
    Files.writeString(scratch.resolve("sync.py"), script);
    Shell.run(scratch, "python3 sync.py %d %d".formatted(size, count));
  }

  /** Bytes that a process wrote to anything. */
  private static long written(DfsProcess process) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + process.pid() + "/io")).stream()
        .filter(line -> line.startsWith("wchar: "))
        .mapToLong(line -> Long.parseLong(line.substring("wchar: ".length())))
        .sum();
  }

  @Test
  void theClientSendsEachByteOnceAndIdleServersSayLittle() throws Exception {
    servers.start(3, 2);
    DfsProcess mount = servers.mount();
    for (int copies : new int[] {1, 3}) {
      Path folder = Files.createDirectory(servers.mnt.resolve("copies-" + copies));
      servers.dfs(0, "replication", String.valueOf(copies), "/copies-" + copies);
      Shell.run(folder, "head -c 10000 /dev/zero >begun; sync begun");
      long before = written(mount);
      Shell.run(
          folder, "dd if=/dev/zero of=f bs=1M conv=fsync count=" + (WRITTEN_BYTES >> 20) + " 2>&1");
      assertThat((double) (written(mount) - before) / WRITTEN_BYTES)
          .as("bytes sent for each byte written with %d copies", copies)
          .isBetween(1.0, 1.05);
    }
    servers.awaitHealthy();
    List<List<Long>> seconds = new ArrayList<>();
    List<Long> before = writtenByEach();
    for (int second = 0; second < IDLE_SECONDS; second++) {
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
      List<Long> after = writtenByEach();
      List<Long> last = before;
      seconds.add(
          IntStream.range(0, after.size()).mapToObj(i -> after.get(i) - last.get(i)).toList());
      before = after;
    }
    long[] sums =
        seconds.stream()
            .mapToLong(bytes -> bytes.stream().mapToLong(Long::longValue).sum())
            .sorted()
            .toArray();
    assertThat(sums[IDLE_SECONDS / 2])
        .as("bytes of the median second; by process, second after second: %s", seconds)
        .isLessThan(10 << 10);
  }

  private List<Long> writtenByEach() throws IOException {
    List<Long> written = new ArrayList<>();
    for (DfsProcess process : servers.all()) {
      written.add(written(process));
    }
    return written;
  }
}
