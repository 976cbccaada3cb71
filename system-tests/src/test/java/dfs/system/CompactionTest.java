package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dfs.client.block.ChunkBlockStore;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.StreamSession;
import dfs.client.path.VolumeTree;
import dfs.fuse.Mount;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Of blocks that many files share most is deleted: the space comes back, and whoever reads what is
 * left does not notice.
 */
@Timeout(600)
@Tag("side-by-side")
class CompactionTest {
  /** The minutes of a day are kept, in pieces of six hours. */
  private static final long ALL_TRIMMED_HOURS = 32;

  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(120);

  /** Side files and journals, and what a file system rounds up to. */
  private static final long OVERHEAD_BYTES = 4 << 20;

  private static final int FILES = 16;
  private static final int FILE_BYTES = 3_500_003;
  private static final int KILLS =
      Integer.getInteger("dfs.rounds", Boolean.getBoolean("dfs.long") ? 20 : 3);

  private @TempDir Path directory;
  private final Random random = new Random(Long.getLong("dfs.seed", 1));
  private final Calendar calendar = Calendar.standingStill();

  private static JsonObject volume(Cluster cluster, StreamSession session) throws IOException {
    return cluster.status(session).getAsJsonObject("volume");
  }

  private static long compacted(JsonObject volume) {
    return volume.getAsJsonObject("compacted").get("blocks").getAsLong();
  }

  private interface Condition {
    boolean holds(JsonObject volume) throws Exception;
  }

  /** Asks the metadata server again and again how the volume is; what it said last. */
  private static JsonObject await(
      String what, Cluster cluster, StreamSession session, Condition condition) throws Exception {
    long since = System.nanoTime();
    JsonObject volume = volume(cluster, session);
    for (; !condition.holds(volume); volume = volume(cluster, session)) {
      assertThat(System.nanoTime() - since).as("%s: %s", what, volume).isLessThan(PATIENCE_NANOS);
    }
    return volume;
  }

  private static JsonObject fsck(StreamSession session) throws IOException {
    Reply reply = session.call(Caller.ROOT, new Query.GetReport("fsck"));
    return JsonParser.parseString(((Reply.Report) reply).json()).getAsJsonObject();
  }

  /** Removes files; once nobody holds them, no version that can be read has them any more. */
  private void forget(List<String> paths, VolumeTree tree, Cluster cluster, StreamSession session)
      throws Exception {
    List<Long> inos = new ArrayList<>();
    for (String path : paths) {
      inos.add(tree.find(path).ino());
      tree.remove(path, false);
    }
    for (long ino : inos) {
      Query query = new Query.GetAttributes(ino);
      await(
          "inode " + ino + " is reaped",
          cluster,
          session,
          now -> session.call(Caller.ROOT, query) instanceof Reply.Refused);
    }
    calendar.advance(ALL_TRIMMED_HOURS, TimeUnit.HOURS);
  }

  private long usedBytes() throws Exception {
    return Long.parseLong(Shell.run(directory, "du -sB1 chunk/data | cut -f1"));
  }

