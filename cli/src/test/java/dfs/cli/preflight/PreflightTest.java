package dfs.cli.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.cli.data.DataDirectory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said of machines that lack something; each machine is made up here. */
class PreflightTest {
  private static final String ROOT_MOUNT = "1 0 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n";

  private @TempDir Path scratch;
  private Path mnt;
  private Path data;
  private Path mountInfo;

  @BeforeEach
  void machine() throws IOException {
    scratch = scratch.toRealPath();
    mnt = scratch.resolve("mnt");
    data = scratch.resolve("data");
    mountInfo = Files.writeString(scratch.resolve("mountinfo"), ROOT_MOUNT);
    Files.createFile(scratch.resolve("fuse"));
  }

  /** A further line of the table of mounts. */
  private void mounted(Path path, String type, String options, String superOptions)
      throws IOException {
    String shown = path.toString().replace(" ", "\\040");
    Files.writeString(
        mountInfo,
        ROOT_MOUNT + "2 1 0:9 / %s %s - %s x %s\n".formatted(shown, options, type, superOptions));
  }

  private Surroundings root() {
    return new Surroundings(true, true, scratch.resolve("fuse"), List.of(), mountInfo);
  }

  private List<String> said(Surroundings here, Path data, Path mnt, Optional<Integer> port)
      throws IOException {
    return Preflight.check(
            new Preflight.Request(new DataDirectory(data), Optional.of(mnt), port), here)
        .stream()
        .map(problem -> problem.subject() + ": " + problem.reason() + "; " + problem.remedy())
        .toList();
  }

  private List<String> said() throws IOException {
    return said(root(), data, mnt, Optional.empty());
  }

  @Test
  void nothingIsInTheWayAndNothingIsMade() throws IOException {
    assertThat(said()).isEmpty();
    try (Stream<Path> left = Files.list(scratch)) {
      assertThat(left).hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs", "fuse.dfs", "fuse"})
  void dataOnARemoteFileSystemIsRefused(String type) throws IOException {
    Path share = Files.createDirectory(scratch.resolve("a share"));
    mounted(share, type, "rw", "rw");
    assertThat(said(root(), share.resolve("deep/data"), mnt, Optional.empty()))
        .singleElement()
        .asString()
        .contains("of type " + type + " (" + share + ")", "local disk with --data");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay"})
  void dataOnALocalFileSystemIsTaken(String type) throws IOException {
    mounted(Files.createDirectory(data), type, "rw", "rw");
    assertThat(said()).isEmpty();
  }

  /** The mount alone may be read-only, or the file system everywhere. */
  @Test
  void dataOnAReadOnlyFileSystemIsRefused() throws IOException {
    Files.createDirectory(data);
    mounted(data, "ext4", "ro,relatime", "rw");
    assertThat(said())
        .singleElement()
        .asString()
        .contains("is mounted read-only", "mount -o remount,rw " + data);
    mounted(data, "ext4", "rw,relatime", "ro,errors=remount-ro");
    assertThat(said()).singleElement().asString().contains("is mounted read-only");
    mounted(data, "ext4", "rw", "rw,errors=remount-ro");
    assertThat(said()).isEmpty();
  }

  @Test
  void dataBelowTheMountPointIsRefusedByWhateverWay() throws IOException {
    assertThat(said(root(), mnt.resolve("deep/data"), mnt, Optional.empty()))
        .singleElement()
        .asString()
        .contains("lies below the mount point " + mnt, "another mount point");
    Path link = Files.createSymbolicLink(scratch.resolve("link"), Files.createDirectory(mnt));
    assertThat(said(root(), link.resolve("data"), mnt, Optional.empty()))
        .singleElement()
        .asString()
        .contains("lies below the mount point");
    assertThat(said(root(), data, data.resolve("mnt"), Optional.empty()))
        .singleElement()
        .asString()
        .contains("lies in the data directory");
  }

  @Test
  void aPortInUseIsSaid() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      assertThat(said(root(), data, mnt, Optional.of(port)))
          .singleElement()
          .asString()
          .contains("port " + port + ": cannot be used", "--port");
    }
    assertThat(said(root(), data, mnt, Optional.of(0)))
        .singleElement()
        .asString()
        .contains("no such port");
  }

  @Test
  void allThatIsMissingIsSaidAtOnce() throws IOException {
    Surroundings user =
        new Surroundings(false, false, scratch.resolve("none"), List.of(scratch), mountInfo);
    Files.createDirectory(mnt);
    Files.createFile(mnt.resolve("occupied"));
    Files.writeString(mountInfo, ROOT_MOUNT + "2 1 0:9 / " + data + " ro - nfs x ro\n");
    Files.createDirectory(data);
    assertThat(said(user, data, mnt, Optional.of(70_000)))
        .satisfiesExactly(
            fuse -> assertThat(fuse).contains("none: does not exist", "modprobe fuse"),
            program -> assertThat(program).contains("fusermount3", "apt install fuse3"),
            point -> assertThat(point).contains("is not empty"),
            readOnly -> assertThat(readOnly).contains("is mounted read-only"),
            remote -> assertThat(remote).contains("of type nfs"),
            port -> assertThat(port).contains("port 70000"));
  }

  @Test
  void aRootThatMayNotMountIsToldSo() throws IOException {
    Surroundings contained =
        new Surroundings(true, false, scratch.resolve("fuse"), List.of(), mountInfo);
    assertThat(said(contained, data, mnt, Optional.empty()))
        .singleElement()
        .asString()
        .contains("this root may not mount", "CAP_SYS_ADMIN");
  }
}
