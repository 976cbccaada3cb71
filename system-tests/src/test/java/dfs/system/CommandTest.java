package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command dfs as people use it: what it says, how it exits, what is there afterwards. */
@Timeout(300)
@Tag("side-by-side")
class CommandTest {
  private static final int FAILED = 1;
  private static final int NOTHING_STARTED = 2;

  private @TempDir Path scratch;
  private final List<DfsProcess> processes = new ArrayList<>();
  private Path mnt;
  private String data;

  @BeforeEach
  void prepare() {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    mnt = scratch.resolve("mnt");
    data = scratch.resolve("data").toString();
  }

  @AfterEach
  void end() throws Exception {
    processes.forEach(DfsProcess::close);
    if (mnt != null) {
      Shell.quietly("umount", "-l", mnt.toString());
    }
  }

  private DfsProcess up() throws IOException {
    DfsProcess process =
        DfsProcess.serve(scratch, "up", "--foreground", "--data", data, "--", mnt.toString());
    processes.add(process);
    return process;
  }

  /** Within this process, which asks nothing else of the command than a process would. */
  private String dfs(int status, String... arguments) {
    return DfsProcess.call(status, arguments);
  }

  /** In a process of its own. */
  private String process(int status, String... arguments) throws Exception {
    return DfsProcess.runTo(status, scratch, arguments);
  }

  @Test
  void filesGoInAndOutWithoutAMount() throws Exception {
    up();
    Path file = Files.writeString(scratch.resolve("file"), "contents\n");
    process(0, "mkdir", "--data", data, "/folder");
    process(0, "put", "--data", data, file.toString(), "/folder/file");
    assertThat(process(0, "cat", "--data", data, "/folder/file")).isEqualTo("contents\n");
    assertThat(Shell.run(mnt, "cat folder/file")).isEqualTo("contents");
    assertThat(dfs(0, "ls", "--data", data, "/folder")).contains("file");
    Path copy = scratch.resolve("copy");
    dfs(0, "get", "--data", data, "/folder/file", copy.toString());
    assertThat(copy).hasSameTextualContentAs(file);
    dfs(0, "rm", "--data", data, "/folder/file");
    assertThat(process(FAILED, "cat", "--data", data, "/folder/file"))
        .contains("dfs: /folder/file: ")
        .doesNotContain("\tat ");
    assertThat(Shell.run(mnt, "ls folder")).isEmpty();
  }

  private DfsProcess serve(String... arguments) throws IOException {
    DfsProcess process = DfsProcess.serve(scratch, arguments);
    processes.add(process);
    return process;
  }

  private JsonObject status(int exit) {
    String said = dfs(exit, "status", "--json", "--data", data);
    return JsonParser.parseString(said).getAsJsonObject();
  }

  @Test
  void chunkServersAndCopiesAreRemembered() throws Exception {
    String[] plain = {"up", "--foreground", "--no-mount", "--data", data};
    String[] three = {
      "up",
      "--foreground",
      "--no-mount",
      "--data",
      data,
      "--chunk-servers",
      "3",
      "--replication",
      "2"
    };
    for (String[] start : List.of(three, plain)) {
      DfsProcess up = serve(start);
      JsonObject status = status(0);
      assertThat(status.getAsJsonArray("chunkServers")).hasSize(3);
      assertThat(status.getAsJsonObject("volume").get("copies").getAsInt()).isEqualTo(2);
      assertThat(status.getAsJsonObject("volume").get("warning").getAsString())
          .contains("chunk servers 1, 2, 3 share a disk");
      assertThat(dfs(NOTHING_STARTED, "up", "--no-mount", "--data", data, "--chunk-servers", "4"))
          .contains("dfs is up already with 3");
      assertThat(dfs(NOTHING_STARTED, "up", "--no-mount", "--data", data, "--replication", "3"))
          .contains("dfs is up already with 2");
      assertThat(up.stop()).isZero();
    }
    assertThat(dfs(NOTHING_STARTED, "up", "--no-mount", "--data", data, "--chunk-servers", "2"))
        .contains("3 chunk servers have blocks in");
    assertThat(dfs(NOTHING_STARTED, "up", "--no-mount", "--data", data, "--replication", "4"))
        .contains("add --chunk-servers 4");
    assertThat(dfs(NOTHING_STARTED, "up", "--no-mount", "--data", data, "--replication", "9"))
        .contains("1 to 8");
    assertThat(dfs(NOTHING_STARTED, "chunk", "--data", data, "--number", "33")).contains("1 to 32");
  }

