package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import dfs.client.block.ChunkBlockStore;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.StreamSession;
import dfs.fuse.Mount;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What things cost, counted and not timed: round trips, log commands, flushes, bytes on disk. */
@Timeout(300)
class CountsTest {
  private static final int CREATORS = 16;
  private static final int FILES_EACH = 100;
  private static final int BLOCKS = 4;

  private @TempDir Path directory;

  private static Attributes create(StreamSession session, String name) throws IOException {
    Reply reply =
        session.call(
            Caller.ROOT,
            new Change.CreateFile(
                Attributes.ROOT_INO, ByteString.copyFromUtf8(name), 0644, 0, true));
    assertThat(reply).isInstanceOf(Reply.Entry.class);
    return ((Reply.Entry) reply).attributes();
  }

  @Test
  void sixteenCreatorsShareFlushes() throws Exception {
    try (Cluster cluster = new Cluster(directory);
        ExecutorService threads = Executors.newFixedThreadPool(CREATORS)) {
      StreamSession session = cluster.session(false);
      // With its first change the log hears of the session.
      create(session, "first");
      long commands = cluster.commands(session);
      long flushes = cluster.flushes(session);
      List<Future<?>> creating = new ArrayList<>();
      for (int c = 0; c < CREATORS; c++) {
        int creator = c;
        creating.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < FILES_EACH; i++) {
                    create(session, creator + "-" + i);
                  }
                  return null;
                }));
      }
      for (Future<?> creator : creating) {
        creator.get();
      }
      commands = cluster.commands(session) - commands;
      flushes = cluster.flushes(session) - flushes;
      assertThat(commands).isEqualTo(CREATORS * FILES_EACH);
      assertThat((double) commands / flushes).as("commands per flush").isGreaterThan(3);
    }
  }

  @Test
  void aLoneCommandIsFlushedBeforeItsAnswer() throws Exception {
    try (Cluster cluster = new Cluster(directory)) {
      StreamSession session = cluster.session(false);
      long flushes = cluster.flushes(session);
      for (int i = 0; i < 50; i++) {
        create(session, "f" + i);
        assertThat(cluster.flushes(session))
            .as("flushes after %d creates", i + 1)
            .isGreaterThanOrEqualTo(flushes + i + 1);
      }
    }
  }

  @Test
  void anUnpackedFileCostsAtMostFiveLogCommands() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    Path mnt = directory.resolve("mnt");
    Shell.run(
        directory,
        "mkdir tree; for i in $(seq 200); do head -c $((i * 97)) /dev/urandom > tree/$i; done;"
            + " tar cf tree.tar tree");
    try (Cluster cluster = new Cluster(directory)) {
      cluster.mount(mnt);
      StreamSession session = cluster.session(false);
      long before = cluster.commands(session);
      Shell.run(mnt, "tar xf ../tree.tar; sync -f .; cat tree/* | cksum");
      long fixed = 8; // the folder and its attributes, the block that the larger files share
      assertThat((cluster.commands(session) - before - fixed) / 200.0)
          .as("log commands per file")
          .isLessThanOrEqualTo(5);
    }
  }

  @Test
  void anUncachedStatIsOneRoundTripForEachComponentAndACachedOneNone() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    Path mnt = directory.resolve("mnt");
    try (Cluster cluster = new Cluster(directory)) {
      Mount first = cluster.mount(mnt);
      Shell.run(mnt, "mkdir -p a/b/c; echo > a/b/c/file");
      first.close(true);
      first.awaitUnmounted();
    }
    try (Cluster cluster = new Cluster(directory)) {
      Mount mount = cluster.mount(mnt);
      StreamSession session = cluster.session(false);
      // Whoever enters the mount point asks for its attributes: not what is counted.
      Shell.run(directory, "stat mnt mnt/.");
      long requests = mount.served();
      long operations = cluster.operations(session);
      Shell.run(directory, "stat mnt/a/b/c/file");
      assertThat(mount.served() - requests).as("requests").isBetween(4L, 5L);
      assertThat(cluster.operations(session) - operations - 1).as("round trips").isBetween(4L, 5L);
      requests = mount.served();
      operations = cluster.operations(session);
      Shell.run(directory, "stat mnt/a/b/c/file; stat mnt/a/b/c/file");
      assertThat(mount.served() - requests).as("requests").isZero();
      assertThat(cluster.operations(session) - operations - 1).as("round trips").isZero();
    }
  }

  /** Listing with attributes asks the kernel for two extended attributes of each file. */
  @Test
  void extendedAttributesThatAreNotThereCostNoRoundTrip() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    Path mnt = directory.resolve("mnt");
    try (Cluster cluster = new Cluster(directory)) {
      cluster.mount(mnt);
      Shell.run(mnt, "for i in $(seq 50); do : >f$i; done; ls -l >/dev/null");
      StreamSession session = cluster.session(false);
      long operations = cluster.operations(session);
      String ask =
          "import os,sys\nfor i in range(1,51):\n for n in ('security.selinux','user.x'):\n"
              + "  try: os.getxattr(f'f{i}',n); sys.exit(1)\n  except OSError: pass";
      Shell.run(mnt, "python3 -c \"" + ask + "\"");
      assertThat(cluster.operations(session) - operations - 1).as("round trips").isLessThan(10);
    }
  }

  /** What one mount knows to be absent, another may set. */
  @Test
  void anExtendedAttributeIsSeenByAMountThatKnewOfNone() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    Path one = directory.resolve("one");
    Path other = directory.resolve("other");
    try (Cluster cluster = new Cluster(directory)) {
      cluster.mount(one);
      Shell.run(one, ": >f; ! python3 -c \"import os;os.getxattr('f','user.x')\" 2>/dev/null");
      Shell.run(one, "python3 -c \"import os;os.setxattr('f','user.x',b'1')\"");
      Shell.run(one, "python3 -c \"import os;assert os.getxattr('f','user.x')==b'1'\"");
      Shell.run(one, ": >g; ! python3 -c \"import os;os.getxattr('g','user.x')\" 2>/dev/null");
      cluster.mount(other);
      Shell.run(other, "python3 -c \"import os;os.setxattr('g','user.x',b'2')\"");
      Shell.run(one, "python3 -c \"import os;assert os.getxattr('g','user.x')==b'2'\"");
    }
  }

  /** A clock that stands still: nothing is written back because of its age. */
  private record Frozen(Time real) implements Time {
    @Override
    public long monotonicNanos() {
      return 0;
    }

    @Override
    public long wallNanos() {
      return real.wallNanos();
    }

    @Override
    public Timer after(long delay, TimeUnit unit, Runnable task) {
      return () -> {};
    }
  }

  @Test
  void sequentialWritingTakesTwoRoundTripsForEachBlockAndNoMoreSpaceThanItsBytes()
      throws Exception {
    try (Cluster cluster = new Cluster(directory)) {
      StreamSession session = cluster.session(true);
      Attributes file = create(session, "large");
      ByteBuffer piece = ByteBuffer.allocateDirect(Limits.APPEND_BYTES);
      long total = BLOCKS * Limits.BLOCK_BYTES;
      try (OpenFiles files =
          new OpenFiles(
              session,
              new ChunkBlockStore(cluster.services, session::id),
              new Frozen(cluster.time))) {
        long handle = files.open(file);
        long before = cluster.operations(session);
        for (long at = 0; at < total; at += piece.capacity()) {
          piece.clear().putLong(0, at);
          files.write(handle, at, piece, false, false);
        }
        files.sync(handle);
        long used = cluster.operations(session) - before - 1;
        assertThat(used).as("round trips for %d blocks", BLOCKS).isLessThanOrEqualTo(2 * BLOCKS);
        files.release(handle);
      }
      long onDisk = 0;
      try (Stream<Path> stored = Files.walk(directory.resolve("chunk/data"))) {
        for (Path path : stored.filter(Files::isRegularFile).toList()) {
          onDisk += (Long) Files.getAttribute(path, "unix:size");
        }
      }
      assertThat((double) onDisk / total).as("bytes on disk per byte").isLessThan(1.02);
    }
  }
}
