package dfs.chunk.server;

import com.google.protobuf.ByteString;
import dfs.chunk.block.BlockDirectory;
import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who a data directory is: file {@code identity}, drawn in this module's README, replaced as a
 * whole. Blocks without it are nobody's: a directory that has blocks and no identity is refused,
 * never taken for a new one. Thread-safe.
 */
final class IdentityFile {
  private static final Logger LOG = LoggerFactory.getLogger(IdentityFile.class);
  static final int CLUSTER_BYTES_MAX = 256;

  private static final Path FILE = Path.of("identity");
  private static final Path NEW_FILE = Path.of("identity.new");
  private static final Path ROOT = Path.of("");
  private static final int MAGIC = 0x49534644;
  private static final int VERSION = 1;
  private static final int FLAG_FORMATTED = 1;
  private static final int HEADER_BYTES = 64;
  private static final int DIRECTORY_BYTES = 16;

  private final Disk disk;
  private final ReentrantLock writing = new ReentrantLock();
  private volatile Identity identity;

  /**
   * What the file says.
   *
   * @param formatted the journal and the folder of blocks were made completely
   * @param directory names this directory for ever: 16 random bytes
   * @param cluster the cluster it belongs to; empty before the first registration
   * @param server the id the metadata server gave it; 0 before the first registration
   * @param incarnation grows with each start, and when a stream to the metadata server has ended
   * @param term the highest term of a metadata server that spoke to it
   */
  record Identity(
      boolean formatted,
      ByteString directory,
      ByteString cluster,
      long server,
      long incarnation,
      long term) {
    Identity {
      if (directory.size() != DIRECTORY_BYTES || cluster.size() > CLUSTER_BYTES_MAX) {
        throw new IllegalArgumentException("a directory or cluster id of the wrong length");
      }
    }

    Identity asFormatted() {
      return new Identity(true, directory, cluster, server, incarnation, term);
    }

    Identity nextIncarnation() {
      return new Identity(formatted, directory, cluster, server, incarnation + 1, term);
    }

    Identity welcomed(ByteString toCluster, long asServer, long inTerm) {
      return new Identity(
          formatted, directory, toCluster, asServer, incarnation, Math.max(term, inTerm));
    }

    /** What the entries of the journal call this directory. */
    int journalNumber() {
      return directory.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).getInt();
    }
  }

  private IdentityFile(Disk disk, Identity identity) {
    this.disk = disk;
    this.identity = identity;
  }

  /** Reads the identity of a data directory; an empty directory gets one. */
  static IdentityFile open(Disk disk, RandomGenerator random) throws IOException {
    disk.createDirectories(ROOT);
    if (disk.exists(FILE)) {
      return new IdentityFile(disk, read(disk));
    }
    for (String name : new String[] {"data", "journal"}) {
      if (disk.exists(Path.of(name))) {
        throw new IOException(
            "the data directory has "
                + name
                + "/ and no identity: it is not known whose blocks lie there. Bring the file"
                + " identity back, or start with an empty directory");
      }
    }
    byte[] directory = new byte[DIRECTORY_BYTES];
    random.nextBytes(directory);
    Identity fresh = new Identity(false, ByteString.copyFrom(directory), ByteString.EMPTY, 0, 0, 0);
    IdentityFile file = new IdentityFile(disk, fresh);
    file.replace(fresh);
    return file;
  }

  /** Whether there is one. */
  static boolean exists(Disk disk) throws IOException {
    return disk.exists(FILE);
  }

  Identity identity() {
    return identity;
  }

  /** Durable when it returns; after a crash before, the old contents are there. */
  void replace(Identity next) throws IOException {
    writing.lock();
    try {
      write(next);
    } finally {
      writing.unlock();
    }
  }

  /**
   * Looks whether the directory at the path is still the one that was opened, and can be written:
   * the disk may have been unmounted, which leaves an empty mount point, or turned read-only. A
   * file that is damaged is written again. Any thread.
   *
   * @throws IOException when it is gone, another one, or read-only
   */
  void check() throws IOException {
    ByteString now;
    try (DiskFile file = disk.open(FILE, false)) {
      Identity read = decode(file);
      now = read == null ? ByteString.EMPTY : read.directory();
    } catch (NoSuchFileException e) {
      throw new IOException("it has gone: no identity is at its path any more", e);
    } catch (IOException e) {
      if (BlockDirectory.isShortOfFiles(e)) {
        LOG.warn("the data directory was not looked at: {}", e.getMessage());
        return;
      }
      throw e;
    }
    if (now.isEmpty()) {
      writing.lock();
      try {
        LOG.error("the file identity of the data directory is damaged: it is written again");
        write(identity);
      } finally {
        writing.unlock();
      }
    } else if (!now.equals(identity.directory())) {
      throw new IOException("it has gone: another data directory is at its path");
    }
  }

  private void write(Identity next) throws IOException {
    try (DiskFile file = disk.open(NEW_FILE, true)) {
      ByteBuffer bytes = encode(next);
      file.truncate(bytes.remaining());
      file.write(bytes, 0);
      file.sync(true);
    }
    disk.rename(NEW_FILE, FILE);
    disk.syncDirectory(ROOT);
    identity = next;
  }

  private static ByteBuffer encode(Identity identity) {
    ByteBuffer out =
        ByteBuffer.allocate(HEADER_BYTES + identity.cluster.size()).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(0, MAGIC).put(8, (byte) VERSION);
    out.put(9, (byte) (identity.formatted ? FLAG_FORMATTED : 0));
    out.put(16, identity.directory.toByteArray());
    out.putLong(32, identity.server).putLong(40, identity.incarnation).putLong(48, identity.term);
    out.putInt(56, identity.cluster.size());
    out.put(HEADER_BYTES, identity.cluster.toByteArray());
    out.putInt(4, crc(out));
    return out;
  }

  private static Identity read(Disk disk) throws IOException {
    try (DiskFile file = disk.open(FILE, false)) {
      Identity read = decode(file);
      if (read == null) {
        throw new IOException("the file identity of the data directory is damaged");
      }
      return read;
    }
  }

  /** Null if it is damaged. */
  private static @Nullable Identity decode(DiskFile file) throws IOException {
    ByteBuffer in =
        ByteBuffer.allocate(HEADER_BYTES + CLUSTER_BYTES_MAX).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining() && file.read(in, in.position()) >= 0) {
      // reads until full or at the end
    }
    in.flip();
    if (in.limit() < HEADER_BYTES
        || in.getInt(0) != MAGIC
        || in.get(8) != VERSION
        || in.getInt(56) != in.limit() - HEADER_BYTES
        || in.getInt(4) != crc(in)) {
      return null;
    }
    return new Identity(
        (in.get(9) & FLAG_FORMATTED) != 0,
        ByteString.copyFrom(in.slice(16, DIRECTORY_BYTES)),
        ByteString.copyFrom(in.slice(HEADER_BYTES, in.limit() - HEADER_BYTES)),
        in.getLong(32),
        in.getLong(40),
        in.getLong(48));
  }

  private static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(8, bytes.limit() - 8));
    return (int) crc.getValue();
  }
}