  /** How many chunk servers have files of as many bytes: there is one such block. */
  private long replicas(long bytes) throws Exception {
    return Long.parseLong(
        Shell.run(scratch, "find data/chunk* -name '*.d' -size " + bytes + "c | wc -l"));
  }

  @Test
  void copiesAreSetForADirectoryAndForWhatIsThere() throws Exception {
    serve("up", "--foreground", "--no-mount", "--data", data, "--chunk-servers", "3");
    Path file = scratch.resolve("file");
    Files.write(file, new byte[5_000_000]);
    dfs(0, "mkdir", "--data", data, "/three");
    assertThat(dfs(0, "replication", "--data", data, "/three")).contains("1, as the volume");
    assertThat(dfs(0, "replication", "--data", data, "3", "/three")).contains("/three: 3");
    dfs(0, "put", "--data", data, file.toString(), "/three/file");
    assertThat(replicas(5_000_000)).isEqualTo(3);
    dfs(0, "replication", "--data", data, "-R", "2", "/three");
    assertThat(dfs(0, "replication", "--data", data, "/three/file")).contains("file: 2");
    Awaitility.await()
        .atMost(60, TimeUnit.SECONDS)
        .untilAsserted(() -> assertThat(replicas(5_000_000)).isEqualTo(2));
    assertThat(dfs(NOTHING_STARTED, "replication", "--data", data, "9", "/three"))
        .contains("copies are 1 to 8 or \"default\", not 9");
    assertThat(dfs(FAILED, "replication", "--data", data, "2", "/nothing")).contains("/nothing");
  }

  @Test
  void statusNamesAChunkServerThatIsNotHere() throws Exception {
    serve("metadata", "--foreground", "--data", data, "--replication", "2");
    serve("chunk", "--foreground", "--data", data);
    assertThat(status(FAILED).getAsJsonArray("problems").toString())
        .contains("too few chunk servers are here");
    DfsProcess second = serve("chunk", "--foreground", "--data", data, "--number", "2");
    status(0);
    Path file = Files.writeString(scratch.resolve("file"), "x".repeat(10_000));
    dfs(0, "put", "--data", data, file.toString(), "/file");
    second.kill();
    assertThat(status(FAILED).getAsJsonArray("problems").toString())
        .contains("chunk server 2 at local:chunk-2 is not here");
    assertThat(process(0, "cat", "--data", data, "/file")).isEqualTo("x".repeat(10_000));
    assertThat(dfs(NOTHING_STARTED, "up", "--no-mount", "--data", data)).contains("is in use");
  }

  private static String text(JsonObject status, String group, String name) {
    return status.getAsJsonObject(group).get(name).getAsString();
  }

