package dfs.chunk.block;

import com.google.protobuf.ByteString;
import dfs.chunk.block.SideFile.Identity;
import dfs.chunk.block.SideFile.Mark;
import dfs.chunk.block.SideFile.Page;
import dfs.chunk.block.SideFile.Seal;
import dfs.chunk.journal.Journal;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.Checksums;
import dfs.protocol.block.Pieces;
import dfs.protocol.seam.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One block in a data directory. {@code this} guards what the writer changes; {@code pending}
 * guards the records that are not in the side file, and is never held while waiting for the
 * journal, whose flush may come here. Called by {@link BlockDirectory}.
 */
final class BlockFile {
  private static final String DIGEST = "SHA-256";
  private static final String DISK_FULL = "No space left on device";

  private final Identity identity;
  private final DiskFile data;
  private final DiskFile side;
  private final Journal journal;
  private final List<BlockRecord> pending = new ArrayList<>();

  /** How many records ever were pending; guarded by {@code pending}. */
  private long added;

  /** The bytes of so many of these, the first ones, are durable; guarded by {@code pending}. */
  private long addedWithDurableBytes;

  private PieceTable pieces = new PieceTable();
  private long sideEnd = SideFile.HEADER_BYTES;
  private long lastLsn;
  private @Nullable BlockRecord last;
  private long durableLength;
  private boolean unsynced;
  private boolean sealed;

  /** Where the last page of records ended: whoever asked for it asks for the next one. */
  private Mark pageEnd = Mark.START;

  /** Guarded by {@code pending}, so that no checkpoint meets closed files. */
  private boolean deleted;

  BlockFile(Identity identity, DiskFile data, DiskFile side, Journal journal) {
    this.identity = identity;
    this.data = data;
    this.side = side;
    this.journal = journal;
  }

  /** Takes up what its side file says. */
  synchronized void load(SideFile.Contents contents) {
    sideEnd = contents.end();
    Seal seal = contents.seal();
    if (seal != null) {
      sealed = true;
      pieces = PieceTable.ofUnits(seal.length(), seal.units());
    } else {
      contents.records().forEach(pieces::add);
      last = contents.records().isEmpty() ? null : contents.records().getLast();
    }
    durableLength = pieces.length();
  }

  Identity identity() {
    return identity;
  }

  boolean isDeleted() {
    synchronized (pending) {
      return deleted;
    }
  }

  /** Whether a create with this identity would have made just this block. */
  synchronized boolean isFresh(Identity wanted) {
    return !sealed && pieces.length() == 0 && identity.equals(wanted);
  }

  synchronized long length() {
    return pieces.length();
  }

  synchronized boolean isSealed() {
    return sealed;
  }

  /**
   * Adds bytes at the end, durable when it returns if {@code synced}; returns the length that is
   * durable.
   */
  long append(BlockRecord record, ByteBuffer payload, boolean synced) throws IOException {
    long lsn;
    long length;
    synchronized (this) {
      if (record.equals(last)) {
        lsn = lastLsn;
      } else {
        lsn = add(record, payload, synced);
      }
      length = pieces.length();
      if (!synced) {
        return durableLength;
      }
    }
    return flush(lsn, length);
  }

  /**
   * Adds a record of a copy at the end. Nothing is promised of it before the seal, so it does not
   * go into the journal; and what it says was durable was so where it was written: in the journal
   * it would make bytes that were never synced here pass for damaged.
   */
  synchronized void copy(BlockRecord record, ByteBuffer payload) throws IOException {
    checkContinues(record, payload);
    writeData(payload.duplicate(), record.blockOffset());
    unsynced = true;
    addPending(record);
    last = record;
    pieces.add(record);
  }

  private void addPending(BlockRecord record) {
    synchronized (pending) {
      pending.add(record);
      added++;
    }
  }

