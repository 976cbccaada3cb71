package dfs.cli.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.cli.data.DataDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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

  /** Whatever may be in the way: what it is, why, and what to do about it, word for word. */
  @Test
  void problemsAreSaidAsWritten() throws IOException {
    List<String> actual = new ArrayList<>();
    Path none = scratch.resolve("none");
    Path file = Files.createFile(scratch.resolve("file"));
    Path full = scratch.resolve("full");
    Files.createDirectories(full.resolve("of/others"));
    Path keyless = scratch.resolve("keyless");
    Files.createDirectories(new DataDirectory(keyless).metadata());
    Files.createFile(new DataDirectory(keyless).metadata().resolve("log"));
    Surroundings here = root();
    Surroundings user = new Surroundings(false, true, none, List.of(scratch), mountInfo);
    Surroundings directory = new Surroundings(true, true, full, List.of(), mountInfo);
    Surroundings contained = new Surroundings(true, false, here.fuseDevice(), List.of(), mountInfo);
    actual.addAll(said(user, data, mnt, Optional.empty()));
    actual.addAll(said(directory, data, mnt, Optional.empty()));
    actual.addAll(said(contained, data, mnt, Optional.empty()));
    actual.addAll(said(here, data, file, Optional.empty()));
    actual.addAll(said(here, data, full, Optional.empty()));
    actual.addAll(said(here, data, file.resolve("mnt"), Optional.empty()));
    actual.addAll(said(here, mnt.resolve("data"), mnt, Optional.empty()));
    actual.addAll(said(here, data, data.resolve("mnt"), Optional.empty()));
    actual.addAll(said(here, file, mnt, Optional.empty()));
    actual.addAll(said(here, full, mnt, Optional.empty()));
    actual.addAll(said(here, keyless, mnt, Optional.empty()));
    actual.addAll(said(here, Path.of("/" + "long/".repeat(20)), mnt, Optional.empty()));
    actual.addAll(said(here, data, mnt, Optional.of(0)));
    mounted(full, "ext4", "rw", "rw");
    actual.addAll(said(here, data, full, Optional.empty()));
    mounted(full, "nfs", "ro", "ro");
    actual.addAll(said(here, full.resolve("data"), mnt, Optional.empty()));
    List<String> shown =
        actual.stream().map(line -> line.replace(scratch.toString(), "SCRATCH")).toList();
    Files.write(Path.of("target", "preflight.actual"), shown);
    try (InputStream in = PreflightTest.class.getResourceAsStream("preflight.golden")) {
      String golden = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      assertThat(shown).containsExactlyElementsOf(golden.lines().toList());
    }
  }
}