  /** With the remedy; and before it stops, while a server can be added in peace. */
  @Test
  void upAndReplicationSayWhatStopsWriting() throws Exception {
    String[] two = {"up", "--foreground", "--no-mount", "--data", data, "--chunk-servers", "2"};
    List<String> twice = new ArrayList<>(List.of(two));
    twice.addAll(List.of("--replication", "2"));
    DfsProcess up = serve(twice.toArray(String[]::new));
    String oneMore = "no chunk server is to spare: when one of 2 goes, writing waits, then fails";
    String mirror = "warning: the metadata has 1 copy: a lost disk loses the names of all files";
    String remedy = "let one copy do: dfs replication";
    awaitSaid(up, "  dfs status --data " + data);
    assertThat(up.said()).contains("warning: " + oneMore, remedy, mirror);
    assertThat(text(status(0), "volume", "writing")).contains(oneMore, remedy);
    assertThat(text(status(0), "metadata", "warning")).contains("mirrored disk");
    dfs(0, "mkdir", "--data", data, "/three");
    dfs(0, "mkdir", "--data", data, "/one");
    assertThat(dfs(0, "replication", "--data", data, "/"))
        .contains("warning: " + oneMore, remedy + " --data " + data + " -R --min 1 /\n", mirror)
        .contains("share a disk");
    assertThat(dfs(0, "replication", "--data", data, "3", "/three"))
        .contains("what is written has 2 of 3 copies until there are more");
    assertThat(dfs(0, "replication", "--data", data, "1", "/one"))
        .contains("warning: 1 copy: a lost disk loses data", mirror)
        .doesNotContain("writing waits");
    Path file = Files.write(scratch.resolve("file"), new byte[100_000]);
    dfs(0, "put", "--data", data, file.toString(), "/three/file");
    Awaitility.await()
        .atMost(60, TimeUnit.SECONDS)
        .untilAsserted(
            () ->
                assertThat(status(FAILED).getAsJsonArray("problems").toString())
                    .contains("are to have 3 copies, and 2 chunk servers take blocks"));
    assertThat(up.stop()).isZero();
    Files.writeString(Path.of(data, "chunk-2", "identity"), "nothing that makes sense");
    DfsProcess lacking = serve(two);
    awaitSaid(lacking, "  dfs status --data " + data);
    String stops = "writing waits, then fails; start more";
    assertThat(lacking.said()).contains("warning: too few chunk servers", stops, remedy, mirror);
    assertThat(text(status(FAILED), "volume", "writing")).contains(stops);
    assertThat(dfs(0, "replication", "--data", data, "/"))
        .contains("warning: too few chunk servers take new blocks, 1 of 2", stops, remedy);
    String json = dfs(0, "replication", "--json", "--data", data, "/");
    assertThat(JsonParser.parseString(json).getAsJsonObject().getAsJsonArray("warnings").toString())
        .contains("too few chunk servers", "the metadata has 1 copy");
    assertThat(dfs(0, "replication", "--data", data, "--min", "1", "/one"))
        .doesNotContain("writing waits");
  }

  private static void awaitSaid(DfsProcess process, String text) {
    Awaitility.await()
        .atMost(60, TimeUnit.SECONDS)
        .untilAsserted(() -> assertThat(process.said()).contains(text));
  }

  /** Its disk was there when it stopped, and cannot be read now. */
  @Test
  void aChunkServerThatCannotStartKeepsNoOtherFromStarting() throws Exception {
    String[] up = {"up", "--foreground", "--no-mount", "--data", data};
    List<String> three = new ArrayList<>(List.of(up));
    three.addAll(List.of("--chunk-servers", "3", "--replication", "2"));
    DfsProcess whole = serve(three.toArray(String[]::new));
    Path file = Files.writeString(scratch.resolve("file"), "x".repeat(10_000));
    dfs(0, "put", "--data", data, file.toString(), "/file");
    assertThat(whole.stop()).isZero();
    Files.writeString(Path.of(data, "chunk-2", "identity"), "nothing that makes sense");
    DfsProcess lacking = serve(up);
    assertThat(lacking.said()).contains("dfs: the server chunk-2 does not run: ");
    assertThat(process(0, "cat", "--data", data, "/file")).isEqualTo("x".repeat(10_000));
    assertThat(status(FAILED).getAsJsonArray("problems").toString())
        .contains("chunk server 2 at local:chunk-2 is not here");
    assertThat(lacking.stop()).isZero();
    Files.writeString(Path.of(data, "chunk", "identity"), "nor does this");
    Files.writeString(Path.of(data, "chunk-3", "identity"), "nor this");
    assertThat(process(FAILED, up)).contains("identity");
  }

