package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import dfs.client.block.ChunkBlockStore;
import dfs.client.metadata.StreamSession;
import dfs.fuse.Mount;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Reply.BlockPlace;
import dfs.protocol.metadata.Reply.MapPage;
import dfs.protocol.seam.RealTime;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Blocks on several chunk servers, reached within the process and by frames. */
@Timeout(300)
@Tag("side-by-side")
class CopiesTest {
  private static final long COPIES_NANOS = TimeUnit.SECONDS.toNanos(120);

  private @TempDir Path directory;
  private Path mnt;

  @BeforeEach
  void prepare() {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    mnt = directory.resolve("mnt");
  }

  static MapPage map(StreamSession session, String name) throws IOException {
    Reply entry =
        session.call(
            Caller.ROOT, new Query.Lookup(Attributes.ROOT_INO, ByteString.copyFromUtf8(name)));
    long ino = ((Reply.Entry) entry).attributes().ino();
    return (MapPage) session.call(Caller.ROOT, new Query.ReadMap(ino, 0, 1L << 30));
  }

  /** The file as one of the servers alone has it. */
  static byte[] copy(MapPage map, int member, ChunkBlockStore blocks) throws IOException {
    ByteBuffer into = ByteBuffer.allocate((int) map.attributes().sizeBytes());
    for (Extent extent : map.extents()) {
      BlockPlace place =
          map.blocks().stream().filter(p -> p.block() == extent.block()).findFirst().orElseThrow();
      BlockPlace alone =
          new BlockPlace(
              place.block(),
              place.sealed(),
              place.lengthBytes(),
              List.of(place.servers().get(member)),
              List.of(place.addresses().get(member)),
              place.capability());
      blocks.read(
          alone,
          extent.blockOffset(),
          into.slice((int) extent.fileOffset(), (int) extent.lengthBytes()));
    }
    return into.array();
  }

  /** Small files share blocks, large ones have their own; a sync is one of all members. */
  @Test
  void eachMemberOfABlockHasItsBytes() throws Exception {
    try (Cluster cluster = new Cluster(directory, new RealTime(), 3, 3)) {
      cluster.mount(mnt);
      Shell.run(
          mnt,
          "head -c 20000 /dev/urandom >small; head -c 9000001 /dev/urandom >large;"
              + " dd if=/dev/urandom of=synced bs=4k count=20 oflag=sync 2>&1; sync");
      Shell.run(directory, "cp -a mnt copies; sync -f mnt");
      StreamSession session = cluster.session(false);
      ChunkBlockStore blocks = new ChunkBlockStore(cluster.services, session::id);
      for (String name : List.of("small", "large", "synced")) {
        MapPage map = map(session, name);
        assertThat(map.extents()).isNotEmpty();
        for (int member = 0; member < 3; member++) {
          assertThat(copy(map, member, blocks))
              .as("%s on member %d", name, member)
              .isEqualTo(Files.readAllBytes(directory.resolve("copies/" + name)));
        }
      }
      blocks.close();
    }
  }

  /** Waits until no copies are missing although what a dead server has does not count any more. */
  private static void awaitCopies(Cluster cluster, StreamSession session, long deadNanos)
      throws IOException {
    long since = System.nanoTime();
    JsonObject blocks;
    do {
      blocks = cluster.status(session).getAsJsonObject("volume").getAsJsonObject("sealedBlocks");
      assertThat(System.nanoTime() - since).as("still %s", blocks).isLessThan(COPIES_NANOS);
    } while (System.nanoTime() - deadNanos < Cluster.COUNTED_LOST_NANOS
        || blocks.get("underReplicated").getAsLong() > 0);
  }

  /** Two of four die one after the other, and every byte is there in the end. */
  @Test
  void whatADeadServerHadIsCopiedToAnother() throws Exception {
    try (Cluster cluster = new Cluster(directory, new RealTime(), 4, 2)) {
      Mount writing = cluster.mount(mnt);
      Shell.run(
          mnt,
          "for i in $(seq 20); do head -c $((i * 70001)) /dev/urandom >f$i;"
              + " dd if=/dev/zero of=f$i bs=1 count=1 seek=1 conv=notrunc,fsync 2>&1; done;"
              + " head -c 9000001 /dev/urandom >large");
      String sums = Shell.run(mnt, "sha256sum *");
      writing.close(false);
      writing.awaitUnmounted();
      StreamSession session = cluster.session(false);
      for (int victim = 0; victim < 2; victim++) {
        cluster.stopChunkServer(victim);
        awaitCopies(cluster, session, System.nanoTime());
      }
      cluster.mount(mnt);
      assertThat(Shell.run(mnt, "sha256sum *")).isEqualTo(sums);
    }
  }

  /** Whether it is the first, the middle or the last: nobody who writes or reads hears of it. */
  @Test
  void aWriterGoesOnWhenAMemberDies() throws Exception {
    for (int victim = 0; victim < 3; victim++) {
      Path here = Files.createDirectory(directory.resolve("round-" + victim));
      Path at = here.resolve("mnt");
      try (Cluster cluster = new Cluster(here, new RealTime(), 3, 3)) {
        cluster.mount(at);
        Process writer =
            new ProcessBuilder(
                    "timeout",
                    "60",
                    "python3",
                    "-c",
                    """
                    import hashlib, os, sys
                    fd = os.open('mnt/f', os.O_CREAT | os.O_WRONLY); h = hashlib.sha256()
                    for i in range(400):
                        b = os.urandom(30000); os.write(fd, b); h.update(b); os.fsync(fd)
                        if i == 100: print('half', flush=True)
                    os.close(fd); print(h.hexdigest(), flush=True)
                    """)
                .directory(here.toFile())
                .redirectErrorStream(true)
                .start();
        try (var said = writer.inputReader()) {
          assertThat(said.readLine()).isEqualTo("half");
          cluster.stopChunkServer(victim);
          String sum = said.readLine();
          assertThat(writer.waitFor()).as("%s", sum).isZero();
          Shell.run(here, "echo 3 >/proc/sys/vm/drop_caches");
          assertThat(Shell.run(here, "sha256sum <mnt/f")).startsWith(sum);
        }
      }
    }
  }
}
