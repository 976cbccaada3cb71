package dfs.system;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dfs.client.block.ChunkBlockStore;
import dfs.client.metadata.StreamSession;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Reply.BlockPlace;
import dfs.protocol.metadata.Reply.MapPage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Everything that files have in blocks, compared with what each server alone has of it while all
 * others that run are stopped.
 */
final class SingleCopies {
  /** What is written while somebody is suspect has the minimum until it is sealed. */
  private static final int OPEN_MIN = 2;

  private static final int STEP_BYTES = 1 << 20;

  /** So much is compared while the others are stopped: for longer they would count as gone. */
  private static final long STOPPED_BYTES = 32 << 20;

  private static final String DIGEST = "SHA-256";

  private final ServerProcesses servers;
  private final StreamSession session;
  private final List<Range> ranges = new ArrayList<>();
  private int copiesCompared;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(STEP_BYTES);

  /** Some bytes of a file in a block. */
  private record Range(Path file, Extent extent, BlockPlace place, String digest) {}

  /** Reads some bytes, of which so many were read before. */
  private interface Source {
    void read(long at, ByteBuffer into) throws IOException;
  }

  private SingleCopies(ServerProcesses servers, StreamSession session) {
    this.servers = servers;
    this.session = session;
  }

  /**
   * Compares all files of the mount. Nobody else may work on it.
   *
   * @param count of chunk servers, from 1 on
   * @param wanted so many copies of everything that is sealed at least
   */
  static void compare(ServerProcesses servers, int count, int wanted, StreamSession session)
      throws Exception {
    SingleCopies copies = new SingleCopies(servers, session);
    try (Stream<Path> all = Files.walk(servers.mnt)) {
      for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
        copies.add(file);
      }
    }
    long compared = 0;
    Map<Integer, Long> ids = servers.ids();
    for (int server = 1; server <= count; server++) {
      if (servers.chunk(server).isAlive()) {
        compared += copies.compare(server, requireNonNull(ids.get(server)), count);
      }
    }
    assertThat(copies.ranges)
        .allSatisfy(
            range ->
                assertThat(range.place().servers())
                    .hasSizeGreaterThanOrEqualTo(
                        range.place().sealed() ? wanted : Math.min(wanted, OPEN_MIN)));
    assertThat(copies.copiesCompared)
        .as("each copy of each range")
        .isEqualTo(copies.ranges.stream().mapToInt(range -> range.place().servers().size()).sum());
    System.out.println(
        "%d bytes of %d ranges are the same on each server alone"
            .formatted(compared, copies.ranges.size()));
  }

  private void add(Path file) throws IOException {
    long ino = (Long) Files.getAttribute(file, "unix:ino");
    long bytes = Files.size(file);
    try (FileChannel channel = FileChannel.open(file)) {
      for (long at = 0; at < bytes; ) {
        Reply reply = session.call(Caller.ROOT, new Query.ReadMap(ino, at, bytes - at));
        MapPage page = (MapPage) reply;
        for (Extent extent : page.extents()) {
          BlockPlace place =
              page.blocks().stream()
                  .filter(one -> one.block() == extent.block())
                  .findFirst()
                  .orElseThrow();
          String digest =
              digest(
                  extent.lengthBytes(),
                  (from, into) -> {
                    while (into.hasRemaining()) {
                      long offset = extent.fileOffset() + from + into.position();
                      assertThat(channel.read(into, offset)).as("%s", file).isPositive();
                    }
                  });
          ranges.add(new Range(file, extent, place, digest));
        }
        at = page.endOffset();
      }
    }
  }

  private String digest(long bytes, Source source) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance(DIGEST);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
    for (long at = 0; at < bytes; at += STEP_BYTES) {
      ByteBuffer into = buffer.clear().slice(0, (int) Math.min(STEP_BYTES, bytes - at));
      source.read(at, into);
      digest.update(into.rewind());
    }
    return Arrays.toString(digest.digest());
  }

  /** Returns how many bytes are the same. */
  private long compare(int server, long id, int count) throws Exception {
    List<Range> there =
        ranges.stream().filter(range -> range.place().servers().contains(id)).toList();
    long compared = 0;
    int next = 0;
    try (BlockServices services = new BlockServices();
        ChunkBlockStore blocks = new ChunkBlockStore(services, session::id)) {
      while (next < there.size()) {
        others(server, count, "STOP");
        try {
          long until = compared + STOPPED_BYTES;
          for (; next < there.size() && compared < until; next++) {
            compare(there.get(next), server, id, blocks);
            compared += there.get(next).extent().lengthBytes();
          }
        } finally {
          others(server, count, "CONT");
        }
      }
    }
    return compared;
  }

  private void compare(Range range, int server, long id, ChunkBlockStore blocks)
      throws IOException {
    BlockPlace place = range.place();
    BlockPlace alone =
        new BlockPlace(
            place.block(),
            place.sealed(),
            place.lengthBytes(),
            List.of(id),
            List.of(servers.address(server)),
            place.capability());
    long offset = range.extent().blockOffset();
    assertThat(
            digest(
                range.extent().lengthBytes(), (at, into) -> blocks.read(alone, offset + at, into)))
        .as("%s of %s, on server %d alone", range.extent(), range.file(), server)
        .isEqualTo(range.digest());
    copiesCompared++;
  }

  private void others(int server, int count, String signal) throws Exception {
    StringBuilder command = new StringBuilder("kill -" + signal);
    for (int other = 1; other <= count; other++) {
      if (other != server && servers.chunk(other).isAlive()) {
        command.append(' ').append(servers.chunk(other).pid());
      }
    }
    Shell.run(servers.scratch, command.toString());
  }
}
