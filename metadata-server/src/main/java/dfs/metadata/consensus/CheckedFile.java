package dfs.metadata.consensus;

import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import dfs.protocol.wire.MalformedMessageException;
import dfs.protocol.wire.RecordCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Small files that hold one record and its checksum, replaced as a whole.
 *
 * <pre>
 *   offset 0   u32  magic "dfsL"
 *          4   u32  length of the record, big-endian as all of it
 *          8        the record in the form of {@link RecordCodec}
 *          8+n u32  CRC32C of all before
 * </pre>
 */
final class CheckedFile {
  private static final int MAGIC = 0x6466734c;
  private static final int HEAD_BYTES = 8;
  private static final int TAIL_BYTES = 4;
  private static final int FILE_BYTES_MAX = 4096;

  private CheckedFile() {}

  /** Replaces a file; returns when that is durable. */
  static <T> void write(Disk disk, Path name, RecordCodec<T> codec, T record) throws IOException {
    Path fresh = name.resolveSibling(name.getFileName() + ".new");
    try (DiskFile file = disk.open(fresh, true)) {
      file.truncate(0);
      file.write(frame(codec, record), 0);
      file.sync(true);
    }
    disk.rename(fresh, name);
    Path parent = name.getParent();
    disk.syncDirectory(parent == null ? Path.of("") : parent);
  }

  /**
   * Reads a file.
   *
   * @param remedy what a person can do if the file is missing or damaged
   */
  static <T> T read(Disk disk, Path name, RecordCodec<T> codec, String remedy) throws IOException {
    if (!disk.exists(name)) {
      throw new DamagedLogException("the file " + name + " is missing; " + remedy);
    }
    try (DiskFile file = disk.open(name, false)) {
      T record = unframe(codec, readAt(file, 0, FILE_BYTES_MAX));
      if (record == null) {
        throw new DamagedLogException("the file " + name + " is damaged; " + remedy);
      }
      return record;
    }
  }

  static ByteBuffer readAt(DiskFile file, long offset, int bytes) throws IOException {
    ByteBuffer read = ByteBuffer.allocate(bytes);
    while (read.hasRemaining()) {
      if (file.read(read, offset + read.position()) < 0) {
        break;
      }
    }
    return read.flip();
  }

  static <T> ByteBuffer frame(RecordCodec<T> codec, T record) {
    byte[] body = codec.encode(record);
    ByteBuffer frame = ByteBuffer.allocate(HEAD_BYTES + body.length + TAIL_BYTES);
    if (frame.capacity() > FILE_BYTES_MAX) {
      throw new IllegalArgumentException("a record of " + body.length + " bytes");
    }
    frame.putInt(MAGIC).putInt(body.length).put(body);
    return frame.putInt(checksum(frame, frame.position())).flip();
  }

  /** The record at the beginning of these bytes; null if it is not whole. */
  static <T> @Nullable T unframe(RecordCodec<T> codec, ByteBuffer bytes) {
    if (bytes.remaining() < HEAD_BYTES + TAIL_BYTES || bytes.getInt(0) != MAGIC) {
      return null;
    }
    int length = bytes.getInt(4);
    if (length < 0 || length > bytes.remaining() - HEAD_BYTES - TAIL_BYTES) {
      return null;
    }
    int end = HEAD_BYTES + length;
    if (bytes.getInt(end) != checksum(bytes, end)) {
      return null;
    }
    byte[] body = new byte[length];
    bytes.get(HEAD_BYTES, body);
    try {
      return codec.decode(body);
    } catch (MalformedMessageException e) {
      return null;
    }
  }

  private static int checksum(ByteBuffer bytes, int end) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate().position(0).limit(end));
    return (int) crc.getValue();
  }
}
