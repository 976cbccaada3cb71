package dfs.system;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.io.MoreFiles;
import dfs.cli.data.DataDirectory;
import dfs.cli.volume.Volume;
import dfs.client.nio.DfsAclView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.attribute.FileTime;
import java.nio.file.spi.FileSystemProvider;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * What of java.nio.file on dfs is its own: life cycle, the past, bytes, ACLs, servers that hang.
 */
@Timeout(300)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class JavaFilesTest {
  private static final URI ROOT = URI.create("dfs:///");
  private static final long PATIENCE_SECONDS = 30;

  private @TempDir Path scratch;

  @SuppressWarnings("NullAway.Init")
  private DfsProcess servers;

  @SuppressWarnings("NullAway.Init")
  private FileSystem volume;

  private String data() {
    return scratch.resolve("data").toString();
  }

  @BeforeEach
  void start() throws Exception {
    servers = DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", data());
    volume = FileSystems.newFileSystem(ROOT, Map.of("data", data()));
  }

  @AfterEach
  void stop() throws Exception {
    volume.close();
    servers.close();
  }

  private Path path(String name) {
    return volume.getPath(name);
  }

  @Test
  void itIsFoundByItsScheme() {
    assertThat(FileSystemProvider.installedProviders())
        .extracting(FileSystemProvider::getScheme)
        .contains("dfs");
    assertThat(FileSystems.getFileSystem(ROOT)).isSameAs(volume);
    assertThat(Path.of(URI.create("dfs:///a%20b"))).isEqualTo(path("/a b"));
    assertThat(path("/a b").toUri()).isEqualTo(URI.create("dfs:///a%20b"));
  }

  @Test
  void whatCannotBeOpenedIsSaid() {
    assertThatThrownBy(() -> FileSystems.newFileSystem(ROOT, Map.of("data", data())))
        .isInstanceOf(FileSystemAlreadyExistsException.class);
    assertThatThrownBy(() -> FileSystems.newFileSystem(URI.create("dfs://host/"), Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not encrypted");
    assertThatThrownBy(() -> FileSystems.newFileSystem(ROOT, Map.of("date", "today")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("date");
    assertThatThrownBy(
            () -> FileSystems.newFileSystem(ROOT, Map.of("data", scratch.resolve("none"))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("dfs is not up");
    assertThatThrownBy(
            () ->
                FileSystems.newFileSystem(
                    ROOT, Map.of("data", data(), "asOf", Instant.now().plusSeconds(5))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("second");
  }

  @Test
  @SuppressWarnings("StreamResourceLeak") // the end of the file system closes it
  void nothingGoesOnAfterTheEnd() throws Exception {
    Path file = Files.writeString(path("/f"), "x");
    FileChannel channel = FileChannel.open(file, WRITE);
    DirectoryStream<Path> stream = Files.newDirectoryStream(path("/"));
    channel.write(ByteBuffer.wrap(new byte[] {'y'}));
    volume.close();
    volume.close();
    assertThat(volume.isOpen()).isFalse();
    assertThat(channel.isOpen()).isFalse();
    assertThatThrownBy(channel::size).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(stream::iterator).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> Files.readString(file)).isInstanceOf(ClosedFileSystemException.class);
    assertThatThrownBy(() -> Files.delete(file)).isInstanceOf(ClosedFileSystemException.class);
    assertThatThrownBy(volume::getFileStores).isInstanceOf(ClosedFileSystemException.class);
    assertThatThrownBy(() -> FileSystems.getFileSystem(ROOT))
        .isInstanceOf(FileSystemNotFoundException.class);
    volume = FileSystems.newFileSystem(ROOT, Map.of("data", data()));
    assertThat(Files.readString(path("/f"))).isEqualTo("y");
    assertThatThrownBy(() -> Files.copy(file, path("/g")))
        .isInstanceOf(ClosedFileSystemException.class);
  }

  @Test
  void theRootStays() {
    assertThatThrownBy(() -> Files.delete(path("/"))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> Files.move(path("/"), path("/g"))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> volume.getPath("/a").resolve(Path.of("b")))
        .isInstanceOf(ProviderMismatchException.class);
  }

  @Test
  void whatIsRefusedIsRefusedClearly() throws Exception {
    Path file = Files.writeString(path("/f"), "x");
    try (FileChannel channel = FileChannel.open(file, READ, WRITE)) {
      assertThatThrownBy(() -> channel.map(FileChannel.MapMode.READ_ONLY, 0, 1))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("mapped");
    }
    assertThatThrownBy(volume::newWatchService).isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(file::toFile).isInstanceOf(UnsupportedOperationException.class);
  }

  /** An instant is kept at the end of each second in which something changed. */
  private static Instant nextSecond() {
    long second = Instant.now().getEpochSecond();
    while (Instant.now().getEpochSecond() == second) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    return Instant.now();
  }

  @Test
  void thePastIsReadOnly() throws Exception {
    Files.createDirectory(path("/d"));
    Files.writeString(path("/d/f"), "before".repeat(2000));
    Instant then = nextSecond();
    nextSecond();
    Files.writeString(path("/d/f"), "now");
    Files.createFile(path("/d/g"));
    try (FileSystem past = FileSystems.newFileSystem(ROOT, Map.of("data", data(), "asOf", then))) {
      Path file = past.getPath("/d/f");
      assertThat(Files.readString(file)).isEqualTo("before".repeat(2000));
      try (var listed = Files.list(past.getPath("/d"))) {
        assertThat(listed).containsExactly(file);
      }
      assertThat(past.isReadOnly()).isTrue();
      assertThat(Files.isWritable(file)).isFalse();
      assertThatThrownBy(() -> Files.delete(file)).isInstanceOf(ReadOnlyFileSystemException.class);
      assertThatThrownBy(() -> Files.writeString(file, "x"))
          .isInstanceOf(ReadOnlyFileSystemException.class);
      assertThatThrownBy(() -> Files.setAttribute(file, "unix:mode", 0600))
          .isInstanceOf(ReadOnlyFileSystemException.class);
      assertThat(FileSystems.getFileSystem(ROOT)).isSameAs(volume);
      Files.copy(file, path("/back"));
    }
    assertThat(Files.readString(path("/back"))).isEqualTo("before".repeat(2000));
    assertThat(Files.readString(path("/d/f"))).isEqualTo("now");
  }

  /** How long a file is for somebody else, who asks at once. */
  private long seenByOthers(String path) throws IOException {
    try (Volume other = Volume.open(new DataDirectory(Path.of(data())))) {
      return other.tree().find(path).sizeBytes();
    }
  }

  @Test
  void whatReturnedIsSeenByOthers() throws Exception {
    byte[] bytes = new byte[10_000];
    try (FileChannel channel = FileChannel.open(path("/closed"), WRITE, CREATE)) {
      channel.write(ByteBuffer.wrap(bytes));
    }
    assertThat(seenByOthers("/closed")).isEqualTo(bytes.length);
    try (FileChannel channel = FileChannel.open(path("/forced"), WRITE, CREATE)) {
      channel.write(ByteBuffer.wrap(bytes));
      channel.force(false);
      assertThat(seenByOthers("/forced")).isEqualTo(bytes.length);
      channel.write(ByteBuffer.wrap(bytes));
      Files.move(path("/forced"), path("/moved"));
      assertThat(seenByOthers("/moved")).isEqualTo(2L * bytes.length);
      channel.write(ByteBuffer.wrap(bytes));
      Files.setLastModifiedTime(path("/moved"), FileTime.fromMillis(5));
      assertThat(seenByOthers("/moved")).isEqualTo(3L * bytes.length);
    }
    try (FileChannel channel = FileChannel.open(path("/synced"), WRITE, CREATE, DSYNC)) {
      channel.write(ByteBuffer.wrap(bytes));
      assertThat(seenByOthers("/synced")).isEqualTo(bytes.length);
    }
    try (FileChannel channel = FileChannel.open(path("/appended"), APPEND, CREATE)) {
      channel.write(ByteBuffer.wrap(bytes));
      assertThat(seenByOthers("/appended")).isEqualTo(bytes.length);
    }
  }

  /** Guava's walk down through secure directory streams. */
  @Test
  void treesAreRemovedByGuava() throws Exception {
    Path tree = Files.createDirectories(path("/t/u/v"));
    Files.writeString(tree.resolve("f"), "x");
    Files.createSymbolicLink(path("/t/l"), path("/"));
    MoreFiles.deleteRecursively(path("/t"));
    assertThat(path("/t")).doesNotExist();
    MoreFiles.createParentDirectories(path("/a/b/c"));
    MoreFiles.asCharSink(path("/a/b/c"), StandardCharsets.UTF_8).write("x");
    assertThat(MoreFiles.equal(path("/a/b/c"), Files.writeString(path("/d"), "x"))).isTrue();
    assertThat(MoreFiles.fileTraverser().breadthFirst(path("/a"))).hasSize(3);
  }

  @Test
  void aclsAreText() throws Exception {
    Path file = Files.writeString(path("/f"), "x");
    Files.setAttribute(file, "unix:mode", 0640);
    assertThat(Files.getAttribute(file, "dfs:acl"))
        .isEqualTo("user::rw-\ngroup::r--\nother::---\n");
    String text = "user::rw-\nuser:54321:r--\ngroup::r--\nmask::r--\nother::---\n";
    Files.setAttribute(file, "dfs:acl", text);
    assertThat(Files.getFileAttributeView(file, DfsAclView.class).acl()).isEqualTo(text);
    assertThatThrownBy(() -> Files.setAttribute(file, "dfs:acl", "everybody::rwx"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("everybody");
    Path directory = Files.createDirectory(path("/d"));
    DfsAclView view = Files.getFileAttributeView(directory, DfsAclView.class);
    assertThat(view.defaultAcl()).isEmpty();
    view.setDefaultAcl(text);
    assertThat(view.defaultAcl()).isEqualTo(text);
    view.setDefaultAcl("");
    assertThat(view.defaultAcl()).isEmpty();
  }

  @Test
  void namesAreBytes() throws Exception {
    Path odd = Path.of(URI.create("dfs:///a%FFb"));
    Path other = Path.of(URI.create("dfs:///a%FEb"));
    assertThat(odd).isNotEqualTo(other).hasToString(other.toString());
    Files.writeString(odd, "odd");
    Files.writeString(other, "other");
    try (DirectoryStream<Path> listed = Files.newDirectoryStream(path("/"))) {
      assertThat(listed).containsExactlyInAnyOrder(odd, other);
    }
    assertThat(Files.readString(odd)).isEqualTo("odd");
    assertThat(odd.toUri()).isEqualTo(URI.create("dfs:///a%FFb"));
    Path link = Files.createSymbolicLink(path("/l"), odd);
    assertThat(Files.readSymbolicLink(link)).isEqualTo(odd);
    assertThat(link.toRealPath()).isEqualTo(odd);
  }

  /** The servers are stopped in the middle of it: nobody who is to leave waits for them. */
  @Test
  void whoWaitsForAServerThatHangsLeaves() throws Exception {
    Path file = Files.writeString(path("/f"), "x".repeat(100_000));
    Instant then = nextSecond();
    nextSecond();
    try (FileSystem hasty =
        FileSystems.newFileSystem(
            ROOT,
            Map.of(
                "data",
                scratch.resolve("data/../data/."),
                "asOf",
                then,
                "timeout",
                Duration.ofSeconds(3)))) {
      FileChannel one = FileChannel.open(file, READ);
      FileChannel other = FileChannel.open(file, READ, WRITE, CREATE);
      Shell.run(scratch, "kill -STOP " + servers.pid());
      try {
        Path late = hasty.getPath("/");
        assertThatThrownBy(() -> Files.getLastModifiedTime(late))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("no answer");
        Throwable closed = leaving(one, false);
        assertThat(closed).isExactlyInstanceOf(AsynchronousCloseException.class);
        Throwable interrupted = leaving(other, true);
        assertThat(interrupted).isExactlyInstanceOf(ClosedByInterruptException.class);
      } finally {
        Shell.run(scratch, "kill -CONT " + servers.pid());
      }
    }
    assertThat(Files.readString(file)).hasSize(100_000);
  }

  /** What a reader hears when its channel is closed, or it is interrupted, while it waits. */
  private static Throwable leaving(FileChannel channel, boolean interrupt) throws Exception {
    CompletableFuture<Throwable> heard = new CompletableFuture<>();
    Thread reader =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  try {
                    channel.read(ByteBuffer.allocate(10), 50_000);
                    heard.complete(new AssertionError("it was read"));
                  } catch (Throwable e) {
                    heard.complete(e);
                  }
                });
    long since = System.nanoTime();
    while (reader.getState() != Thread.State.WAITING
        && reader.getState() != Thread.State.TIMED_WAITING) {
      assertThat(System.nanoTime() - since).isLessThan(TimeUnit.SECONDS.toNanos(10));
      Thread.onSpinWait();
    }
    if (interrupt) {
      reader.interrupt();
    } else {
      Thread.ofPlatform().daemon().start(() -> closeQuietly(channel));
    }
    return heard.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
