package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dfs.client.block.ChunkBlockStore;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.StreamSession;
import dfs.client.path.VolumeTree;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The disks of three chunk servers are filled to the end, most of it is deleted, and one of the
 * servers dies at an operation of its disk while what is left is put together: nothing is lost, and
 * all of the space comes back.
 */
@Timeout(3600)
@Tag("side-by-side")
class FullCompactionTest {
  private static final boolean LONG = Boolean.getBoolean("dfs.long");
  private static final int DISK_MEBIBYTES = 256;
  private static final int SERVERS = 3;
  private static final int FILE_BYTES = 3_500_003;

  /** One of so many is kept: one of each block, so that none of them is free without its like. */
  private static final int KEPT = 16;

  /** The minutes of a day are kept, in pieces of six hours. */
  private static final long ALL_TRIMMED_HOURS = 32;

  /** Each operation up to there in the long form. */
  private static final int OPERATIONS = 60;

  /** Every server comes as far as that: what is relocated is deleted from all. */
  private static final int FIRST_OPERATIONS = 8;

  private static final int ROUNDS = Integer.getInteger("dfs.rounds", LONG ? OPERATIONS : 2);
  private static final int WAIT_SECONDS = 120;

  private @TempDir Path directory;
  private final Random random = new Random(Long.getLong("dfs.seed", 1));
  private final Calendar calendar = Calendar.standingStill();
  private final List<LoopDisk> disks = new ArrayList<>();
  private final Map<String, byte[]> kept = new TreeMap<>();
  private StreamSession session;
  private OpenFiles files;
  private VolumeTree tree;
  private int named;

