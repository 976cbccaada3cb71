package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.cli.data.DataDirectory;
import dfs.cli.volume.Volume;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL under writers that use the client library and record each handle whose closing was
 * acknowledged: of the client with and without the servers, and of each server alone. All of it
 * reads back through a fresh client, and no hand is needed.
 */
@Timeout(3600)
@Tag("side-by-side")
class LibraryKillTest {
  private static final int ROUNDS =
      Integer.getInteger("dfs.rounds", Boolean.getBoolean("dfs.long") ? 100 : 3);
  private static final int WRITERS = 4;
  private static final int WORK_MILLIS = 500;
  private static final long RECORDED_MIN = 10;
  private static final int LARGE_BYTES = 1 << 20;

  private @TempDir Path scratch;
  private final List<DfsProcess> processes = new ArrayList<>();
  private final List<Process> clients = new ArrayList<>();
  private final List<LibraryRecord> records = new ArrayList<>();
  private final List<LibraryWriter> writers = new ArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private List<Future<?>> working = List.of();
  private Random random = new Random();
  private String data;
  private DataDirectory directory;
  private int roundsUnderWay;

  @BeforeEach
  void prepare() {
    long seed = Long.getLong("dfs.seed", System.nanoTime());
    System.out.println("library writers: -Ddfs.seed=" + seed);
    random = new Random(seed);
    data = scratch.resolve("data").toString();
    directory = new DataDirectory(scratch.resolve("data"));
    for (int i = 0; i < WRITERS; i++) {
      LibraryRecord record = new LibraryRecord();
      records.add(record);
      writers.add(new LibraryWriter(directory, "/w" + i, seed + i, record));
    }
  }

  @AfterEach
  void end() {
    writers.forEach(LibraryWriter::stop);
    clients.forEach(Process::destroyForcibly);
    processes.forEach(DfsProcess::close);
    threads.shutdownNow();
  }

  private DfsProcess serve(String... arguments) throws IOException {
    DfsProcess process = DfsProcess.serve(scratch, arguments);
    processes.add(process);
    return process;
  }

  private DfsProcess up() throws IOException {
    return serve("up", "--foreground", "--no-mount", "--data", data);
  }

  private long acknowledged() {
    return records.stream().mapToLong(LibraryRecord::acknowledged).sum();
  }

  private interface Kill {
    void run() throws Exception;
  }