  @Test
  void statusTellsWhatIsThere() throws Exception {
    assertThat(dfs(FAILED, "status", "--data", data)).contains("not up");
    DfsProcess running = up();
    Shell.run(mnt, "echo x > a");
    assertThat(dfs(0, "status", "--data", data))
        .contains("1 copy: a lost disk loses data", "EXCLUSIVE", mnt.toString());
    assertThat(dfs(0, "status", "--json", "--data", data)).contains("\"healthy\"");
    assertThat(dfs(0, "up", "--data", data, "--", mnt.toString())).contains("is up already");
    assertThat(running.stop()).isZero();
    assertThat(dfs(FAILED, "status", "--data", data)).contains("not up");
  }

  /** The command is not on PATH: what is to be typed next begins with the script. */
  @Test
  void hintsCanBePastedIntoAShell() throws Exception {
    String scripted =
        "export JAVA_TOOL_OPTIONS=-Ddfs.launcher=/src/dfs/scripts/dfs; " + DfsProcess.commandLine();
    assertThat(Shell.run(scratch, scripted + " ls --data " + data + " || echo status $?"))
        .contains("start it with: /src/dfs/scripts/dfs up --data " + data, "status 1");
    up();
    assertThat(Shell.run(scratch, scripted + " up --data " + data))
        .contains(
            "  echo hello > " + mnt.resolve("hello"),
            "  /src/dfs/scripts/dfs ls --data " + data + " -l /",
            "  /src/dfs/scripts/dfs status --data " + data);
  }

  @Test
  void whatCannotBeFetchedIsNamedAsTheUserNamedIt() throws Exception {
    up();
    Shell.run(mnt, "echo x > h");
    String target = scratch.resolve("nodir/x").toString();
    assertThat(dfs(FAILED, "get", "--data", data, "/h", target))
        .isEqualTo("dfs: " + target + ": no such file or directory\n");
    String below = Files.createFile(scratch.resolve("file")).resolve("x").toString();
    assertThat(dfs(FAILED, "get", "--data", data, "/h", below))
        .isEqualTo("dfs: " + below + ": not a directory\n");
    Path occupied = Files.createDirectory(scratch.resolve("occupied"));
    Files.createDirectories(occupied.resolve("h/x"));
    assertThat(dfs(FAILED, "get", "--data", data, "/h", occupied.toString()))
        .isEqualTo("dfs: " + occupied.resolve("h") + ": is a directory\n");
  }

  @Test
  void whatIsUpOtherwiseThanAskedIsSaid() throws Exception {
    up();
    String other = scratch.resolve("other").toString();
    assertThat(dfs(NOTHING_STARTED, "up", "--data", data, "--", other))
        .contains(
            other + ": is not mounted: dfs is up already, with the mount " + mnt,
            "    mount it there, too, with: dfs mount --data " + data + " " + other,
            "nothing was started");
    assertThat(Path.of(other)).doesNotExist();
    assertThat(dfs(NOTHING_STARTED, "up", "--data", data, "--port", "1"))
        .contains(
            "port 1: is not listened on: dfs is up already without it",
            "    stop it, and start it with the port: dfs down --data " + data,
            "nothing was started");
    assertThat(dfs(NOTHING_STARTED, "up", "--data", data, "--port", "99999"))
        .contains("port 99999: there is no such port", "nothing was started");
    assertThat(dfs(0, "up", "--data", data)).contains("is up already", "mount  " + mnt);
  }

  /** The port is kept from others by a socket that is bound to it and does not listen. */
  @Test
  void whatListensOnItsPortIsUpAlready() throws Exception {
    try (Socket kept = new Socket()) {
      kept.setReuseAddress(true);
      kept.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      String port = String.valueOf(kept.getLocalPort());
      processes.add(
          DfsProcess.serve(
              scratch, "up", "--foreground", "--no-mount", "--data", data, "--port", port));
      assertThat(dfs(0, "up", "--data", data, "--no-mount", "--port", port))
          .contains("is up already");
      assertThat(dfs(NOTHING_STARTED, "up", "--data", data, "--", mnt.toString()))
          .contains(mnt + ": is not mounted: dfs is up already, without a mount");
    }
  }