  @BeforeEach
  void prepare() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    assumeTrue("root".equals(System.getProperty("user.name")), "loop mounts need root");
    for (int i = 0; i < SERVERS; i++) {
      String name = "process-" + i;
      disks.add(LoopDisk.make(directory, name, directory.resolve(name), DISK_MEBIBYTES));
    }
  }

  @AfterEach
  void end() throws Exception {
    for (LoopDisk disk : disks) {
      disk.unmount();
    }
  }

  private void open(Cluster cluster) {
    files = new OpenFiles(session, new ChunkBlockStore(cluster.services, session::id), calendar);
    tree = new VolumeTree(session, files, Caller.ROOT, 0, random);
  }

  /** Writes files until there is no room; what was acknowledged of them is kept in mind. */
  private List<String> fill(Cluster cluster) throws IOException {
    List<String> removable = new ArrayList<>();
    for (int i = 0; ; i++) {
      byte[] bytes = new byte[FILE_BYTES];
      random.nextBytes(bytes);
      String path = "/f" + named++;
      try {
        tree.copyIn(Channels.newChannel(new ByteArrayInputStream(bytes)), path, 0644);
      } catch (IOException e) {
        assertThat(e).hasMessageMatching(".*(no space left|are full).*");
        removable.add(path);
        break;
      }
      if (i % KEPT == 0) {
        kept.put(path, bytes);
      } else {
        removable.add(path);
      }
    }
    files.close();
    open(cluster);
    return removable;
  }

  /** No version that can be read has them any more when this returns. */
  private void remove(List<String> paths) throws IOException {
    calendar.advance(5, TimeUnit.SECONDS);
    List<Query> gone = new ArrayList<>();
    for (String path : paths) {
      try {
        gone.add(new Query.GetAttributes(tree.find(path).ino()));
        tree.remove(path, false);
      } catch (IOException e) {
        assertThat(e).as("what did not fit").hasMessageContaining("no such file");
      }
    }
    for (Query query : gone) {
      Awaitility.await()
          .atMost(WAIT_SECONDS, TimeUnit.SECONDS)
          .pollInterval(10, TimeUnit.MILLISECONDS)
          .until(() -> session.call(Caller.ROOT, query) instanceof Reply.Refused);
    }
    calendar.advance(ALL_TRIMMED_HOURS, TimeUnit.HOURS);
  }

  private void verify() throws IOException {
    for (Map.Entry<String, byte[]> file : kept.entrySet()) {
      long handle = files.open(tree.find(file.getKey()));
      ByteBuffer into = ByteBuffer.allocate(FILE_BYTES);
      files.read(handle, 0, into);
      files.release(handle);
      assertThat(into.array()).as(file.getKey()).isEqualTo(file.getValue());
    }
  }

  private JsonObject volume(Cluster cluster) throws IOException {
    return cluster.status(session).getAsJsonObject("volume");
  }

  private long freeBytes(Cluster cluster) throws IOException {
    long free = 0;
    for (JsonElement server : cluster.status(session).getAsJsonArray("chunkServers")) {
      JsonArray directories = server.getAsJsonObject().getAsJsonArray("directories");
      free += directories.get(0).getAsJsonObject().get("freeBytes").getAsLong();
    }
    return free;
  }

  /** Most of the space is free again. */
  private boolean isBack(Cluster cluster) throws IOException {
    return freeBytes(cluster) > SERVERS * (DISK_MEBIBYTES << 20) / 2L;
  }

  private static long compacted(JsonObject volume) {
    return volume.getAsJsonObject("compacted").get("blocks").getAsLong();
  }

  private boolean isSettled(Cluster cluster, long compactedBefore) throws IOException {
    JsonObject volume = volume(cluster);
    JsonObject sealed = volume.getAsJsonObject("sealedBlocks");
    return compacted(volume) > compactedBefore
        && !volume.getAsJsonObject("blocks").has("open")
        && sealed.get("underReplicated").getAsLong() == 0
        && sealed.get("unreachable").getAsLong() == 0;
  }

  @Test
  void aServerThatDiesAtAnyOperationOfACompactionOnFullDisksLosesNothing() throws Exception {
    int died = 0;
    try (Cluster cluster = new Cluster(directory, calendar, 0, SERVERS, 2)) {
      session = cluster.session(false);
      open(cluster);
      for (int round = 0; round < ROUNDS; round++) {
        died +=
            round(cluster, LONG ? round : random.nextInt(FIRST_OPERATIONS), round % SERVERS)
                ? 1
                : 0;
      }
    }
    assertThat(died).as("servers that died meanwhile").isGreaterThan(ROUNDS / 3);
  }

  /** It goes on from now on, or again; whether it has not died. */
  private static boolean spare(Cluster cluster, int server) throws Exception {
    try {
      cluster.processes.get(server).haltAfter(Long.MAX_VALUE);
      return true;
    } catch (IOException e) {
      cluster.restartProcess(server);
      return false;
    }
  }

  /** Whether the server came as far as to that operation. */
  private boolean round(Cluster cluster, int operations, int victim) throws Exception {
    List<String> removable = fill(cluster);
    assertThat(removable).as("files that fit").hasSizeGreaterThan(10);
    long before = compacted(volume(cluster));
    cluster.processes.get(victim).haltAfter(operations);
    remove(removable);
    Awaitility.await()
        .atMost(WAIT_SECONDS, TimeUnit.SECONDS)
        .until(() -> !cluster.processes.get(victim).isAlive() || isBack(cluster));
    boolean died = !spare(cluster, victim);
    Awaitility.await()
        .atMost(WAIT_SECONDS, TimeUnit.SECONDS)
        .until(() -> isSettled(cluster, before));
    verify();
    Reply fsck = session.call(Caller.ROOT, new Query.GetReport("fsck"));
    assertThat(((Reply.Report) fsck).json()).contains("\"problems\":[]");
    // The next round finds room again.
    List<String> old = kept.keySet().stream().limit(Math.max(0, kept.size() - 8)).toList();
    old.forEach(kept::remove);
    remove(old);
    Awaitility.await()
        .atMost(WAIT_SECONDS, TimeUnit.SECONDS)
        .untilAsserted(
            () -> assertThat(isBack(cluster)).as("%s", cluster.status(session)).isTrue());
    return died;
  }
}
