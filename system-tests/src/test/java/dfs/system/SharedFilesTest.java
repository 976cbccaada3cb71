package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several at work on one file, on one mount and on two. */
@Timeout(300)
class SharedFilesTest {
  private @TempDir Path directory;
  private Path mnt;
  private Path other;

  @BeforeEach
  void prepare() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    mnt = directory.resolve("mnt");
    other = directory.resolve("other");
  }

  private String python(String script) throws Exception {
    Path file = directory.resolve("script.py");
    Files.writeString(file, script);
    return Shell.run(directory, "timeout 120 python3 script.py");
  }

  /** The kernel serialises a truncation with writes, but not an open that empties. */
  @Test
  void emptyingAFileBesideItsWritersIsNoError() throws Exception {
    try (Cluster cluster = new Cluster(directory)) {
      cluster.mount(mnt);
      python(
          """
          import os, threading
          failed = []
          def guarded(work):
              try:
                  for i in range(300): work(i)
              except OSError as e: failed.append(e)
          f = os.open('mnt/log', os.O_CREAT | os.O_WRONLY | os.O_APPEND)
          g = os.open('mnt/log', os.O_WRONLY)
          def append(i): os.write(f, b'%07d\\n' % i); os.fsync(f)
          def store(i): os.pwrite(g, b'x' * 8, 0); os.fdatasync(g)
          def empty(i): os.close(os.open('mnt/log', os.O_WRONLY | os.O_TRUNC))
          ts = [threading.Thread(target=guarded, args=(w,)) for w in (append, store, empty)]
          [t.start() for t in ts]; [t.join() for t in ts]
          assert not failed, failed
          os.close(f); os.close(g)
          empty(0); open('mnt/log', 'ab').write(b'end')
          assert open('mnt/log', 'rb').read() == b'end'
          """);
    }
  }

  @Test
  void twoMountsMayRewriteOneFile() throws Exception {
    try (Cluster cluster = new Cluster(directory)) {
      cluster.mount(mnt);
      cluster.mount(other);
      python(
          """
          import os, threading
          failed = []
          def rewrite(i, m):
              try:
                  for n in range(60):
                      f = os.open(m + '/both', os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
                      os.write(f, b'x%d\\n' % i * 50); os.close(f)
              except OSError as e: failed.append(e)
          ts = [threading.Thread(target=rewrite, args=(i, m)) for i, m in enumerate(('mnt', 'other'))]
          [t.start() for t in ts]; [t.join() for t in ts]
          assert not failed, failed
          one, two = open('mnt/both', 'rb').read(), open('other/both', 'rb').read()
          assert one == two and one in (b'x0\\n' * 50, b'x1\\n' * 50), (one, two)
          """);
    }
  }

  @Test
  void appendsWithoutALeaseAreThereOnceEach() throws Exception {
    try (Cluster cluster = new Cluster(directory)) {
      cluster.mount(mnt);
      cluster.mount(other);
      assertThat(
              python(
                  """
                  import os, threading
                  done = threading.Event()
                  def noise():
                      i = 0
                      while not done.is_set():
                          open('other/noise', 'w').write(str(i)); i += 1
                  t = threading.Thread(target=noise); t.start()
                  f = os.open('mnt/app', os.O_CREAT | os.O_WRONLY | os.O_APPEND)
                  def record(n): return (b'%08d' % n * 40000)[:300007]
                  try:
                      for n in range(300): assert os.write(f, record(n)) == 300007
                  finally: done.set(); t.join()
                  os.close(f)
                  for m in ('mnt', 'other'):
                      d = open(m + '/app', 'rb').read()
                      assert len(d) == 300 * 300007, len(d)
                      for n in range(300): assert d[n * 300007:(n + 1) * 300007] == record(n), n
                  print('there')
                  """))
          .isEqualTo("there");
    }
  }
}
