package dfs.system;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.client.path.At;
import dfs.client.path.PathCalls;
import dfs.client.path.PathCalls.Setting;
import dfs.client.volume.Entrance;
import dfs.client.volume.Reached;
import dfs.protocol.metadata.Change;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two clients without a lease that change one file at the same time. */
@Timeout(300)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class JavaSharingTest {
  private static final int WRITTEN = 20;

  private @TempDir Path scratch;

  @SuppressWarnings("NullAway.Init")
  private DfsProcess servers;

  @SuppressWarnings("NullAway.Init")
  private FileSystem volume;

  @SuppressWarnings("NullAway.Init")
  private Reached other;

  @BeforeEach
  void start() throws Exception {
    Path data = scratch.resolve("data");
    servers =
        DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", data.toString());
    volume = FileSystems.newFileSystem(URI.create("dfs:///"), Map.of("data", data));
    other = Reached.open(new Entrance(data), "other");
  }

  @AfterEach
  void stop() throws Exception {
    other.close();
    volume.close();
    servers.close();
  }

  /** The other client sets the length. */
  private void setLength(String path, long sizeBytes) throws IOException {
    PathCalls calls = new PathCalls(other.session(), other.files(), other.caller(), 0);
    var _ =
        calls.set(
            At.root(ByteString.copyFromUtf8(path)),
            true,
            new Setting(Change.SetAttributes.SET_SIZE, 0, 0, 0, sizeBytes, 0, 0));
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /** Of a file in the metadata, of one in a shared block, of one with blocks of its own. */
  @ParameterizedTest
  @ValueSource(ints = {4000, 20_000, 5_000_000})
  void whatOneCutsTheOtherDoesNotFillWithZeros(int length) throws Exception {
    int cut = length / 2;
    Path file = Files.write(volume.getPath("/f"), filled(length, 1));
    byte[] expected = filled(cut, 1);
    Arrays.fill(expected, 0, WRITTEN, (byte) 2);
    try (FileChannel channel = FileChannel.open(file, READ, WRITE)) {
      channel.write(ByteBuffer.wrap(filled(WRITTEN, 2)), 0);
      setLength("/f", cut);
      assertThat(channel.size()).isEqualTo(cut);
      ByteBuffer read = ByteBuffer.allocate(length);
      while (channel.read(read, read.position()) > 0) {}
      assertThat(read.position()).isEqualTo(cut);
      assertThat(Arrays.copyOf(read.array(), cut)).isEqualTo(expected);
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(expected);
  }

  /**
   * What is written may count as before or after: it is cut, or it stays, and nothing beside it.
   */
  @ParameterizedTest
  @ValueSource(ints = {4000, 20_000})
  void whatIsWrittenAcrossTheNewEndStaysOrIsCut(int length) throws Exception {
    int cut = length / 2;
    Path file = Files.write(volume.getPath("/f"), filled(length, 1));
    int from = cut - WRITTEN / 2;
    byte[] after = filled(cut + WRITTEN / 2, 1);
    Arrays.fill(after, from, after.length, (byte) 2);
    try (FileChannel channel = FileChannel.open(file, WRITE)) {
      channel.write(ByteBuffer.wrap(filled(WRITTEN, 2)), from);
      setLength("/f", cut);
    }
    assertThat(Files.readAllBytes(file)).isIn(after, Arrays.copyOf(after, cut));
  }

  @ParameterizedTest
  @ValueSource(ints = {4000, 20_000})
  void whatOneLetsGrowTheOtherDoesNotCut(int length) throws Exception {
    Path file = Files.write(volume.getPath("/f"), filled(length, 1));
    byte[] expected = Arrays.copyOf(filled(length, 1), 2 * length);
    Arrays.fill(expected, 0, WRITTEN, (byte) 2);
    try (FileChannel channel = FileChannel.open(file, WRITE)) {
      channel.write(ByteBuffer.wrap(filled(WRITTEN, 2)), 0);
      setLength("/f", 2L * length);
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(expected);
  }
}