  private long add(BlockRecord record, ByteBuffer payload, boolean synced) throws IOException {
    checkContinues(record, payload);
    writeData(payload.duplicate(), record.blockOffset());
    boolean inside = synced && !unsynced && record.length() <= Limits.JOURNAL_INLINE_BYTES;
    unsynced |= !inside;
    addPending(record);
    lastLsn = journal.append(record.toBuffer(), inside ? payload : null);
    last = record;
    pieces.add(record);
    return lastLsn;
  }

  private void checkContinues(BlockRecord record, ByteBuffer payload) throws BlockFault {
    checkWritable(record.epoch());
    // A block of no session was put together from those of many.
    if (identity.session() != 0 && record.session() != identity.session()) {
      throw new BlockFault(
          BlockFault.Kind.NOT_WRITABLE,
          "session %d does not write block %d".formatted(record.session(), identity.block()));
    }
    long length = pieces.length();
    if (record.blockOffset() != length || record.length() > Limits.BLOCK_BYTES - length) {
      throw new BlockFault(
          BlockFault.Kind.WRONG_OFFSET,
          "block %d ends at %d, not at %d"
              .formatted(identity.block(), length, record.blockOffset()));
    }
    if (payload.remaining() != record.length()
        || Pieces.firstWrong(length, payload, record.checksums()) >= 0) {
      throw new BlockFault(
          BlockFault.Kind.MALFORMED, "the bytes do not have the checksums of their record");
    }
  }

