package dfs.chunk.journal;

import dfs.protocol.seam.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a journal after a start: the entries that follow each other without a gap, and marks of
 * durability beyond them.
 */
final class JournalScan {
  private final List<DiskFile> segments;
  private final int directory;
  private final long afterLsn;
  private int endSegment;
  private long endOffset;

  JournalScan(List<DiskFile> segments, int directory, long afterLsn) {
    this.segments = segments;
    this.directory = directory;
    this.afterLsn = afterLsn;
  }

  /** The entries from this place on, as far as their LSNs have no gap. */
  List<Entry> from(int segment, long offset) throws IOException {
    List<Entry> entries = new ArrayList<>();
    endSegment = segment;
    endOffset = offset;
    long start = offset;
    for (int i = 0; i < segments.size(); i++) {
      int index = (segment + i) % segments.size();
      int before = entries.size();
      read(index, start, entries);
      if (entries.size() == before) {
        break;
      }
      start = 0;
    }
    return entries;
  }

  private void read(int index, long start, List<Entry> entries) throws IOException {
    ByteBuffer bytes = load(segments.get(index));
    int at = (int) start;
    while (at < bytes.limit()) {
      Entry entry = next(bytes, at, afterLsn + entries.size() + 1);
      if (entry == null) {
        int aligned = (at + Journal.ALIGNMENT - 1) & -Journal.ALIGNMENT;
        if (aligned == at) {
          return;
        }
        at = aligned;
        continue;
      }
      entries.add(entry);
      at += Entry.HEADER_BYTES + entry.record().remaining() + payloadBytes(entry);
      endSegment = index;
      endOffset = (at + Journal.ALIGNMENT - 1L) & -Journal.ALIGNMENT;
    }
  }

  private @Nullable Entry next(ByteBuffer bytes, int at, long lsn) {
    Entry entry = Entry.decode(bytes, at, directory);
    return entry != null && entry.lsn() == lsn ? entry : null;
  }

  private static int payloadBytes(Entry entry) {
    ByteBuffer payload = entry.payload();
    return payload == null ? 0 : payload.remaining();
  }

  private static ByteBuffer load(DiskFile file) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.toIntExact(file.size())).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining() && file.read(bytes, bytes.position()) >= 0) {
      // reads until full or at the end
    }
    return bytes.flip();
  }

  /** Segment in which the next batch goes. */
  int endSegment() {
    return endSegment;
  }

  /** Offset at which the next batch goes. */
  long endOffset() {
    return endOffset;
  }

  /**
   * Whether some later entry says that more than {@code lsn} was durable: then what follows {@code
   * lsn} was damaged.
   */
  boolean markBeyond(long lsn) throws IOException {
    for (DiskFile file : segments) {
      ByteBuffer bytes = load(file);
      for (int at = 0; at < bytes.limit(); at += Journal.ALIGNMENT) {
        Entry entry = Entry.decode(bytes, at, directory);
        if (entry != null && entry.lsn() > lsn && entry.durableLsn() > lsn) {
          return true;
        }
      }
    }
    return false;
  }
}
