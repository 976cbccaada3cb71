package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dfs.cli.data.DataDirectory;
import dfs.cli.volume.Volume;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Chunk servers by a file, each with several data directories: what is done with them, and what
 * happens when one of their disks goes.
 */
@Timeout(300)
@Tag("side-by-side")
@Execution(ExecutionMode.CONCURRENT)
class DataDirectoriesTest {
  private static final int FAILED = 1;
  private static final int NOTHING_STARTED = 2;
  private static final int FILES = 6;
  private static final int DISKLESS = 71;
  private static final int DISK_MEBIBYTES = 512;
  private static final int END_SECONDS = 20;
  private static final long STATUS_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path scratch;
  private final List<DfsProcess> processes = new ArrayList<>();
  private final List<Path> disks = new ArrayList<>();
  private Path mnt;
  private String data;
  private int port;

  @BeforeEach
  void prepare() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    assumeTrue("root".equals(System.getProperty("user.name")), "loop mounts need root");
    mnt = scratch.resolve("mnt");
    data = scratch.resolve("data").toString();
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    serve(
        List.of(
            ("metadata --foreground --replication 2 --lost-after 2 --port " + port).split(" ")));
  }

  @AfterEach
  void end() throws Exception {
    processes.forEach(DfsProcess::close);
    if (mnt != null) {
      Shell.quietly("umount", "-l", mnt.toString());
      for (Path disk : disks) {
        Shell.quietly("umount", "-l", disk.toString());
      }
    }
  }

  private DfsProcess serve(List<String> command) throws IOException {
    List<String> arguments = new ArrayList<>(command);
    arguments.addAll(1, List.of("--data", data));
    DfsProcess process = DfsProcess.serve(scratch, arguments.toArray(String[]::new));
    processes.add(process);
    return process;
  }

  private void mount() throws IOException {
    serve(List.of("mount", "--foreground", "--", mnt.toString()));
  }

  /** A file for the chunk servers of a host, with directories that are made. */
  private Path config(String host, String... lines) throws IOException {
    List<String> all = new ArrayList<>(List.of(lines));
    all.add("host = " + host);
    all.add("cluster.key = " + data + "/cluster.key");
    for (String line : lines) {
      if (line.startsWith("directory.") && line.contains("= /")) {
        Files.createDirectories(Path.of(line.substring(line.indexOf('/'))));
      }
    }
    return Files.write(scratch.resolve(host + ".conf"), all);
  }

  private String directory(int number, String name) {
    return "directory.%d = %s".formatted(number, scratch.resolve(name));
  }

  private DfsProcess chunks(Path config) throws IOException {
    DfsProcess process = begin(config);
    process.awaitReady();
    return process;
  }

  private DfsProcess begin(Path config) throws IOException {
    DfsProcess process =
        DfsProcess.begin(scratch, "chunk", "--foreground", "--config", config.toString());
    processes.add(process);
    return process;
  }

  /** The chunk servers of two hosts, and the mount; they start side by side. */
  private DfsProcess startBeside(Path config, Path other) throws IOException {
    DfsProcess process = begin(config);
    DfsProcess beside = begin(other);
    mount();
    process.awaitReady();
    beside.awaitReady();
    return process;
  }

  private String bySocket() {
    return "metadata = " + data + "/run/metadata.sock";
  }

  private JsonObject status() throws IOException {
    try (Volume volume = Volume.open(new DataDirectory(Path.of(data)))) {
      return JsonParser.parseString(volume.report("status")).getAsJsonObject();
    }
  }

  private JsonObject awaitStatus(Predicate<JsonObject> wanted) throws Exception {
    long since = System.nanoTime();
    while (true) {
      JsonObject status = status();
      if (wanted.test(status)) {
        return status;
      }
      assertThat(System.nanoTime() - since).as("still %s", status).isLessThan(STATUS_NANOS);
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private static boolean isHealthy(JsonObject status) {
    return status.get("healthy").getAsBoolean();
  }

  private static JsonObject sealed(JsonObject status) {
    return status.getAsJsonObject("volume").getAsJsonObject("sealedBlocks");
  }

  /** What is said of each directory, by the name of its folder. */
  private static Map<String, JsonObject> directories(JsonObject status) {
    Map<String, JsonObject> directories = new TreeMap<>();
    status
        .getAsJsonArray("chunkServers")
        .forEach(
            server -> {
              JsonObject directory =
                  server.getAsJsonObject().getAsJsonArray("directories").get(0).getAsJsonObject();
              directory.add("id", server.getAsJsonObject().get("id"));
              Path path = Path.of(directory.get("path").getAsString());
              directories.put(path.getFileName().toString(), directory);
            });
    return directories;
  }

  private void write(int files) throws Exception {
    Shell.run(
        mnt,
        "for i in $(seq %d); do head -c 5000000 /dev/urandom >large$i; done; sync"
            .formatted(files));
  }

  private String problems(JsonObject status) {
    return status.getAsJsonArray("problems").toString();
  }

  private LoopDisk disk(String name) throws Exception {
    LoopDisk disk = LoopDisk.make(scratch, name, scratch.resolve(name), DISK_MEBIBYTES);
    disks.add(disk.at());
    return disk;
  }

  private static void awaitEnd(DfsProcess process, int status) throws Exception {
    process.awaitEnd(END_SECONDS);
    assertThat(process.stop()).isEqualTo(status);
  }

  private String digests() throws Exception {
    Shell.run(scratch, "echo 3 >/proc/sys/vm/drop_caches");
    return Shell.run(mnt, "sha256sum large*");
  }

  @Test
  void oneProcessServesTheDirectoriesThatItsFileNames() throws Exception {
    Path a =
        config(
            "a",
            "metadata = 127.0.0.1:" + port,
            "runtime = " + scratch.resolve("a-run"),
            directory(1, "one"),
            directory(2, "two"),
            directory(3, "none"),
            "directory.2.weight = 0.5",
            "directory.3.weight = 0");
    DfsProcess first =
        startBeside(a, config("b", bySocket(), "runtime = " + data, directory(1, "other")));
    DfsProcess again = begin(config("again", bySocket(), "runtime = " + data, directory(1, "one")));
    write(FILES);
    JsonObject status = awaitStatus(now -> sealed(now).get("healthy").getAsLong() >= FILES);
    assertThat(sealed(status).get("onOneHost").getAsLong()).isZero();
    Map<String, JsonObject> before = directories(status);
    assertThat(before.keySet()).containsExactly("none", "one", "other", "two");
    assertThat(before.get("two").get("weight").getAsDouble()).isEqualTo(0.5);
    assertThat(before.get("none").get("blocks").getAsLong()).isZero();
    assertThat(before.get("other").get("blocks").getAsLong()).isGreaterThanOrEqualTo(FILES);
    String written = digests();
    awaitEnd(again, FAILED);
    assertThat(again.said()).contains(scratch.resolve("one") + " is in use");
    takeFromAStoppedOne(first);
    assertThat(first.stop()).isZero();
    assertThat(digests()).isEqualTo(written);
    chunks(a);
    assertThat(directories(awaitStatus(DataDirectoriesTest::isHealthy)))
        .as("the same servers")
        .allSatisfy((name, now) -> assertThat(now.get("id")).isEqualTo(before.get(name).get("id")));
    drainByDirectoryAndHost(status());
    assertThat(
            DfsProcess.call(
                NOTHING_STARTED,
                "chunk",
                "--config",
                config("wrong", bySocket(), "weight = 1").toString()))
        .contains("wrong.conf, line 2: weight = 1: there is no such key")
        .contains("it names no data directory");
    assertThat(DfsProcess.call(0, "down", "--data", scratch.resolve("a-run").toString()))
        .contains("dfs is down");
  }

  /** Who is stopped has its directory still, and serves it when it goes on. */
  private void takeFromAStoppedOne(DfsProcess first) throws Exception {
    first.pause();
    try {
      DfsProcess again = begin(scratch.resolve("again.conf"));
      awaitEnd(again, FAILED);
      assertThat(again.said()).contains(scratch.resolve("one") + " is in use");
      awaitStatus(now -> !isHealthy(now));
    } finally {
      first.wake();
    }
    awaitStatus(DataDirectoriesTest::isHealthy);
  }

  private void drainByDirectoryAndHost(JsonObject before) throws Exception {
    String one = scratch.resolve("one").toString();
    long id = directories(before).get("one").get("id").getAsLong();
    assertThat(DfsProcess.call(0, "drain", "--data", data, "a:" + one))
        .contains("chunk server %d has nothing that is needed".formatted(id));
    assertThat(draining(status())).containsExactly(id);
    DfsProcess.call(0, "drain", "--no-wait", "--data", data, "a");
    awaitStatus(now -> draining(now).size() == 3);
    assertThat(DfsProcess.call(0, "undrain", "--data", data, one))
        .isEqualTo("chunk server %d takes blocks again\n".formatted(id));
    assertThat(DfsProcess.call(0, "undrain", "--data", data, "a")).contains("takes blocks again");
    awaitStatus(now -> draining(now).isEmpty());
  }

  private static List<Long> draining(JsonObject status) {
    List<Long> draining = new ArrayList<>();
    for (JsonElement server : status.getAsJsonArray("chunkServers")) {
      if (server.getAsJsonObject().get("draining").getAsBoolean()) {
        draining.add(server.getAsJsonObject().get("id").getAsLong());
      }
    }
    return draining;
  }

  /** As ext4 does when it finds an error: whoever has files open has them still. */
  private void turnReadOnly(LoopDisk disk) throws Exception {
    Shell.run(
        scratch,
        "mount -o remount,errors=remount-ro %1$s; d=$(findmnt -no SOURCE %1$s); echo test >/sys/fs/ext4/${d#/dev/}/trigger_fs_error"
            .formatted(disk.at()));
  }

  /** What was there is copied from the other host, at first to the directory that is left. */
  @Test
  void aDirectoryThatTurnsReadOnlyOrGoesIsTakenOut() throws Exception {
    LoopDisk one = disk("one");
    LoopDisk two = disk("two");
    String runtime = "runtime = " + scratch.resolve("a-run");
    Path a = config("a", bySocket(), runtime, directory(1, "one"), directory(2, "two"));
    DfsProcess process =
        startBeside(a, config("b", bySocket(), "runtime = " + data, directory(1, "other")));
    write(FILES);
    JsonObject before = awaitStatus(now -> sealed(now).get("healthy").getAsLong() >= FILES);
    assertThat(isHealthy(before)).as("%s", before).isTrue();
    long id = directories(before).get("one").get("id").getAsLong();
    String written = digests();

    turnReadOnly(one);
    String said = one.at() + " is failed: " + one.at() + "/identity: Read-only file system";
    awaitStatus(now -> problems(now).contains("is not here: " + said));
    write(FILES);
    awaitStatus(now -> sealed(now).get("underReplicated").getAsLong() == 0);
    assertThat(process.isAlive()).isTrue();
    assertThat(digests()).isNotEqualTo(written);
    written = digests();
    assertThat(DfsProcess.call(FAILED, "status", "--data", data + "/../a-run"))
        .contains("process " + process.pid() + ": the server " + one.at());

    Shell.run(scratch, "umount -l " + two.at());
    awaitEnd(process, DISKLESS);
    assertThat(process.said()).contains(two.at() + ": it has gone: no identity is at its path");
    assertThat(problems(status())).contains(two.at() + " is failed: it has gone");
    assertThat(digests()).isEqualTo(written);

    Shell.run(scratch, "umount -l %1$s; mount -o loop one.image %1$s".formatted(one.at()));
    DfsProcess again = chunks(a);
    assertThat(again.said())
        .contains("dfs: the server " + two.at() + " does not run: ")
        .contains("mount its disk. If that is gone for good")
        .contains("--new " + two.at());
    assertThat(directories(status()).get("one").get("id").getAsLong()).isEqualTo(id);
    assertThat(Shell.run(two.at(), "ls -A")).as("the mount point").isEmpty();
    assertThat(again.stop()).isZero();
    processes.add(
        DfsProcess.serve(
            scratch,
            "chunk",
            "--foreground",
            "--config",
            a.toString(),
            "--new",
            two.at().toString()));
    assertThat(directories(status()).get("two").get("id").getAsLong())
        .as("a new server")
        .isGreaterThan(3);
    awaitStatus(now -> sealed(now).get("underReplicated").getAsLong() == 0);
    assertThat(problems(status())).contains("is not here: " + two.at() + " is failed: it has gone");
    assertThat(digests()).isEqualTo(written);
  }

  @Test
  void aProcessWhoseOnlyDiskDiesEnds() throws Exception {
    LoopDisk one = disk("one");
    String runtime = "runtime = " + scratch.resolve("a-run");
    DfsProcess process =
        startBeside(
            config("a", bySocket(), runtime, directory(1, "one")),
            config(
                "b", bySocket(), "runtime = " + data, directory(1, "two"), directory(2, "three")));
    write(FILES);
    awaitStatus(now -> sealed(now).get("healthy").getAsLong() >= FILES);
    String written = digests();
    one.shutDown();
    long since = System.nanoTime();
    awaitEnd(process, DISKLESS);
    double seconds = (System.nanoTime() - since) / 1e9;
    System.out.println("it ended %.1f s after its disk".formatted(seconds));
    if (Boolean.getBoolean("dfs.long")) {
      assertThat(seconds).isLessThan(5);
    }
    assertThat(process.said()).contains(one.at() + ": ").contains("Input/output error");
    assertThat(digests()).isEqualTo(written);
    awaitStatus(now -> sealed(now).get("underReplicated").getAsLong() == 0);
    write(FILES);
    assertThat(DfsProcess.call(FAILED, "status", "--data", data))
        .contains(one.at() + " is failed: ");
  }

  /** It is read from on, and takes nothing new until it has its size again. */
  @Test
  void aDirectoryThatShrinksTakesNothingNew() throws Exception {
    Path small = Files.createDirectory(scratch.resolve("small"));
    Shell.run(scratch, "mount -t tmpfs -o size=256m none small");
    disks.add(small);
    Path b = config("b", bySocket(), "runtime = " + data, directory(1, "small"));
    DfsProcess process =
        startBeside(
            b,
            config("a", bySocket(), "runtime = " + data, directory(1, "one"), directory(2, "two")));
    write(4);
    JsonObject before = awaitStatus(now -> sealed(now).get("healthy").getAsLong() >= 4);
    assertThat(directories(before).get("small").get("blocks").getAsLong()).isGreaterThan(3);
    String written = digests();
    Shell.run(scratch, "mount -o remount,size=128m small");
    JsonObject shrunk =
        awaitStatus(now -> problems(now).contains(small + " is smaller than it was"));
    long blocks = directories(shrunk).get("small").get("blocks").getAsLong();
    Shell.run(mnt, "for i in $(seq 6); do head -c 5000000 /dev/zero >more$i; done; sync");
    assertThat(directories(status()).get("small").get("blocks").getAsLong()).isEqualTo(blocks);
    assertThat(digests()).isEqualTo(written);
    assertThat(process.isAlive()).isTrue();
    Shell.run(scratch, "mount -o remount,size=256m small");
    awaitStatus(DataDirectoriesTest::isHealthy);
  }
}
