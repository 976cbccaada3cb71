package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dfs.cli.verb.FlippedCopy;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** What a copy has read is held against the checksums that the servers have taken it with. */
@Timeout(180)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class ComparedCopiesTest {
  /** In the metadata, in a block with others, in blocks of its own. */
  private static final int[] SIZES = {1, 1000, 100_000, 3 << 20, 70 << 20};

  private static final int BUFFER_BYTES = 1 << 20;

  private @TempDir Path scratch;

  @SuppressWarnings("NullAway.Init")
  private DfsProcess servers;

  @SuppressWarnings("NullAway.Init")
  private FileSystem volume;

  @BeforeEach
  void start() throws Exception {
    String data = scratch.resolve("data").toString();
    servers =
        DfsProcess.serve(
            scratch,
            "up",
            "--foreground",
            "--no-mount",
            "--data",
            data,
            "--chunk-servers",
            "3",
            "--replication",
            "2");
    volume = FileSystems.newFileSystem(URI.create("dfs:///"), Map.of("data", data));
  }

  @AfterEach
  void stop() throws Exception {
    volume.close();
    servers.close();
  }

  private Path source(Random random, int size) throws IOException {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return Files.write(scratch.resolve("source"), bytes);
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(path -> String.valueOf(path.getFileName())).toList();
    }
  }

  @Test
  void aBitThatChangesBetweenReadingAndSendingLeavesNoFile() throws IOException {
    Path target = volume.getPath("/copy");
    Random random = new Random(3);
    for (int size : SIZES) {
      Path source = source(random, size);
      for (int buffer : new int[] {1, Math.ceilDiv(size, BUFFER_BYTES)}) {
        assertThatThrownBy(() -> FlippedCopy.of(source, target, false, buffer))
            .as("%d bytes", size)
            .hasMessageMatching(
                "was not stored as it was read: its CRC32C was %08x, that of the copy is"
                        .formatted(crc(Files.readAllBytes(source)))
                    + " [0-9a-f]{8}; the copy is deleted \\(copy it again; if it stays so, memory"
                    + " of this machine is damaged\\)");
        assertThat(names(volume.getPath("/"))).as("%d bytes", size).isEmpty();
      }
      FlippedCopy.of(source, target, false, 0);
      assertThat(Files.mismatch(source, target)).isEqualTo(-1);
      Files.delete(target);
    }
  }

  @Test
  void withinAVolumeItIsSo() throws IOException {
    Path source = source(new Random(4), 5 << 20);
    Path first = volume.getPath("/first");
    FlippedCopy.of(source, first, false, 0);
    assertThatThrownBy(() -> FlippedCopy.of(first, volume.getPath("/second"), false, 2))
        .hasMessageStartingWith("was not stored as it was read");
    assertThat(names(volume.getPath("/"))).containsExactly("first");
  }

  @Test
  void whatAnEarlierRunLeftIsComparedToo() throws IOException {
    byte[] bytes = new byte[9 << 20];
    new Random(5).nextBytes(bytes);
    Path source = Files.write(scratch.resolve("source"), bytes);
    Path root = volume.getPath("/");
    Path target = volume.getPath("/copy");
    Path part = root.resolve(FlippedCopy.partOf(source, target));
    Files.write(part, Arrays.copyOf(bytes, 6 << 20));
    FlippedCopy.of(source, target, true, 0);
    assertThat(Files.mismatch(source, target)).isEqualTo(-1);
    assertThat(names(root)).as("it was gone on with").containsExactly("copy");
    Files.delete(target);
    byte[] changed = Arrays.copyOf(bytes, 6 << 20);
    changed[3 << 20] ^= 1;
    Files.write(part, changed);
    assertThatThrownBy(() -> FlippedCopy.of(source, target, true, 0))
        .hasMessageStartingWith("was not stored as it was read");
    assertThat(names(root)).isEmpty();
  }

  @Test
  void theAttributeIsTheChecksumOfWhatAFileHas() throws IOException {
    Random random = new Random(6);
    Path file = volume.getPath("/file");
    byte[] model = new byte[6 << 20];
    int size = 0;
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (int i = 0; i < 60; i++) {
        byte[] bytes = new byte[1 + random.nextInt(i % 7 == 0 ? 1 << 20 : 9000)];
        random.nextBytes(bytes);
        int at = random.nextInt(model.length - bytes.length);
        channel.write(ByteBuffer.wrap(bytes), at);
        System.arraycopy(bytes, 0, model, at, bytes.length);
        size = Math.max(size, at + bytes.length);
        if (i % 10 == 9) {
          channel.force(false);
        }
        assertThat((int) Files.getAttribute(file, "dfs:crc32c"))
            .as("after write %d", i)
            .isEqualTo(crc(model, size));
      }
    }
    assertThat(Files.readAttributes(file, "dfs:*")).doesNotContainKey("crc32c");
    assertThatThrownBy(() -> Files.getAttribute(volume.getPath("/"), "dfs:crc32c"))
        .isInstanceOf(FileSystemException.class);
    assertThatThrownBy(() -> Files.setAttribute(file, "dfs:crc32c", 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static int crc(byte[] bytes) {
    return crc(bytes, bytes.length);
  }

  private static int crc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }
}
