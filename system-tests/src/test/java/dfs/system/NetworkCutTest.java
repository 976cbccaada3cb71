package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * One of three chunk servers reaches the metadata server by TCP, in a network namespace where the
 * kernel throws away what goes to its port, or what comes from there, for a while. Mounts and other
 * chunk servers reach both all the time.
 */
@Timeout(600)
class NetworkCutTest {
  private static final int SERVERS = 3;
  private static final int COPIES = 2;

  /** What the metadata server says when it has not heard of a chunk server for long. */
  private static final String CUT_OFF = "is silent: it is cut off";

  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final int WORK_MILLIS = 500;

  private @TempDir Path scratch;
  private final String namespace = "dfs-test-" + ProcessHandle.current().pid();
  private ServerProcesses servers;
  private RecordingWriters writers;
  private int port;

  private String inside(String script) throws Exception {
    return Shell.run(
        scratch, "nsenter --net=/run/netns/" + namespace + " sh -ec '" + script + "' 2>&1");
  }

  @BeforeEach
  void prepare() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    assumeTrue("root".equals(System.getProperty("user.name")), "network namespaces need root");
    assumeTrue(
        Files.isExecutable(Path.of("/usr/sbin/ip")), "ip is missing: apt-get install iproute2");
    Shell.run(scratch, "ip netns add " + namespace);
    // Rules of which packets to throw away come before that for the loopback interface.
    inside("ip link set lo up; ip rule add pref 10 lookup local; ip rule del pref 0");
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    List<String> prefix = List.of("nsenter", "--net=/run/netns/" + namespace);
    servers = new ServerProcesses(scratch);
    servers.startMetadataUnder(prefix, COPIES, "--port", String.valueOf(port));
    for (int number = 1; number < SERVERS; number++) {
      servers.startChunk(number, "--copy-rate", "0");
    }
    servers.startChunkByPort(SERVERS, prefix, port);
    servers.mount();
    writers = new RecordingWriters(servers.mnt);
  }

  @AfterEach
  void end() throws Exception {
    if (writers != null) {
      writers.close();
    }
    if (servers != null) {
      servers.close();
    }
    Shell.quietly("ip", "netns", "del", namespace);
  }

  private long cutOffs() throws IOException {
    String log = Files.readString(Path.of(servers.data, "log", "metadata.log"));
    return log.lines().filter(line -> line.contains(CUT_OFF)).count();
  }

  /** Until the metadata server has given the chunk server up. */
  private void cut(String packets) throws Exception {
    long before = cutOffs();
    inside("ip rule add pref 5 ipproto tcp " + packets + " " + port + " blackhole");
    long since = System.nanoTime();
    while (cutOffs() == before) {
      assertThat(System.nanoTime() - since).as("until it is given up").isLessThan(LIMIT_NANOS);
      LockSupport.parkNanos(LOOK_NANOS);
    }
    assertThat(servers.awaitHere(SERVERS - 1)).isPositive();
    writers.work(WORK_MILLIS);
    inside("ip rule del pref 5");
  }

  private void awaitAllHere() {
    long since = System.nanoTime();
    while (servers.status().getAsJsonArray("chunkServers").size() < SERVERS) {
      assertThat(System.nanoTime() - since).as("until it is back").isLessThan(LIMIT_NANOS);
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  @Test
  void nobodyNoticesThatAChunkServerAndTheMetadataServerDoNotHearEachOther() throws Exception {
    writers.startAndWork(WORK_MILLIS);
    for (String packets : List.of("dport", "sport")) {
      cut(packets);
      awaitAllHere();
    }
    writers.work(WORK_MILLIS);
    writers.stop();
    writers.verifyExactly();
    servers.awaitHealthy();
    servers.dfs(0, "fsck");
    SingleCopies.compare(servers, SERVERS, COPIES, servers.session());
  }
}
