package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.client.metadata.StreamSession;
import dfs.system.SocketProxy.Way;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The way between a mount and a chunk server, or between two chunk servers, is cut for a while, in
 * one direction; or a byte changes on it. The processes are real, and so are their writers, who
 * hear of nothing.
 */
@Timeout(600)
class PartitionTest {
  private static final int SERVERS = 3;
  private static final int COPIES = 2;

  /** The group of the mount's process, which is that of the tests. */
  private static final String MOUNT = "root";

  /** By then a server is left behind that does not answer. */
  private static final int CUT_MILLIS = 1500;

  /** Each of the four ways is cut so many times. */
  private static final int ROUNDS =
      Integer.getInteger("dfs.rounds", Boolean.getBoolean("dfs.long") ? 10 : 1);

  private static final int STEPS = 20;
  private static final long PROGRESS_NANOS_MAX = TimeUnit.SECONDS.toNanos(8);

  private static final int LOOK_MILLIS = 50;
  private static final long LIMIT_SECONDS = 30;

  /** A frame with so many bytes is one with many pieces of data in it. */
  private static final int DATA_BYTES = 20_000;

  private @TempDir Path scratch;
  private ServerProcesses servers;
  private RecordingWriters writers;
  private final List<SocketProxy> proxies = new ArrayList<>();

  /** From a peer to a chunk server and back. */
  private record Link(SocketProxy proxy, String peer) {}

  @BeforeEach
  void prepare() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    assumeTrue("root".equals(System.getProperty("user.name")), "other groups need root");
    servers = new ServerProcesses(scratch);
    servers.inGroupsOfTheirOwn();
    servers.start(SERVERS, COPIES, "--copy-rate", "0");
    for (int number = 1; number <= SERVERS; number++) {
      proxies.add(SocketProxy.before(servers.socket(number)));
    }
    servers.mount();
    writers = new RecordingWriters(servers.mnt);
  }

  @AfterEach
  void end() throws Exception {
    for (SocketProxy proxy : proxies) {
      proxy.close();
    }
    if (servers != null) {
      if (writers != null) {
        writers.close();
      }
      servers.close();
    }
  }

  private List<Link> links(boolean ofMount) {
    List<Link> links = new ArrayList<>();
    for (int number = 1; number <= SERVERS; number++) {
      for (int from = 1; from <= SERVERS; from++) {
        if (!ofMount && from != number) {
          links.add(new Link(proxies.get(number - 1), ServerProcesses.group(from)));
        }
      }
      if (ofMount) {
        links.add(new Link(proxies.get(number - 1), MOUNT));
      }
    }
    return links;
  }

  /** The one of them on which most goes now. */
  private static Link busiest(List<Link> links) {
    List<Long> before =
        links.stream().map(link -> link.proxy().frames(Way.TO_SERVER, link.peer())).toList();
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS));
    Link busiest = links.getFirst();
    long most = -1;
    for (int i = 0; i < links.size(); i++) {
      Link link = links.get(i);
      long grown = link.proxy().frames(Way.TO_SERVER, link.peer()) - before.get(i);
      if (grown > most) {
        busiest = link;
        most = grown;
      }
    }
    return busiest;
  }

  /** Cuts a link while something goes over it, which does not come through. */
  private void cut(boolean ofMount, Way way) {
    long since = System.nanoTime();
    while (true) {
      Link link = busiest(links(ofMount));
      long before = link.proxy().stopped(way, link.peer());
      link.proxy().hold(way, link.peer());
      if (link.proxy().awaitStopped(way, link.peer(), before, 1)) {
        writers.work(CUT_MILLIS);
        awaitProgress();
        link.proxy().letGo();
        return;
      }
      link.proxy().letGo();
      assertThat(System.nanoTime() - since)
          .as("until something goes %s, from a mount: %s", way, ofMount)
          .isLessThan(TimeUnit.SECONDS.toNanos(LIMIT_SECONDS));
    }
  }

  /** They go on although it is cut. */
  private void awaitProgress() {
    long before = writers.acknowledged();
    long since = System.nanoTime();
    while (writers.acknowledged() <= before + STEPS) {
      assertThat(System.nanoTime() - since)
          .as("until the writers go on")
          .isLessThan(PROGRESS_NANOS_MAX);
      writers.work(1);
    }
  }

  private void assertAllCopiesAreRight() throws Exception {
    writers.verifyExactly();
    servers.awaitHealthy();
    servers.dfs(0, "fsck", "--read-data");
    StreamSession session = servers.session();
    SingleCopies.compare(servers, SERVERS, COPIES, session);
  }

  @Test
  void nobodyNoticesThatTheNetworkIsCutOneWay() throws Exception {
    writers.startAndWork(CUT_MILLIS / 3);
    for (int round = 0; round < ROUNDS; round++) {
      for (boolean ofMount : new boolean[] {true, false}) {
        for (Way way : Way.values()) {
          cut(ofMount, way);
          writers.work(CUT_MILLIS / 10);
        }
      }
    }
    writers.stop();
    System.out.println("the longest step took %.2f s".formatted(writers.slowestNanos() / 1e9));
    assertAllCopiesAreRight();
  }

  /** Changes a byte of the next append that goes over any of these links. */
  private void flipOne(boolean ofMount, int at) throws Exception {
    List<CompletableFuture<Void>> flips =
        links(ofMount).stream()
            .map(link -> link.proxy().flip(Way.TO_SERVER, link.peer(), DATA_BYTES, at))
            .toList();
    try {
      CompletableFuture.anyOf(flips.toArray(CompletableFuture<?>[]::new))
          .get(LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("nothing went to a head, or tail; from a mount: " + ofMount, e);
    }
    proxies.forEach(SocketProxy::forgetFlips);
  }

  /** Of the capability and the record, and of the data, one after the other. */
  @Test
  void aByteThatChangesOnItsWayIsNeitherStoredNorRead() throws Exception {
    writers.startAndWork(CUT_MILLIS / 3);
    for (boolean ofMount : new boolean[] {true, false}) {
      for (int at : new int[] {500, 900, 5}) {
        flipOne(ofMount, at);
        writers.work(CUT_MILLIS / 10);
      }
    }
    writers.stop();
    List<CompletableFuture<Void>> flips = new ArrayList<>();
    for (Link link : links(true)) {
      for (int at : new int[] {500, 900}) {
        flips.add(link.proxy().flip(Way.FROM_SERVER, link.peer(), DATA_BYTES, at));
      }
    }
    Shell.run(scratch, "sync; echo 3 >/proc/sys/vm/drop_caches");
    writers.verifyExactly();
    assertThat(flips)
        .as("answers to readers that were changed")
        .anyMatch(CompletableFuture::isDone);
    proxies.forEach(SocketProxy::forgetFlips);
    assertAllCopiesAreRight();
  }
}
