package dfs.protocol.block;

import dfs.protocol.Limits;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * What an append says of its bytes: made by the writing client, kept with the block for ever, never
 * changed. It rescues the namespace, orders writers and carries the checksums. Little-endian:
 *
 * <pre>
 *   0 header crc u32 (of all after) | 4 length u16 | 6 version u8 | 7 flags u8 (1 packed)
 *   8 block u64 | 16 block offset u64 | 24 epoch u32 | 28 length of the payload u32
 *  32 ino u64 | 40 map u64 | 48 file offset u64 | 56 lease u64 (term u32, counter u32)
 *  64 sequence u64 | 72 session u64 | 80 acked u64 | 88 mtime ns i64 | 96 file size u64
 * 104 key id u32 | 108 pieces u16 | 110 unit log2 u8 | 111 zero | 112 CRC32C u32 of each piece, then TLVs
 * </pre>
 *
 * @param blockOffset where the payload lies in the block: the block's length before
 * @param lease term and counter of the writer's lease grant
 * @param sequence dense per inode and session
 * @param ackedBytes length of the block that was durable on all members when this was made
 * @param keyId key that the payload is encrypted with; 0: none
 */
public record BlockRecord(
    long block,
    long blockOffset,
    int epoch,
    int length,
    boolean packed,
    long ino,
    long map,
    long fileOffset,
    long lease,
    long sequence,
    long session,
    long ackedBytes,
    long modifyNanos,
    long sizeBytes,
    int keyId,
    Checksums checksums) {
  public static final int HEADER_BYTES = 112;
  private static final int VERSION = 1;
  private static final int FLAG_PACKED = 1;

  public BlockRecord {
    if (length <= 0
        || length > Limits.APPEND_BYTES
        || blockOffset < 0
        || checksums.size() != Pieces.count(blockOffset, length)) {
      throw new IllegalArgumentException(
          "record of %d bytes at %d of block %d with %d checksums"
              .formatted(length, blockOffset, block, checksums.size()));
    }
  }

  /** Length of its encoded form. */
  public int encodedBytes() {
    return HEADER_BYTES + (Integer.BYTES * checksums.size());
  }

  /** Writes the encoded form at the position of {@code out}, which is little-endian. */
  public void encode(ByteBuffer out) {
    int start = out.position();
    out.putInt(0).putShort((short) encodedBytes()).put((byte) VERSION);
    out.put((byte) (packed ? FLAG_PACKED : 0));
    out.putLong(block).putLong(blockOffset).putInt(epoch).putInt(length);
    out.putLong(ino).putLong(map).putLong(fileOffset).putLong(lease);
    out.putLong(sequence).putLong(session).putLong(ackedBytes).putLong(modifyNanos);
    out.putLong(sizeBytes).putInt(keyId).putShort((short) checksums.size());
    out.put((byte) Limits.UNIT_LOG2).put((byte) 0);
    for (int i = 0; i < checksums.size(); i++) {
      out.putInt(checksums.get(i));
    }
    out.putInt(start, crc(out, start, encodedBytes()));
  }

  /**
   * Reads the record at the position of {@code in}, which is little-endian, and moves behind it.
   *
   * @throws BlockFault when the bytes are no whole record
   */
  public static BlockRecord decode(ByteBuffer in) throws BlockFault {
    int start = in.position();
    if (in.remaining() < HEADER_BYTES) {
      throw new BlockFault(BlockFault.Kind.MALFORMED, "a record of " + in.remaining() + " bytes");
    }
    int encoded = Short.toUnsignedInt(in.getShort(start + 4));
    int pieces = Short.toUnsignedInt(in.getShort(start + 108));
    if (encoded < HEADER_BYTES + (Integer.BYTES * pieces)
        || encoded > in.remaining()
        || in.get(start + 6) != VERSION
        || in.get(start + 110) != Limits.UNIT_LOG2
        || in.getInt(start) != crc(in, start, encoded)) {
      throw new BlockFault(BlockFault.Kind.MALFORMED, "a record whose header checksum is wrong");
    }
    int[] checksums = new int[pieces];
    for (int i = 0; i < pieces; i++) {
      checksums[i] = in.getInt(start + HEADER_BYTES + (Integer.BYTES * i));
    }
    in.position(start + encoded);
    try {
      return new BlockRecord(
          in.getLong(start + 8),
          in.getLong(start + 16),
          in.getInt(start + 24),
          in.getInt(start + 28),
          (in.get(start + 7) & FLAG_PACKED) != 0,
          in.getLong(start + 32),
          in.getLong(start + 40),
          in.getLong(start + 48),
          in.getLong(start + 56),
          in.getLong(start + 64),
          in.getLong(start + 72),
          in.getLong(start + 80),
          in.getLong(start + 88),
          in.getLong(start + 96),
          in.getInt(start + 104),
          Checksums.of(checksums));
    } catch (IllegalArgumentException e) {
      throw new BlockFault(BlockFault.Kind.MALFORMED, String.valueOf(e.getMessage()), e);
    }
  }

  private static int crc(ByteBuffer bytes, int start, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(start + 4, length - 4));
    return (int) crc.getValue();
  }

  /** A buffer with the encoded form. */
  public ByteBuffer toBuffer() {
    ByteBuffer out = ByteBuffer.allocate(encodedBytes()).order(ByteOrder.LITTLE_ENDIAN);
    encode(out);
    return out.flip();
  }
}