  /**
   * A full disk takes nothing here, and what it took of these bytes no record vouches for: the
   * block is as it was.
   */
  private void writeData(ByteBuffer bytes, long offset) throws IOException {
    try {
      data.write(bytes, offset);
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).contains(DISK_FULL)) {
        throw new BlockFault(
            BlockFault.Kind.NO_SPACE, "the disk of block " + identity.block() + " is full", e);
      }
      throw e;
    }
  }

  private void checkWritable(int epoch) throws BlockFault {
    if (sealed || epoch != identity.epoch()) {
      throw new BlockFault(
          BlockFault.Kind.NOT_WRITABLE,
          "block %d is %s, epoch %d"
              .formatted(identity.block(), sealed ? "sealed" : "open", identity.epoch()));
    }
  }

  /** Makes everything appended so far durable; returns the length. */
  long flush(int epoch) throws IOException {
    long lsn;
    long length;
    synchronized (this) {
      length = pieces.length();
      if (sealed) {
        return length;
      }
      checkWritable(epoch);
      lsn = lastLsn;
    }
    return flush(lsn, length);
  }

  /** The data file first, then the entry that vouches for it; returns the length now durable. */
  private long flush(long lsn, long length) throws IOException {
    boolean sync;
    synchronized (this) {
      sync = unsynced;
    }
    if (sync) {
      syncRecorded();
      synchronized (this) {
        unsynced &= lastLsn > lsn;
      }
    }
    journal.flush(lsn);
    synchronized (this) {
      if (length > pieces.length()) {
        throw new BlockFault(
            BlockFault.Kind.NOT_WRITABLE,
            "block %d was cut to %d".formatted(identity.block(), pieces.length()));
      }
      durableLength = Math.max(durableLength, length);
      return durableLength;
    }
  }

  /** The bytes of all records so far are durable when this returns. */
  private void syncRecorded() throws IOException {
    long before;
    synchronized (pending) {
      before = added;
    }
    data.sync(false);
    synchronized (pending) {
      addedWithDurableBytes = Math.max(addedWithDurableBytes, before);
    }
  }

  /** What the journal has of this block lies, durable, in its own files when this returns. */
  void checkpoint() throws IOException {
    synchronized (pending) {
      if (pending.isEmpty()) {
        return;
      }
      if (addedWithDurableBytes < added) {
        syncRecorded();
      }
      int bytes = pending.stream().mapToInt(BlockRecord::encodedBytes).sum();
      ByteBuffer out = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
      pending.forEach(record -> record.encode(out));
      side.write(out.flip(), sideEnd);
      side.sync(false);
      sideEnd += bytes;
      pending.clear();
    }
  }

  /** Ends the block for ever where it ends now, whoever writes it; returns its length. */
  long sealLongest() throws IOException {
    return seal(identity.epoch());
  }

  /**
   * Ends the block for ever; returns its length. Nothing of it is asked of the journal then, so
   * that is not flushed.
   */
  long seal(int epoch) throws IOException {
    boolean sync;
    synchronized (this) {
      if (!sealed) {
        checkWritable(epoch);
      }
      sync = unsynced;
    }
    if (sync) {
      // Most of what is to be flushed, while readers do not wait.
      syncRecorded();
    }
    synchronized (this) {
      if (sealed) {
        return pieces.length();
      }
      checkpoint();
      writeSeal();
      return pieces.length();
    }
  }

  /** All records lie in the side file, and their bytes are durable. Holds {@code this}. */
  private void writeSeal() throws IOException {
    Seal seal = new Seal(pieces.length(), pieces.units());
    synchronized (pending) {
      SideFile.writeSeal(side, sideEnd, identity, seal);
      side.sync(true);
    }
    pieces = PieceTable.ofUnits(seal.length(), seal.units());
    sealed = true;
    durableLength = seal.length();
  }

  /**
   * Ends the block for ever at a length at which a record of it ends, whoever writes it; what it
   * has beyond is cut. Nothing happens to a block that is sealed or shorter.
   *
   * <p>The seal decides: before it is durable the records that are cut may come back from the
   * journal at the next start, and their bytes must be there then, or they would pass for damaged;
   * after it nobody asks the journal. So the bytes go last.
   */
  synchronized void sealAt(long length) throws IOException {
    if (sealed || pieces.length() < length) {
      return;
    }
    checkpoint();
    if (pieces.length() > length) {
      cutRecords(length);
    }
    writeSeal();
    cutBytes();
  }

  /** What is in memory and in the side file ends at this length from now on. */
  private void cutRecords(long length) throws IOException {
    PieceTable kept = new PieceTable();
    long end = SideFile.HEADER_BYTES;
    BlockRecord lastKept = null;
    for (BlockRecord record : SideFile.read(side).records()) {
      if (kept.length() >= length) {
        break;
      }
      kept.add(record);
      end += record.encodedBytes();
      lastKept = record;
    }
    if (kept.length() < length) {
      throw new BlockFault(
          BlockFault.Kind.DAMAGED,
          "the records of block %d end at %d".formatted(identity.block(), kept.length()));
    }
    if (kept.length() > length) {
      throw new BlockFault(
          BlockFault.Kind.MALFORMED,
          "no record of block %d ends at %d".formatted(identity.block(), length));
    }
    pieces = kept;
    last = lastKept;
    sideEnd = end;
    side.truncate(end);
  }

  private void cutBytes() throws IOException {
    if (data.size() > pieces.length()) {
      data.truncate(pieces.length());
      data.sync(true);
    }
  }

  /** What became of an entry of the journal after a start. */
  enum Replayed {
    TAKEN,
    /** Its bytes were durable and are not there any more: taken, and reads of them fail. */
    DAMAGED,
    /** The block ends before it. */
    TORN
  }

  /**
   * An entry of the journal after a start: taken if it continues the block and its bytes are right,
   * or were durable.
   *
   * @param ackedBytes length of the block that is known to have been durable
   */
  synchronized Replayed replay(BlockRecord record, @Nullable ByteBuffer payload, long ackedBytes)
      throws IOException {
    if (sealed || record.blockOffset() < pieces.length()) {
      return Replayed.TAKEN;
    }
    if (record.blockOffset() > pieces.length()) {
      return Replayed.TORN;
    }
    Replayed result = Replayed.TAKEN;
    if (payload != null) {
      data.write(payload.duplicate(), record.blockOffset());
    } else if (!hasBytesOf(record)) {
      if (record.blockOffset() + record.length() > ackedBytes) {
        return Replayed.TORN;
      }
      result = Replayed.DAMAGED;
    }
    pieces.add(record);
    addPending(record);
    last = record;
    return result;
  }

  private boolean hasBytesOf(BlockRecord record) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(record.length());
    readFully(bytes, record.blockOffset());
    return !bytes.hasRemaining()
        && Pieces.firstWrong(record.blockOffset(), bytes.flip(), record.checksums()) < 0;
  }

  /** Cuts what no record vouches for, after a replay. */
  synchronized void cut() throws IOException {
    if (sealed) {
      cutBytes();
    } else {
      side.truncate(sideEnd);
      checkpoint();
      data.truncate(pieces.length());
      data.sync(true);
      side.sync(true);
      durableLength = pieces.length();
    }
  }

  /** Whether the data file has as many bytes as there are records of. */
  void checkLength() throws IOException {
    long length = length();
    long size = data.size();
    if (size < length) {
      throw new BlockFault(
          BlockFault.Kind.DAMAGED,
          "block %d has %d bytes instead of %d".formatted(identity.block(), size, length));
    }
  }

  /** Whether the side file of a sealed block has all its records, and the seal. */
  void verifySide() throws IOException {
    SideFile.Contents contents = SideFile.read(side);
    Seal seal = contents.seal();
    long length = length();
    long recorded = contents.records().stream().mapToLong(BlockRecord::length).sum();
    if (!contents.identity().equals(identity)
        || seal == null
        || seal.length() != length
        || recorded != length) {
      throw new BlockFault(
          BlockFault.Kind.DAMAGED,
          "the side file of block %d does not have what was written".formatted(identity.block()));
    }
  }

  private void readFully(ByteBuffer into, long offset) throws IOException {
    while (into.hasRemaining()) {
      if (data.read(into, offset + into.position()) < 0) {
        return;
      }
    }
  }

  /**
   * Fills {@code into}; every piece it touches is compared with its writer's checksum first. Whole
   * pieces are read in place.
   *
   * @return checksums of the range's own pieces: the writer's where they are the same
   */
  Checksums read(long offset, ByteBuffer into) throws IOException {
    int count = into.remaining();
    PieceTable.Span span = span(offset, count);
    int bytesRead = (int) (span.to - span.from);
    ByteBuffer bytes = bytesRead == count ? into.slice() : ByteBuffer.allocate(bytesRead);
    readFully(bytes, span.from);
    if (bytes.hasRemaining()) {
      throw damaged(span.from + bytes.position(), offset + count);
    }
    bytes.flip();
    long at = span.from;
    for (int i = 0; i < span.ends.length; i++) {
      if (Pieces.checksum(bytes, (int) (span.ends[i] - at)) != span.checksums[i]) {
        throw damaged(at, offset + count);
      }
      at = span.ends[i];
    }
    ByteBuffer range = bytes.slice((int) (offset - span.from), count);
    Checksums checksums = span.checksumsOf(offset, range);
    if (bytesRead == count) {
      into.position(into.limit());
    } else {
      into.put(range);
    }
    return checksums;
  }

  private synchronized PieceTable.Span span(long offset, int count) throws BlockFault {
    if (offset < 0 || count <= 0 || offset > pieces.length() - count) {
      throw new BlockFault(
          BlockFault.Kind.MALFORMED,
          "range %d+%d of block %d, which ends at %d"
              .formatted(offset, count, identity.block(), pieces.length()));
    }
    return pieces.span(offset, offset + count);
  }

  /**
   * CRC32C of a range, combined from the writer's checksums; only pieces of which it has a part are
   * read.
   */
  int checksum(long offset, int count) throws IOException {
    PieceTable.Span span = span(offset, count);
    int combined = 0;
    long start = span.from;
    for (int i = 0; i < span.ends.length; i++) {
      long from = Math.max(start, offset);
      int length = (int) (Math.min(span.ends[i], offset + count) - from);
      // No piece goes beyond its unit, so a part of one is one piece of a read.
      int checksum =
          length == span.ends[i] - start
              ? span.checksums[i]
              : read(from, ByteBuffer.allocate(length)).get(0);
      combined = Pieces.combine(combined, checksum, length);
      start = span.ends[i];
    }
    return combined;
  }

  /** Bytes that were cut while they were read are not damaged. */
  private synchronized BlockFault damaged(long offset, long readTo) {
    if (readTo > pieces.length()) {
      return new BlockFault(
          BlockFault.Kind.MALFORMED,
          "block %d was cut to %d".formatted(identity.block(), pieces.length()));
    }
    return new BlockFault(
        BlockFault.Kind.DAMAGED,
        "block %d does not have at %d what was written".formatted(identity.block(), offset));
  }

  /**
   * Puts what was written in place of what is damaged; nothing else is taken. Whoever reads it
   * meanwhile finds it damaged, as before.
   *
   * @param offset where a unit of the sealed block begins, the whole of which this is
   */
  void rewrite(long offset, ByteBuffer unit) throws IOException {
    PieceTable.Span span;
    synchronized (this) {
      if (!sealed || offset < 0 || offset >= pieces.length()) {
        throw new BlockFault(
            BlockFault.Kind.MALFORMED,
            "unit at %d of block %d, which is %s and ends at %d"
                .formatted(offset, identity.block(), sealed ? "sealed" : "open", pieces.length()));
      }
      span = pieces.span(offset, offset + 1);
    }
    int length = (int) (span.to - span.from);
    if (span.from != offset
        || unit.remaining() != length
        || Pieces.checksum(unit.duplicate(), length) != span.checksums[0]) {
      throw new BlockFault(
          BlockFault.Kind.MALFORMED,
          "that is not what was written of block %d at %d".formatted(identity.block(), offset));
    }
    data.write(unit.duplicate(), offset);
  }

  /** Makes durable what was rewritten. */
  void syncData() throws IOException {
    data.sync(true);
  }

  /** Of the checksums of a sealed block. */
  synchronized BlockDigest digest() {
    Checksums units = pieces.units();
    ByteBuffer bytes =
        ByteBuffer.allocate(Integer.BYTES * units.size()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < units.size(); i++) {
      bytes.putInt(units.get(i));
    }
    try {
      byte[] digest = MessageDigest.getInstance(DIGEST).digest(bytes.array());
      return new BlockDigest(pieces.length(), ByteString.copyFrom(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has " + DIGEST, e);
    }
  }

  /** A page of records from the one that begins at {@code offset} on; empty at the end. */
  List<BlockRecord> records(long offset) throws IOException {
    Mark mark;
    long end;
    synchronized (this) {
      if (!sealed || offset < 0 || offset > pieces.length()) {
        throw new BlockFault(
            BlockFault.Kind.MALFORMED,
            "records from %d on of block %d, which is %s and ends at %d"
                .formatted(offset, identity.block(), sealed ? "sealed" : "open", pieces.length()));
      }
      if (offset == pieces.length()) {
        return List.of();
      }
      mark = pageEnd.offset() <= offset ? pageEnd : Mark.START;
      end = sideEnd;
    }
    while (mark.offset() < offset) {
      mark = page(mark, end, offset).next();
    }
    if (mark.offset() > offset) {
      throw new BlockFault(
          BlockFault.Kind.MALFORMED,
          "no record of block %d begins at %d".formatted(identity.block(), offset));
    }
    Page page = page(mark, end, Long.MAX_VALUE);
    synchronized (this) {
      pageEnd = page.next();
    }
    return page.records();
  }

  private Page page(Mark from, long end, long until) throws IOException {
    Page page = SideFile.page(side, identity.block(), from, end, until);
    if (page.records().isEmpty()) {
      throw new BlockFault(
          BlockFault.Kind.DAMAGED,
          "block %d does not have its record at %d".formatted(identity.block(), from.offset()));
    }
    return page;
  }

  /** Closes the files; whoever still uses them hears that the block is gone. */
  void delete() throws IOException {
    synchronized (pending) {
      deleted = true;
      pending.clear();
      close();
    }
  }

  void close() throws IOException {
    data.close();
    side.close();
  }
}
