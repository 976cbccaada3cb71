package dfs.cli.verb;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * What was read of a source, to be held in the end against the checksums that the servers have
 * taken the copy with: bytes that changed between the two are found, and no contents travel again.
 * Of a copy on this machine nothing is known but its bytes: there nothing is compared.
 */
final class Compared {
  private static final String STORED = "dfs:crc32c";

  private final Path copy;
  private final boolean inVolume;
  private final CRC32C read = new CRC32C();

  Compared(Path copy) {
    this.copy = copy;
    this.inVolume = copy.getFileSystem().supportedFileAttributeViews().contains("dfs");
  }

  /** Bytes that were read just now; their position stays. */
  void add(ByteBuffer bytes) {
    if (inVolume) {
      read.update(bytes.duplicate());
    }
  }

  /** The same, of so many bytes that an earlier run has copied; they are read once more. */
  void addAgain(ReadableByteChannel in, long bytes, ByteBuffer buffer) throws IOException {
    for (long left = inVolume ? bytes : 0; left > 0; left -= buffer.limit()) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), left));
      if (in.read(buffer) < 0) {
        throw new EOFException("the source has ended");
      }
      add(buffer.flip());
    }
  }

  /**
   * Compares; nothing of the copy is open to be written any more.
   *
   * @throws RefusedException if it is not what was read
   */
  void check() throws IOException {
    if (!inVolume) {
      return;
    }
    int stored = (int) Files.getAttribute(copy, STORED, LinkOption.NOFOLLOW_LINKS);
    if (stored != (int) read.getValue()) {
      throw new RefusedException(
          "was not stored as it was read: its CRC32C was %08x, that of the copy is %08x; the copy is"
                  .formatted((int) read.getValue(), stored)
              + " deleted (copy it again; if it stays so, memory of this machine is damaged)");
    }
  }
}
