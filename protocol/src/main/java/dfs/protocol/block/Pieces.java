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
  public static int combine(int first, int second, int secondLength) {
    int[] square = new int[32];
    int[] matrix = new int[32];
    matrix[0] = POLYNOMIAL;
    for (int i = 1; i < 32; i++) {
      matrix[i] = 1 << (i - 1);
    }
    square(square, matrix);
    square(matrix, square);
    int crc = first;
    int left = secondLength;
    boolean inMatrix = true;
    while (left != 0) {
      int[] from = inMatrix ? matrix : square;
      int[] to = inMatrix ? square : matrix;
      square(to, from);
      inMatrix = !inMatrix;
      if ((left & 1) != 0) {
        crc = times(to, crc);
      }
      left >>>= 1;
    }
    return crc ^ second;
  }

  private static int times(int[] matrix, int vector) {
    int sum = 0;
    int rest = vector;
    for (int i = 0; rest != 0; i++, rest >>>= 1) {
      if ((rest & 1) != 0) {
        sum ^= matrix[i];
      }
    }
    return sum;
  }

  private static void square(int[] square, int[] matrix) {
    for (int i = 0; i < 32; i++) {
      square[i] = times(matrix, matrix[i]);
    }
  }
}
