package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.client.block.ChunkBlockStore;
import dfs.client.metadata.StreamSession;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Reply.BlockPlace;
import dfs.protocol.metadata.Reply.MapPage;
import dfs.system.SocketProxy.Way;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One of three chunk servers answers everything late: whoever reads does not wait for it. */
@Timeout(300)
class SlowServerTest {
  private static final int SERVERS = 3;
  private static final int COPIES = 2;
  private static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Each has a block of its own. */
  private static final int FILES = 6;

  private static final int FILE_BYTES = 9_000_000;
  private static final int READ_BYTES = 100_000;
  private static final int ROUNDS = 10;

  /** The group of the tests, and of the mount. */
  private static final String READER = "root";

  private @TempDir Path scratch;
  private ServerProcesses servers;
  private final List<SocketProxy> proxies = new ArrayList<>();

  @BeforeEach
  void prepare() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    assumeTrue("root".equals(System.getProperty("user.name")), "other groups need root");
    servers = new ServerProcesses(scratch);
    servers.inGroupsOfTheirOwn();
    servers.start(SERVERS, COPIES);
    servers.mount();
    for (int i = 0; i < FILES; i++) {
      // Long from the start, so that it gets a block of its own.
      Shell.run(
          servers.mnt,
          "truncate -s %1$d f%2$d; head -c %1$d /dev/urandom | dd of=f%2$d bs=1M conv=notrunc 2>&1"
              .formatted(FILE_BYTES, i));
    }
    Shell.run(servers.mnt, "sync -f .");
    servers.awaitHealthy();
    for (int number = 1; number <= SERVERS; number++) {
      proxies.add(SocketProxy.before(servers.socket(number)));
    }
  }

  @AfterEach
  void end() throws Exception {
    for (SocketProxy proxy : proxies) {
      proxy.close();
    }
    if (servers != null) {
      servers.close();
    }
  }

  private long reads(int number) {
    return proxies.get(number - 1).reads(READER);
  }

  private static byte[] read(ChunkBlockStore blocks, BlockPlace place, Extent extent)
      throws Exception {
    ByteBuffer into = ByteBuffer.allocate(READ_BYTES);
    blocks.read(place, extent.blockOffset(), into);
    return into.array();
  }

  @Test
  void readersAskTheOthersAndDoNotWait() throws Exception {
    StreamSession session = servers.session();
    Map<Long, String> addresses = new HashMap<>();
    servers.ids().forEach((number, id) -> addresses.put(id, servers.address(number)));
    List<Extent> extents = new ArrayList<>();
    List<BlockPlace> places = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      MapPage map = CopiesTest.map(session, "f" + i);
      Extent extent = map.extents().getFirst();
      extents.add(extent);
      places.add(bySockets(map, extent.block(), addresses));
    }
    try (BlockServices services = new BlockServices();
        ChunkBlockStore first = new ChunkBlockStore(services, session::id);
        ChunkBlockStore blocks = new ChunkBlockStore(services, session::id)) {
      // By one that is not used again: what it saw of the server is not known to the other.
      assertThat(read(first, places.getFirst(), extents.getFirst())).isEqualTo(head("f0"));
      // The one that is asked for this file as long as nobody is slow.
      int slow = reads(1) > 0 ? 1 : reads(2) > 0 ? 2 : 3;
      long before = reads(slow);
      assertThat(before).isPositive();
      proxies.get(slow - 1).delay(Way.FROM_SERVER, READER, LATE_NANOS);
      int ofTheSlow = 0;
      for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < FILES; i++) {
          assertThat(read(blocks, places.get(i), extents.get(i))).isEqualTo(head("f" + i));
          ofTheSlow += places.get(i).addresses().contains(servers.address(slow)) ? 1 : 0;
        }
      }
      long asked = reads(slow) - before;
      System.out.println(
          "%d reads are of blocks on the slow server, which was asked %d times: %s"
              .formatted(ofTheSlow, asked, blocks.hedges()));
      assertThat(blocks.hedges().won()).as("answers of a second copy").isPositive();
      assertThat(asked).as("reads that the slow one was asked for").isBetween(1L, ofTheSlow / 2L);
    }
  }

  /** Where a block lies, by the sockets of its servers. */
  private static BlockPlace bySockets(MapPage map, long block, Map<Long, String> addresses) {
    BlockPlace place =
        map.blocks().stream().filter(each -> each.block() == block).findAny().orElseThrow();
    return new BlockPlace(
        place.block(),
        place.sealed(),
        place.lengthBytes(),
        place.servers(),
        place.servers().stream().map(id -> addresses.getOrDefault(id, "")).toList(),
        place.capability());
  }

  private byte[] head(String name) throws Exception {
    try (InputStream in = Files.newInputStream(servers.mnt.resolve(name))) {
      return in.readNBytes(READ_BYTES);
    }
  }
}
