package dfs.protocol.block;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * What a chunk server does with blocks. Within one process a client calls it directly; between
 * processes the same calls travel as frames. Each call bears a {@link Capability}. Thread-safe; a
 * call may wait for the disk.
 */
public interface BlockService {
  /**
   * Starts a block that only this session may write, under this epoch.
   *
   * @param next addresses of the members behind this one, in order: what comes here goes on to
   *     them, and counts as received, durable or sealed when it is so on all
   */
  void create(ByteString capability, long block, int epoch, boolean packed, List<String> next)
      throws IOException;

  /**
   * Adds bytes at the end of a block. A repeat of the last append is answered as the first was.
   *
   * @param payload exactly the record's bytes; consumed
   * @param synced durable before the answer
   * @return length of the block that is durable here
   */
  long append(ByteString capability, BlockRecord record, ByteBuffer payload, boolean synced)
      throws IOException;

  /** Makes all bytes of the block durable; returns its length. */
  long flush(ByteString capability, long block, int epoch) throws IOException;

  /** Flushes and seals the block; returns its length for ever. */
  long seal(ByteString capability, long block, int epoch) throws IOException;

  /**
   * Fills {@code into} with the block's bytes from {@code offset} on; they were verified here.
   *
   * @return checksums of the range's {@link Pieces}, for the reader to verify
   */
  Checksums read(ByteString capability, long block, long offset, ByteBuffer into)
      throws IOException;

  /**
   * The records of a sealed block from the one that begins at {@code offset} on, as many as fit
   * {@link dfs.protocol.Limits#RECORDS_BYTES}; empty at its end. For copies of the whole block: the
   * capability must allow reading all of it.
   */
  List<BlockRecord> records(ByteString capability, long block, long offset) throws IOException;

  /**
   * Reads a sealed block whole where it lies and compares all of it, its records too, with the
   * checksums of its writer; nothing of it travels. The capability must allow reading all of it.
   * Damage is the fault DAMAGED, and becomes known as if a reader had found it; a block that is
   * open is MALFORMED.
   */
  BlockDigest verify(ByteString capability, long block) throws IOException;

  /**
   * CRC32C of a range, combined from the checksums of its writer as they are kept here: of what was
   * taken. Bytes are read only where the range begins or ends within a piece; none travel.
   *
   * @param length 1 to {@link dfs.protocol.Limits#BLOCK_BYTES}
   */
  int checksum(ByteString capability, long block, long offset, int length) throws IOException;
}
