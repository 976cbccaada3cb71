package dfs.protocol.block;

import dfs.protocol.Limits;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Checksums of a range of a block: one CRC32C for each piece, the range being cut where checksum
 * units begin. They are made once, by the writing client, and never recomputed from a disk: the
 * checksum of a unit that was written in several pieces is combined from theirs.
 */
public final class Pieces {
  private static final int POLYNOMIAL = 0x82F63B78;

  /** What 2^i zero bytes make of a register, for each i. */
  private static final int[][] OVER_ZEROS = overZeros();

  private Pieces() {}

  /** How many pieces the range has. */
  public static int count(long blockOffset, int length) {
    if (length == 0) {
      return 0;
    }
    long first = blockOffset >> Limits.UNIT_LOG2;
    long last = (blockOffset + length - 1) >> Limits.UNIT_LOG2;
    return (int) (last - first + 1);
  }

  /**
   * Length of the piece that begins at {@code blockOffset}, when {@code left} bytes of the range
   * are left.
   */
  public static int length(long blockOffset, int left) {
    int inUnit = (int) (blockOffset & (Limits.UNIT_BYTES - 1));
    return Math.min(left, Limits.UNIT_BYTES - inUnit);
  }

  /**
   * Checksums of the pieces of {@code bytes}, which lie at {@code blockOffset}; its position stays.
   */
  public static Checksums checksums(long blockOffset, ByteBuffer bytes) {
    int[] checksums = new int[count(blockOffset, bytes.remaining())];
    ByteBuffer rest = bytes.duplicate();
    for (int i = 0; i < checksums.length; i++) {
      int length = length(blockOffset + rest.position() - bytes.position(), rest.remaining());
      checksums[i] = checksum(rest, length);
    }
    return Checksums.of(checksums);
  }

  /** CRC32C of the next {@code length} bytes, which are consumed. */
  public static int checksum(ByteBuffer bytes, int length) {
    CRC32C crc = new CRC32C();
    ByteBuffer piece = bytes.slice(bytes.position(), length);
    crc.update(piece);
    bytes.position(bytes.position() + length);
    return (int) crc.getValue();
  }

  /** Index of the first piece whose bytes do not have its checksum, or -1. */
  public static int firstWrong(long blockOffset, ByteBuffer bytes, Checksums checksums) {
    if (checksums.size() != count(blockOffset, bytes.remaining())) {
      return 0;
    }
    Checksums actual = checksums(blockOffset, bytes);
    for (int i = 0; i < actual.size(); i++) {
      if (actual.get(i) != checksums.get(i)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * CRC32C of two byte strings one after the other, from theirs: the first one's register is
   * carried over {@code secondLength} zero bytes, which is a linear map over GF(2) (as zlib's
   * crc32_combine).
   */
  public static int combine(int first, int second, long secondLength) {
    int crc = first;
    long left = secondLength;
    for (int i = 0; left != 0; i++, left >>>= 1) {
      if ((left & 1) != 0) {
        crc = times(OVER_ZEROS[i], crc);
      }
    }
    return crc ^ second;
  }

  /** CRC32C of so many zero bytes. */
  public static int ofZeros(long length) {
    int crc = 0;
    int run = checksum(ByteBuffer.allocate(1), 1);
    long runLength = 1;
    for (long left = length; left != 0; left >>>= 1) {
      if ((left & 1) != 0) {
        crc = combine(crc, run, runLength);
      }
      run = combine(run, run, runLength);
      runLength <<= 1;
    }
    return crc;
  }

  /** The maps of one zero byte, of two, of four and so on. */
  private static int[][] overZeros() {
    int[] bit = new int[Integer.SIZE];
    bit[0] = POLYNOMIAL;
    for (int i = 1; i < bit.length; i++) {
      bit[i] = 1 << (i - 1);
    }
    int[][] maps = new int[Long.SIZE][];
    maps[0] = squared(squared(squared(bit)));
    for (int i = 1; i < maps.length; i++) {
      maps[i] = squared(maps[i - 1]);
    }
    return maps;
  }

  private static int times(int[] matrix, int vector) {
    int sum = 0;
    for (int rest = vector; rest != 0; rest &= rest - 1) {
      sum ^= matrix[Integer.numberOfTrailingZeros(rest)];
    }
    return sum;
  }

  private static int[] squared(int[] matrix) {
    int[] square = new int[matrix.length];
    for (int i = 0; i < square.length; i++) {
      square[i] = times(matrix, matrix[i]);
    }
    return square;
  }
}