  /** Kills in the middle of the work, once enough is recorded. */
  private void killAtWork(Kill kill) throws Exception {
    long enough = acknowledged() + RECORDED_MIN;
    Awaitility.await()
        .atMost(60, TimeUnit.SECONDS)
        .until(
            () -> acknowledged() >= enough || working.stream().anyMatch(writer -> writer.isDone()));
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(WORK_MILLIS)));
    kill.run();
    assertThat(acknowledged()).as("recorded").isGreaterThanOrEqualTo(enough);
    roundsUnderWay += records.stream().anyMatch(LibraryRecord::isUnderWay) ? 1 : 0;
  }

  private void verify(int writer) throws Exception {
    records.get(writer).verify(directory, "/w" + writer);
  }

  private void checkRounds() throws Exception {
    DfsProcess.call(0, "fsck", "--data", data);
    assertThat(roundsUnderWay).as("rounds that hit something under way").isGreaterThan(ROUNDS / 3);
    System.out.println(acknowledged() + " closed or removed in " + ROUNDS + " rounds");
  }

  /** A client of its own process; what it says is heard until it dies. */
  private Process client(LibraryWriter.Heard heard) throws IOException {
    List<String> command = DfsProcess.java(LibraryWriter.class.getName());
    command.addAll(List.of(data, "/w0", String.valueOf(random.nextLong())));
    Process client =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    clients.add(client);
    working = List.of(threads.submit(() -> hear(client, heard)));
    return client;
  }

  private static Void hear(Process client, LibraryWriter.Heard heard) throws IOException {
    try (BufferedReader said =
        new BufferedReader(
            new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8))) {
      said.lines().forEach(line -> LibraryWriter.hear(line, heard));
    }
    return null;
  }

  /** The client dies with the servers, or alone. */
  @Test
  void whatAClientClosedSurvivesItsEnd() throws Exception {
    DfsProcess servers = up();
    for (int round = 0; round < ROUNDS; round++) {
      Process client = client(records.getFirst());
      DfsProcess victim = servers;
      boolean all = round % 2 == 0;
      killAtWork(
          () -> {
            client.toHandle().destroyForcibly();
            if (all) {
              victim.kill();
            }
            awaitSilence(client);
          });
      if (all) {
        servers = up();
      }
      verify(0);
      DfsProcess.call(0, "fsck", "--data", data);
    }
    checkRounds();
  }

  /**
   * All that a dead client said is heard. (It is killed through its handle: a {@code Process} would
   * forget what is in the pipe.)
   */
  private void awaitSilence(Process client) throws Exception {
    client.waitFor();
    for (Future<?> heard : working) {
      heard.get(20, TimeUnit.SECONDS);
    }
  }

  /** Passes on to a record, and kills upon an acknowledgement once there were some. */
  private static final class KillOnDone implements LibraryWriter.Heard {
    private final LibraryRecord record;
    private final CompletableFuture<Boolean> enough = new CompletableFuture<>();
    private final CompletableFuture<Process> client = new CompletableFuture<>();
    private int puts;

    KillOnDone(LibraryRecord record) {
      this.record = record;
    }

    @Override
    public void puts(String name, long seed, int length) {
      record.puts(name, seed, length);
      puts += length >= LARGE_BYTES ? 1 : 0;
    }

    @Override
    public void removes(String name) {
      record.removes(name);
    }

    @Override
    public void done() {
      if (puts == 2) {
        client.join().toHandle().destroyForcibly();
        enough.complete(true);
        puts++;
      }
      record.done();
    }
  }

  /** No moment passes between the closing of a large file and the death of who wrote it. */
  @Test
  void whatAClientClosedJustNowSurvivesItsEnd() throws Exception {
    up();
    for (int round = 0; round < ROUNDS; round++) {
      KillOnDone heard = new KillOnDone(records.getFirst());
      Process client = client(heard);
      heard.client.complete(client);
      heard.enough.get(60, TimeUnit.SECONDS);
      awaitSilence(client);
      verify(0);
    }
    DfsProcess.call(0, "fsck", "--data", data);
  }

  /** Nothing is left to write, only a block to end: what was acknowledged does not fail later. */
  @Test
  void aClientIsClosedWithoutAChunkServer() throws Exception {
    serve("metadata", "--foreground", "--data", data);
    DfsProcess chunk = serve("chunk", "--foreground", "--data", data);
    byte[] bytes = LibraryWriter.bytes(1, LARGE_BYTES);
    try (Volume volume = Volume.open(directory)) {
      volume.tree().copyIn(Channels.newChannel(new ByteArrayInputStream(bytes)), "/file", 0644);
      chunk.kill();
    }
    serve("chunk", "--foreground", "--data", data);
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    try (Volume volume = Volume.open(directory)) {
      volume.tree().copyOut("/file", Channels.newChannel(read));
    }
    assertThat(read.toByteArray()).isEqualTo(bytes);
    DfsProcess.call(0, "fsck", "--data", data);
  }

  private void startWriters() {
    List<Future<?>> started = new ArrayList<>();
    for (LibraryWriter writer : writers) {
      Callable<Void> work =
          () -> {
            writer.work();
            return null;
          };
      started.add(threads.submit(work));
    }
    working = started;
  }

  /** What is under way when a server dies is done when it is back: the clients hear of no error. */
  @Test
  void whatClientsClosedSurvivesTheEndOfEachServer() throws Exception {
    DfsProcess metadata = serve("metadata", "--foreground", "--data", data);
    DfsProcess chunk = serve("chunk", "--foreground", "--data", data);
    for (int round = 0; round < ROUNDS; round++) {
      startWriters();
      DfsProcess victim = round % 2 == 0 ? metadata : chunk;
      killAtWork(victim::kill);
      writers.forEach(LibraryWriter::stop);
      if (round % 2 == 0) {
        metadata = serve("metadata", "--foreground", "--data", data);
      } else {
        chunk = serve("chunk", "--foreground", "--data", data);
      }
      for (Future<?> writer : working) {
        writer.get(120, TimeUnit.SECONDS);
      }
      for (int i = 0; i < WRITERS; i++) {
        assertThat(records.get(i).isUnderWay()).as("anything left under way").isFalse();
        verify(i);
      }
      DfsProcess.call(0, "fsck", "--data", data);
    }
    checkRounds();
  }
}
