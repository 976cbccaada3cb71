package dfs.fuse.driver.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real mount over a volume in memory. Only other processes touch it: this one serves it. */
@Timeout(120)
class KernelDriverTest {
  private final MemoryVfs vfs = new MemoryVfs();
  private @TempDir Path parent;
  private Path mountPoint;
  private KernelDriver driver;

  @BeforeEach
  void mount() throws IOException {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    mountPoint = Files.createDirectory(parent.resolve("mnt"));
    driver = KernelDriver.mount(vfs, new MountOptions(mountPoint, "memory"));
  }

  @AfterEach
  void unmount() throws Exception {
    if (driver != null) {
      driver.close();
      driver.awaitUnmounted();
    }
  }

  private String shell(String script) throws Exception {
    Process process =
        new ProcessBuilder("timeout", "-k", "5", "60", "bash", "-euc", script)
            .directory(Path.of("/").toFile())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s said: %s", script, said).isZero();
    return said.strip();
  }

  private String inMount(String script) throws Exception {
    return shell("cd " + mountPoint + "; " + script);
  }

  @Test
  void filesReadBackWhatWasWritten() throws Exception {
    String sum = "head -c 5000001 /dev/zero | tr '\\0' x | cksum";
    inMount("head -c 5000001 /dev/zero | tr '\\0' x >big; echo tail >>big");
    assertThat(inMount("head -c 5000001 big | cksum")).isEqualTo(shell(sum));
    assertThat(inMount("tail -c 5 big; stat -c %s big")).isEqualTo("tail\n5000006");
    assertThat(inMount("truncate -s 3 big; cat big; : >big; stat -c %s big")).isEqualTo("xxx0");
    assertThat(vfs.openHandles()).isLessThanOrEqualTo(1);
  }

  /** Each idle reader keeps two buffers of a megabyte. */
  @Test
  void manyCallersLeaveFewReadersBehind() throws Exception {
    inMount("for p in $(seq 16); do (for i in $(seq 200); do echo $i >f$p-$i; done) & done; wait");
    assertThat(inMount("ls | wc -l")).isEqualTo("3200");
    long since = System.nanoTime();
    while (driver.readers() > KernelDriver.READERS_IDLE_MAX
        && System.nanoTime() - since < TimeUnit.SECONDS.toNanos(10)) {
      Thread.onSpinWait();
    }
    assertThat(driver.readers()).isLessThanOrEqualTo(KernelDriver.READERS_IDLE_MAX);
  }

  @Test
  void namesComeAndGo() throws Exception {
    inMount("mkdir -p a/b; echo one >a/b/f; mv a/b/f a/g; ln a/g a/h; ln -s g a/l; mkfifo a/p");
    assertThat(inMount("cat a/l; readlink a/l; stat -c '%h %F' a/h; stat -c %F a/p"))
        .isEqualTo("one\ng\n2 regular file\nfifo");
    assertThat(inMount("rm a/g; cat a/h; ls a; cat a/g 2>&1 | grep -o 'No such.*'"))
        .contains("one", "b\nh\nl\np");
    inMount("rmdir a/b; chmod 640 a/h; test $(stat -c %a a/h) = 640");
  }

  @Test
  void longListingsHaveEachNameOnce() throws Exception {
    inMount("mkdir d; cd d; for i in $(seq 2500); do : >file-with-a-name-$i; done");
    assertThat(
            inMount("ls d | wc -l; ls d | sort -u | wc -l; ls -l d | grep -c '^-'; find d | wc -l"))
        .isEqualTo("2500\n2500\n2500\n2501");
  }

  /**
   * The kernel believes the size in a listing and drops the pages beyond it, dirty mapped ones too:
   * it must not be told one from before its own request. Long names leave much of what was fetched
   * for the first request to the second. The files come to be behind the kernel's back, so that it
   * looks each up, which is what makes it ask with attributes again; python lists what it imports
   * from, which is elsewhere with -I.
   */
  @Test
  void aListingThatGoesOnKeepsWhatWasStoredMeanwhile() throws Exception {
    for (int i = 0; i < 60; i++) {
      ByteString name = ByteString.copyFromUtf8("%03d".formatted(i) + "n".repeat(200));
      vfs.call(Caller.ROOT, 0, new Change.CreateFile(1, name, 0644, 0, false));
    }
    assertThat(
            inMount(
                """
                python3 -I - <<'P'
                import ctypes, mmap, os
                libc = ctypes.CDLL(None)
                SIZE, STORED = 16384, b'Z' * 16384
                def list_some(fd):
                    return libc.getdents64(fd, ctypes.create_string_buffer(4096), 4096)
                listing = os.open('.', os.O_RDONLY | os.O_DIRECTORY)
                some = list_some(listing)
                files = [os.open('%03d' % i + 'n' * 200, os.O_RDWR) for i in range(60)]
                maps = []
                for fd in files:
                    os.ftruncate(fd, SIZE)
                    maps.append(mmap.mmap(fd, SIZE))
                    maps[-1][:] = STORED
                calls = 0
                while some > 0:
                    some = list_some(listing)
                    calls += 1
                print(calls > 3, [i for i in range(60) if os.pread(files[i], SIZE, 0) != STORED])
                P
                """))
        .isEqualTo("True []");
  }

  @Test
  void extendedAttributesHaveTheirSizes() throws Exception {
    assertThat(
            inMount(
                """
                : >f
                python3 - <<'P'
                import os
                os.setxattr('f', 'user.one', b'x' * 3000)
                os.setxattr('f', 'user.two', b'')
                print(len(os.getxattr('f', 'user.one')), sorted(os.listxattr('f')))
                os.removexattr('f', 'user.two')
                try:
                    os.getxattr('f', 'user.two')
                except OSError as e:
                    print(e.errno)
                P
                """))
        .isEqualTo("3000 ['user.one', 'user.two']\n61");
  }

  @Test
  void whatIsNotOfferedIsRefusedAsTheTableSays() throws Exception {
    assertThat(
            inMount(
                """
                : >f
                python3 - <<'P'
                import ctypes, os
                libc = ctypes.CDLL(None, use_errno=True)
                fd = os.open('f', os.O_RDWR)
                libc.fallocate(fd, 0, ctypes.c_long(0), ctypes.c_long(10))
                print(ctypes.get_errno())
                print(os.lseek(fd, 0, os.SEEK_END))
                P
                """))
        .isEqualTo(Errno.EOPNOTSUPP.number() + "\n0");
  }

  @Test
  void theKernelLetsGoOfWhatIsGone() throws Exception {
    inMount("mkdir d; : >d/x; rm d/x; rmdir d");
    inMount("sync; stat . >/dev/null");
    assertThat(vfs.references(3)).isZero();
  }
}
