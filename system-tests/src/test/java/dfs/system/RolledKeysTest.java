package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.client.block.ChunkBlockStore;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.StreamSession;
import dfs.client.path.VolumeTree;
import dfs.protocol.metadata.Caller;
import dfs.protocol.seam.RealTime;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Keys are rolled, and all leave to read and write ends, several times while one file is written
 * and another one read through the same open handles: nobody notices.
 */
@Timeout(120)
@Tag("side-by-side")
class RolledKeysTest {
  private static final long KEY_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final int KEYS = 5;
  private static final int FILE_BYTES = 6_000_000;
  private static final int PIECE_BYTES = 20_000;

  private @TempDir Path directory;
  private final Random random = new Random(1);
  private Cluster cluster;
  private OpenFiles files;
  private VolumeTree tree;

  @BeforeEach
  void start() throws Exception {
    cluster = new Cluster(directory, new RealTime(), 3, 0, 2, KEY_NANOS);
    StreamSession session = cluster.session(true);
    files =
        new OpenFiles(session, new ChunkBlockStore(cluster.services, session::id), cluster.time);
    tree = new VolumeTree(session, files, Caller.ROOT, 0, random);
  }

  @AfterEach
  void end() throws Exception {
    files.close();
    cluster.close();
  }

  private long open(String path, byte[] bytes) throws Exception {
    tree.copyIn(Channels.newChannel(new ByteArrayInputStream(bytes)), path, 0644);
    return files.open(tree.find(path));
  }

  private byte[] read(long handle, long offset, int count) throws Exception {
    ByteBuffer into = ByteBuffer.allocate(count);
    files.read(handle, offset, into);
    return Arrays.copyOf(into.array(), into.position());
  }

  @Test
  void nobodyNoticesThatKeysAreRolled() throws Exception {
    byte[] bytes = new byte[FILE_BYTES];
    random.nextBytes(bytes);
    long reader = open("/read", bytes);
    long writer = open("/written", new byte[0]);
    byte[] written = new byte[0];
    long since = System.nanoTime();
    int rounds = 0;
    while (System.nanoTime() - since < KEYS * KEY_NANOS) {
      int at = random.nextInt(FILE_BYTES - PIECE_BYTES);
      assertThat(read(reader, at, PIECE_BYTES))
          .isEqualTo(Arrays.copyOfRange(bytes, at, at + PIECE_BYTES));
      byte[] piece = new byte[random.nextInt(PIECE_BYTES)];
      random.nextBytes(piece);
      files.write(writer, written.length, ByteBuffer.wrap(piece), false, false);
      files.sync(writer);
      int before = written.length;
      written = Arrays.copyOf(written, before + piece.length);
      System.arraycopy(piece, 0, written, before, piece.length);
      rounds++;
    }
    assertThat(read(writer, 0, written.length)).isEqualTo(written);
    assertThat(rounds).isGreaterThan(2 * KEYS);
    files.release(reader);
    files.release(writer);
  }
}
