package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is missing on the machine is hidden, in a mount namespace that ends with the test, and
 * {@code dfs up} says so, with the remedy, and starts nothing.
 */
@Timeout(120)
@Tag("side-by-side")
class PreflightTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final int NOTHING_STARTED = 2;
  private static final String AS_USER =
      "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all ";

  /** Whatever the script calls but Java, Maven and fusermount3. */
  private static final String PROGRAMS = "bash dirname readlink find grep id mkdir";

  /** A JDK that is too old is none. */
  private static final String HIDE_JDK =
      """
      mkdir -p none old/bin; cp /bin/true old/bin/javac; echo 'JAVA_VERSION="17.0.2"' > old/release
      export JAVA_HOME=$PWD/old
      for place in /usr/lib/jvm /opt/jdk*; do
        [ ! -d "$place" ] || mount --bind none "$place"
      done
      """;

  private @TempDir Path scratch;
  private Path data;
  private Path mnt;

  @BeforeEach
  void prepare() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    assumeTrue("root".equals(System.getProperty("user.name")), "hiding things needs root");
    data = scratch.resolve("data");
    mnt = scratch.resolve("mnt");
    Shell.run(scratch, "chmod 755 .; mkdir tree; cp -r %s/scripts tree/".formatted(ROOT));
  }

  private String inNamespace(String script) throws Exception {
    Path file = Files.writeString(scratch.resolve("script"), "set -eu\n" + script);
    return Shell.run(scratch, "unshare -m bash " + file);
  }

  private void nothingIsThere() {
    assertThat(data).doesNotExist();
    assertThat(mnt).doesNotExist();
  }

  @Test
  void withoutAJdkTheScriptSaysSo() throws Exception {
    String up = "tree/scripts/dfs up --data %s -- %s || echo status $?\n".formatted(data, mnt);
    assertThat(inNamespace(HIDE_JDK + "cd " + scratch + "\n" + up))
        .contains("dfs: JDK 25: not found", "apt install openjdk-25", "status 2");
    nothingIsThere();
  }

  /** The command cannot run without them, and so cannot say what else is missing. */
  @Test
  void withoutJdkAndMavenTheScriptSaysWhatElseIsMissing() throws Exception {
    String up =
        """
        mkdir bin; for program in %s; do ln -s "$(command -v $program)" bin/; done
        mknod -m 600 fuse0 c 10 229; mount --bind fuse0 /dev/fuse
        export PATH=$PWD/bin
        /usr/bin/%s tree/scripts/dfs %%s || echo status $?
        """
            .formatted(PROGRAMS, AS_USER.strip());
    String mounting = "up --data " + data + " -- " + mnt;
    assertThat(inNamespace(HIDE_JDK + up.formatted(mounting)))
        .contains(
            "JDK 25: not found",
            "mvn: not found",
            "apt install maven",
            "/dev/fuse: cannot be opened",
            "chmod 666 /dev/fuse",
            "fusermount3: is not installed",
            "apt install fuse3",
            "nothing was started: 4 things are in the way",
            "status 2");
    Shell.run(scratch, "rm -r bin fuse0");
    assertThat(inNamespace(HIDE_JDK + up.formatted("up --no-mount --data " + data)))
        .contains("nothing was started: 2 things are in the way")
        .doesNotContain("fusermount3");
    nothingIsThere();
  }

  @Test
  void allThatAnOrdinaryUserLacksIsSaidAtOnce() throws Exception {
    Shell.run(scratch, "mkdir lib mnt disk; touch mnt/occupied");
    String command = DfsProcess.commandLineOver(scratch.resolve("lib"));
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String said =
          inNamespace(
              """
              mount --bind /dev/null "$(command -v fusermount3)"
              mknod -m 600 fuse0 c 10 229; mount --bind fuse0 /dev/fuse
              mount -t tmpfs -o ro none disk
              %s%s up --data disk/data --port %d -- mnt || echo status $?
              """
                  .formatted(AS_USER, command, taken.getLocalPort()));
      assertThat(said)
          .contains("/dev/fuse: cannot be opened", "chmod 666 /dev/fuse")
          .contains("fusermount3: is not installed", "apt install fuse3")
          .contains("mnt: is not empty")
          .contains("disk/data: lies on a file system that is mounted read-only")
          .contains("port " + taken.getLocalPort() + ": cannot be used")
          .contains("nothing was started: 5 things are in the way", "status 2");
    }
    assertThat(scratch.resolve("disk")).isEmptyDirectory();
  }

  @Test
  void aReadOnlyDataDirectoryIsSaidWithItsRemedy() throws Exception {
    Files.createDirectory(data);
    assertThat(
            inNamespace(
                "mount -t tmpfs none data; mount -o remount,ro none data; %s up --data data -- mnt || echo status $?"
                    .formatted(DfsProcess.commandLine())))
        .contains("is mounted read-only", "mount -o remount,rw " + data.toRealPath(), "status 2");
    assertThat(data).isEmptyDirectory();
    assertThat(mnt).doesNotExist();
  }

  /** The remote file system at hand is our own. */
  @Test
  void aRemoteDataDirectoryIsRefused() throws Exception {
    String first = scratch.resolve("first").toString();
    Path share = scratch.resolve("share");
    try (DfsProcess running =
        DfsProcess.serve(scratch, "up", "--foreground", "--data", first, "--", share.toString())) {
      String inside = share.resolve("inside").toString();
      assertThat(
              DfsProcess.runTo(
                  NOTHING_STARTED, scratch, "up", "--data", inside, "--", mnt.toString()))
          .contains("of type fuse.dfs (" + share.toRealPath() + ")", "local disk with --data");
      assertThat(Arrays.asList(Shell.run(share, "ls -A"))).containsExactly("");
      assertThat(running.stop()).isZero();
    } finally {
      Shell.quietly("umount", "-l", share.toString());
    }
  }
}
