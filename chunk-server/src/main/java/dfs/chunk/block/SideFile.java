package dfs.chunk.block;

import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.Checksums;
import dfs.protocol.seam.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The side file of a block; drawn in this module's README. */
final class SideFile {
  static final int HEADER_BYTES = 4096;
  private static final int HEADER_MAGIC = 0x4D534644;
  private static final int FOOTER_MAGIC = 0x46534644;
  private static final int FOOTER_BYTES = 40;
  private static final int VERSION = 1;

  private SideFile() {}

  /** Who a block is. */
  record Identity(long block, int epoch, long session, boolean packed) {}

  /** How a sealed block ends: its length and the checksum of each unit. */
  record Seal(long length, Checksums units) {}

  /** Everything in a side file; {@code end} is where the next record goes. */
  record Contents(Identity identity, List<BlockRecord> records, long end, @Nullable Seal seal) {}

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  static void writeHeader(DiskFile file, Identity identity) throws IOException {
    ByteBuffer header = buffer(HEADER_BYTES);
    header
        .putInt(0, HEADER_MAGIC)
        .put(8, (byte) VERSION)
        .put(9, (byte) (identity.packed() ? 1 : 0));
    header.put(10, (byte) Limits.UNIT_LOG2).putInt(12, identity.epoch());
    header.putLong(16, identity.block()).putLong(24, identity.session());
    header.putInt(4, crc(header, 8, HEADER_BYTES));
    file.write(header, 0);
  }

  /** Writes the checksum table and the footer at {@code end}. */
  static void writeSeal(DiskFile file, long end, Identity identity, Seal seal) throws IOException {
    int units = seal.units().size();
    ByteBuffer bytes = buffer((Integer.BYTES * units) + FOOTER_BYTES);
    for (int i = 0; i < units; i++) {
      bytes.putInt(seal.units().get(i));
    }
    int footer = bytes.position();
    bytes.putInt(FOOTER_MAGIC).putInt(0).putLong(identity.block()).putLong(seal.length());
    bytes.putLong(end).putInt(identity.epoch()).putInt(units);
    bytes.putInt(footer + 4, footerCrc(bytes, footer));
    file.write(bytes.flip(), end);
  }

  /** Reads a side file. A torn end is left out; a damaged header is a {@link BlockFault}. */
  static Contents read(DiskFile file) throws IOException {
    ByteBuffer bytes = buffer(Math.toIntExact(file.size()));
    while (bytes.hasRemaining() && file.read(bytes, bytes.position()) >= 0) {
      // reads until full or at the end
    }
    bytes.flip();
    if (bytes.limit() < HEADER_BYTES
        || bytes.getInt(0) != HEADER_MAGIC
        || bytes.get(8) != VERSION
        || bytes.getInt(4) != crc(bytes, 8, HEADER_BYTES)) {
      throw new BlockFault(BlockFault.Kind.DAMAGED, "the header of the side file is damaged");
    }
    Identity identity =
        new Identity(
            bytes.getLong(16), bytes.getInt(12), bytes.getLong(24), (bytes.get(9) & 1) != 0);
    Seal seal = seal(bytes, identity);
    int recordsEnd = seal == null ? bytes.limit() : Math.toIntExact(tableOffset(bytes));
    List<BlockRecord> records = new ArrayList<>();
    ByteBuffer in =
        bytes.slice(0, recordsEnd).order(ByteOrder.LITTLE_ENDIAN).position(HEADER_BYTES);
    long length = 0;
    while (in.hasRemaining()) {
      int at = in.position();
      BlockRecord record = decode(in);
      if (record == null || record.block() != identity.block() || record.blockOffset() != length) {
        return new Contents(identity, records, at, seal);
      }
      records.add(record);
      length += record.length();
    }
    return new Contents(identity, records, recordsEnd, seal);
  }

  /** A record's offset in the block, and its place in the side file. */
  record Mark(long offset, long position) {
    static final Mark START = new Mark(0, HEADER_BYTES);
  }

  /** Some records in a row; {@code next} is where they end. */
  record Page(List<BlockRecord> records, Mark next) {}

  /**
   * Reads records of a block from {@code from} on, as many as fit {@link Limits#RECORDS_BYTES} and
   * begin below {@code until}; none when the first is damaged.
   *
   * @param end where the last record ends
   */
  static Page page(DiskFile file, long block, Mark from, long end, long until) throws IOException {
    ByteBuffer bytes = buffer((int) Math.min(Limits.RECORDS_BYTES, end - from.position()));
    while (bytes.hasRemaining() && file.read(bytes, from.position() + bytes.position()) >= 0) {
      // reads until full or at the end
    }
    bytes.flip();
    List<BlockRecord> records = new ArrayList<>();
    Mark next = from;
    while (bytes.hasRemaining() && next.offset() < until) {
      BlockRecord record = decode(bytes);
      if (record == null || record.block() != block || record.blockOffset() != next.offset()) {
        break;
      }
      records.add(record);
      next = new Mark(next.offset() + record.length(), from.position() + bytes.position());
    }
    return new Page(records, next);
  }

  private static @Nullable BlockRecord decode(ByteBuffer in) {
    try {
      return BlockRecord.decode(in);
    } catch (BlockFault e) {
      return null;
    }
  }

  private static long tableOffset(ByteBuffer bytes) {
    return bytes.getLong(bytes.limit() - FOOTER_BYTES + 24);
  }

  private static @Nullable Seal seal(ByteBuffer bytes, Identity identity) {
    int footer = bytes.limit() - FOOTER_BYTES;
    if (footer < HEADER_BYTES || bytes.getInt(footer) != FOOTER_MAGIC) {
      return null;
    }
    int units = bytes.getInt(footer + 36);
    long length = bytes.getLong(footer + 16);
    long table = tableOffset(bytes);
    if (units != Math.ceilDiv(length, Limits.UNIT_BYTES)
        || table != footer - ((long) Integer.BYTES * units)
        || bytes.getLong(footer + 8) != identity.block()
        || bytes.getInt(footer + 4) != footerCrc(bytes.duplicate().order(bytes.order()), footer)) {
      return null;
    }
    int[] checksums = new int[units];
    for (int i = 0; i < units; i++) {
      checksums[i] = bytes.getInt((int) table + (Integer.BYTES * i));
    }
    return new Seal(length, Checksums.of(checksums));
  }

  /**
   * CRC of the table, which begins where the footer says, and of the footer after its own checksum.
   */
  private static int footerCrc(ByteBuffer bytes, int footer) {
    int units = bytes.getInt(footer + 36);
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(footer - (Integer.BYTES * units), Integer.BYTES * units));
    crc.update(bytes.slice(footer + 8, FOOTER_BYTES - 8));
    return (int) crc.getValue();
  }

  private static int crc(ByteBuffer bytes, int from, int to) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(from, to - from));
    return (int) crc.getValue();
  }
}
