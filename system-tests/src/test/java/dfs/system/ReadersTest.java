package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Who only reads costs the log nothing, and hears nothing of a restart of its server. */
@Timeout(900)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class ReadersTest {
  private static final int LARGE_BYTES = 5_000_000;
  private static final int RESTARTS = Boolean.getBoolean("dfs.long") ? 20 : 3;
  private static final long READS_BETWEEN = 50;
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** By then what is done once a second has been done twice. */
  private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(2500);

  /** Who only asks has commands of its own if it is not quiet by then. */
  private static final long ENDLESS_NANOS = TimeUnit.MINUTES.toNanos(2);

  /** By then what nobody has open is gone, and its blocks. */
  private static final long REAPED_NANOS = TimeUnit.SECONDS.toNanos(15);

  private @TempDir Path scratch;
  private ServerProcesses servers;
  private final byte[] large = new byte[LARGE_BYTES];

  @BeforeEach
  void start() throws Exception {
    Shell.run(scratch, "chmod 755 .");
    servers = new ServerProcesses(scratch);
    servers.start(1, 1);
    new Random(1).nextBytes(large);
    try (FileSystem volume = volume(Map.of())) {
      Files.createDirectories(volume.getPath("/d/sub"));
      Files.writeString(volume.getPath("/d/small"), "small");
      Files.write(volume.getPath("/d/large"), large);
    }
  }

  @AfterEach
  void end() throws Exception {
    servers.close();
  }

  private FileSystem volume(Map<String, Object> more) throws IOException {
    Map<String, Object> settings = new HashMap<>(more);
    settings.put("data", Path.of(servers.data));
    return FileSystems.newFileSystem(URI.create("dfs:///"), settings);
  }

  private long commands() {
    return servers.status().getAsJsonObject("metadata").get("commands").getAsLong();
  }

  private long entries() {
    return servers.status().getAsJsonObject("metadata").get("entries").getAsLong();
  }

  /** When what follows the end of a session is done; asking is no command. */
  private long quietCommands() {
    long known = commands();
    long begun = System.nanoTime();
    long since = begun;
    while (System.nanoTime() - since < QUIET_NANOS) {
      LockSupport.parkNanos(LOOK_NANOS);
      long now = commands();
      assertThat(System.nanoTime() - begun)
          .as("%d commands, and no end", now)
          .isLessThan(ENDLESS_NANOS);
      if (now != known) {
        known = now;
        since = System.nanoTime();
      }
    }
    return known;
  }

  private void readAll(FileSystem volume) throws IOException {
    assertThat(Files.readString(volume.getPath("/d/small"))).isEqualTo("small");
    assertThat(Files.readAllBytes(volume.getPath("/d/large"))).isEqualTo(large);
    try (Stream<Path> paths = Files.walk(volume.getPath("/"))) {
      assertThat(paths.map(Path::toString)).contains("/d/sub", "/d/large");
    }
    assertThat(Files.getAttribute(volume.getPath("/d/small"), "unix:size")).isEqualTo(5L);
  }

  @Test
  void whatOnlyReadsCostsNoLogEntry() throws Exception {
    String then = Instant.now().truncatedTo(ChronoUnit.SECONDS).plusSeconds(1).toString();
    Awaitility.await().until(() -> Instant.now().isAfter(Instant.parse(then).plusSeconds(1)));
    long commands = quietCommands();
    long entries = entries();
    try (FileSystem present = volume(Map.of());
        FileSystem past = volume(Map.of("asOf", then))) {
      readAll(present);
      readAll(past);
    }
    for (List<String> line :
        List.of(
            List.of("ls", "-lR", "/"),
            List.of("cat", "/d/small"),
            List.of("stat", "/d/small"),
            List.of("find", "/"),
            List.of("ls", "-R", "--as-of", then, "/"),
            List.of("cat", "--as-of", then, "/d/small"))) {
      String said = servers.process(0, scratch, line.toArray(String[]::new));
      assertThat(said).as("%s", line).contains("small");
    }
    if ("root".equals(System.getProperty("user.name"))) {
      try (UserProcess user = user()) {
        assertThat(user.tell("open", "/d/small", "read")).isEqualTo("open");
        assertThat(user.tell("read", "/d/small")).isEqualTo("small");
        assertThat(user.tell("close", "/d/small")).isEqualTo("closed");
      }
    }
    assertThat(quietCommands()).isEqualTo(commands);
    assertThat(entries()).isEqualTo(entries);
    Path small = Files.writeString(scratch.resolve("small"), "small");
    servers.process(0, scratch, "put", small.toString(), "/put");
    // The session, the file, its contents, its name; the end of the session, in two steps.
    assertThat(quietCommands()).isEqualTo(commands + 6);
  }

  private UserProcess user() throws Exception {
    return UserProcess.start(
        VerbRunner.command(scratch.resolve("classes")),
        Path.of(servers.data),
        scratch.resolve("err"));
  }

  /** Reads again and again until it is told to stop. */
  private final class Reader {
    final AtomicLong reads = new AtomicLong();
    volatile boolean stops;

    Void read(FileSystem volume, FileChannel open) throws IOException {
      while (!stops) {
        assertThat(Files.readString(volume.getPath("/d/small"))).isEqualTo("small");
        int at = (int) (reads.get() * 99_991 % (LARGE_BYTES - Long.BYTES));
        ByteBuffer piece = ByteBuffer.allocate(Long.BYTES);
        assertThat(open.read(piece, at)).isEqualTo(Long.BYTES);
        assertThat(piece.flip()).isEqualTo(ByteBuffer.wrap(large, at, Long.BYTES));
        reads.incrementAndGet();
      }
      return null;
    }

    void awaitMore(Future<?> reading) {
      long before = reads.get();
      Awaitility.await()
          .atMost(120, TimeUnit.SECONDS)
          .until(() -> reading.isDone() || reads.get() > before + READS_BETWEEN);
    }
  }

  /** Also what has no name any more, which nobody but the reader knows to be open. */
  @Test
  void aToolReadsOnWhileItsServerIsKilledAndStarted() throws Exception {
    Reader reader = new Reader();
    try (FileSystem volume = volume(Map.of());
        FileChannel open = FileChannel.open(volume.getPath("/d/large"));
        ExecutorService threads = Executors.newSingleThreadExecutor()) {
      servers.process(0, scratch, "rm", "/d/large");
      Future<?> reading = threads.submit(() -> reader.read(volume, open));
      for (int i = 0; i < RESTARTS; i++) {
        servers.killMetadata();
        servers.startMetadata(1);
        reader.awaitMore(reading);
      }
      long since = System.nanoTime();
      Awaitility.await()
          .atMost(60, TimeUnit.SECONDS)
          .until(() -> reading.isDone() || System.nanoTime() - since > REAPED_NANOS);
      reader.awaitMore(reading);
      assertThat(tools()).isPositive();
      reader.stops = true;
      reading.get(60, TimeUnit.SECONDS);
      Files.writeString(volume.getPath("/d/made"), "made");
    }
    try (FileSystem volume = volume(Map.of())) {
      assertThat(Files.readString(volume.getPath("/d/made"))).isEqualTo("made");
    }
    servers.dfs(0, "fsck");
  }

  private long tools() {
    long tools = 0;
    for (JsonElement session : servers.status().getAsJsonArray("sessions")) {
      JsonObject said = session.getAsJsonObject();
      tools += said.get("kind").getAsString().equals("tool") ? 1 : 0;
    }
    return tools;
  }
}