  @Test
  void theSpaceOfWhatWasDeletedComesBackAndTheRestIsAsItWas() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    Path mnt = directory.resolve("mnt");
    try (Cluster cluster = new Cluster(directory, calendar)) {
      Mount writing = cluster.mount(mnt);
      Shell.run(
          mnt,
          "for i in $(seq 35); do for f in $(seq %d); do head -c 100003 /dev/urandom >>f$f;"
                  .formatted(FILES)
              + " done; sync -f .; done");
      String sums = Shell.run(mnt, "sha256sum f3 f11 f16");
      writing.close(false);
      writing.awaitUnmounted();
      calendar.advance(5, TimeUnit.SECONDS);
      long before = usedBytes();
      assertThat(before).isGreaterThan((long) FILES * FILE_BYTES);

      StreamSession session = cluster.session(true);
      OpenFiles files =
          new OpenFiles(session, new ChunkBlockStore(cluster.services, session::id), calendar);
      VolumeTree tree = new VolumeTree(session, files, Caller.ROOT, 0, random);
      long handle = files.open(tree.find("/f11"));
      ByteBuffer whole = ByteBuffer.allocate(35 * 100_003);
      files.read(handle, 0, whole);
      List<String> removed = new ArrayList<>();
      for (int i = 1; i <= FILES; i++) {
        if (i != 3 && i != 11 && i != 16) {
          removed.add("/f" + i);
        }
      }
      forget(removed, tree, cluster, session);
      JsonObject volume =
          await(
              "the space comes back",
              cluster,
              session,
              now -> compacted(now) > 0 && usedBytes() < 3L * FILE_BYTES + OVERHEAD_BYTES);
      assertThat(volume.getAsJsonObject("compacted").get("freedBytes").getAsLong())
          .isGreaterThan(before / 2);
      ByteBuffer again = ByteBuffer.allocate(whole.capacity());
      files.read(handle, 0, again);
      assertThat(again.flip()).as("by who knew where it was").isEqualTo(whole.flip());
      files.release(handle);
      files.close();
      assertThat(fsck(session).get("problems").getAsJsonArray()).isEmpty();
      cluster.mount(mnt);
      assertThat(Shell.run(mnt, "sha256sum f3 f11 f16")).isEqualTo(sums);
      assertThat(Shell.run(mnt, "ls").lines()).hasSize(3);
    }
  }

  /** A server of the new block dies while that is made; what it had is elsewhere in the end. */
  @Test
  void aServerThatIsKilledMeanwhileCostsNothing() throws Exception {
    int meanwhile = 0;
    for (int round = 0; round < KILLS; round++) {
      Path here = Files.createDirectory(directory.resolve("round-" + round));
      try (Cluster cluster = new Cluster(here, calendar, 0, 3, 2)) {
        meanwhile += killed(cluster, round) ? 1 : 0;
      }
    }
    assertThat(meanwhile).as("kills while a block was made").isPositive();
  }

  private boolean killed(Cluster cluster, int round) throws Exception {
    StreamSession session = cluster.session(false);
    Map<String, byte[]> kept = new TreeMap<>();
    OpenFiles files =
        new OpenFiles(session, new ChunkBlockStore(cluster.services, session::id), calendar);
    VolumeTree tree = new VolumeTree(session, files, Caller.ROOT, 0, random);
    for (int i = 0; i < 3 * FILES; i++) {
      byte[] bytes = new byte[FILE_BYTES];
      random.nextBytes(bytes);
      tree.copyIn(Channels.newChannel(new ByteArrayInputStream(bytes)), "/f" + i, 0644);
      if (i % 3 == 0) {
        kept.put("/f" + i, bytes);
      }
    }
    files.close();
    files = new OpenFiles(session, new ChunkBlockStore(cluster.services, session::id), calendar);
    tree = new VolumeTree(session, files, Caller.ROOT, 0, random);
    calendar.advance(5, TimeUnit.SECONDS);
    List<String> removed = new ArrayList<>();
    for (int i = 0; i < 3 * FILES; i++) {
      if (i % 3 != 0) {
        removed.add("/f" + i);
      }
    }
    forget(removed, tree, cluster, session);
    await("a block is made", cluster, session, CompactionTest::isMaking);
    cluster.processes.get(round % 3).close();
    boolean meanwhile = isMaking(volume(cluster, session));
    await("all copies are there", cluster, session, CompactionTest::isWhole);
    for (Map.Entry<String, byte[]> file : kept.entrySet()) {
      long handle = files.open(tree.find(file.getKey()));
      ByteBuffer into = ByteBuffer.allocate(FILE_BYTES);
      files.read(handle, 0, into);
      files.release(handle);
      assertThat(into.array()).as(file.getKey()).isEqualTo(file.getValue());
    }
    files.close();
    assertThat(fsck(session).get("problems").getAsJsonArray()).isEmpty();
    return meanwhile;
  }

  private static boolean isMaking(JsonObject volume) {
    return volume.getAsJsonObject("blocks").has("open");
  }

  private static boolean isWhole(JsonObject volume) {
    JsonObject sealed = volume.getAsJsonObject("sealedBlocks");
    return compacted(volume) > 0
        && !isMaking(volume)
        && sealed.get("underReplicated").getAsLong() == 0
        && sealed.get("unreachable").getAsLong() == 0;
  }
}