  @Test
  void theClusterKeyIsItsOwnersAlone() throws Exception {
    up();
    Path key = Path.of(data, "cluster.key");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
        .isEqualTo("rw-------");
  }

  @Test
  void aBusyMountIsNotTakenAway() throws Exception {
    up();
    Process user = new ProcessBuilder("sleep", "1000").directory(mnt.toFile()).start();
    try {
      assertThat(dfs(FAILED, "down", "--data", data)).contains("sleep", "nothing was stopped");
      assertThat(Shell.run(mnt, "echo still > here; cat here")).isEqualTo("still");
      dfs(0, "down", "--force", "--data", data);
    } finally {
      user.destroyForcibly().waitFor();
    }
    assertThat(dfs(0, "down", "--data", data)).contains("not up");
  }

  @Test
  void allThatIsMissingIsSaidAtOnce() throws Exception {
    Files.createDirectories(mnt);
    Files.writeString(mnt.resolve("occupied"), "");
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThat(
              process(
                  NOTHING_STARTED,
                  "up",
                  "--data",
                  mnt.resolve("below").toString(),
                  "--port",
                  String.valueOf(taken.getLocalPort()),
                  "--",
                  mnt.toString()))
          .contains("is not empty", "lies below the mount point", "port " + taken.getLocalPort())
          .contains("nothing was started: 3 things are in the way");
    }
    assertThat(mnt.resolve("below")).doesNotExist();
  }

  @Test
  void aMissingDeviceIsSaidWithItsRemedy() throws Exception {
    String said =
        Shell.run(
            scratch,
            """
            unshare -m bash -c 'mkdir dev; mount -t tmpfs none /dev
              mknod -m 666 /dev/null c 1 3; mknod -m 666 /dev/urandom c 1 9; mknod -m 666 /dev/random c 1 8
              %s up --data %s -- %s || echo status $?'
            """
                .formatted(DfsProcess.commandLine(), data, mnt));
    assertThat(said).contains("/dev/fuse: does not exist", "modprobe fuse", "status 2");
  }

  @Test
  void wrongUsageIsStatusTwo() throws Exception {
    assertThat(process(NOTHING_STARTED, "up", "--no-such-option")).contains("--no-such-option");
    assertThat(process(NOTHING_STARTED, "no-such-command")).contains("no-such-command");
  }

  /**
   * With a device that is closed to users preflight says so; with an open one, bound over it in a
   * mount namespace of its own, a user mounts through fusermount3.
   */
  @Test
  void anOrdinaryUserHasADisk() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "becoming somebody else needs root");
    Shell.run(scratch, "chmod 755 . ; mkdir lib home; chown 65534:65534 home");
    String command = DfsProcess.commandLineOver(scratch.resolve("lib"));
    Files.writeString(
        scratch.resolve("as-user"),
        """
        set -eu
        cd home; export HOME=$PWD
        %1$s up --foreground --data data -- mnt > out 2>&1 & dfs=$!
        for i in $(seq 300); do grep -q 'log ' out && break; kill -0 $dfs || { cat out; exit 9; }; sleep 0.1; done
        echo mine > mnt/file; cat mnt/file; stat -c %%u mnt/file; mkdir mnt/d; mv mnt/file mnt/d/
        %1$s down --data data
        """
            .formatted(command));
    String asUser =
        "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all bash as-user";
    assertThat(
            Shell.run(
                scratch,
                "unshare -m bash -c 'mknod -m 600 fuse0 c 10 229; mount --bind fuse0 /dev/fuse; "
                    + asUser
                    + " || echo status $?'"))
        .contains("/dev/fuse: cannot be opened", "chmod 666 /dev/fuse", "status 9");
    assertThat(
            Shell.run(
                scratch,
                "unshare -m bash -c 'mknod -m 666 fuse1 c 10 229; mount --bind fuse1 /dev/fuse; "
                    + asUser
                    + "'"))
        .contains("mine\n65534\n", "dfs is down");
  }
}
