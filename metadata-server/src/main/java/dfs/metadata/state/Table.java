package dfs.metadata.state;

import dfs.metadata.records.BlockInfo;
import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.ExtentRecord;
import dfs.metadata.records.Inode;
import dfs.metadata.records.MapRecord;
import dfs.metadata.records.NameRecord;
import dfs.metadata.records.NumberRecord;
import dfs.metadata.records.OrderRecord;
import dfs.metadata.records.ServerRecord;
import dfs.metadata.records.SessionRecord;
import dfs.metadata.records.SlotRecord;
import dfs.metadata.records.Usage;
import dfs.metadata.store.Family;
import dfs.protocol.wire.MalformedMessageException;
import dfs.protocol.wire.RecordCodec;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The records of a family and their bytes. Those with history begin with the stamp of the command
 * that wrote them, u64 big-endian; the record follows in the protobuf wire format.
 *
 * @param <T> the records' type
 */
public class Table<T> {
  public static final Table<Inode> INODES = new Table<>(Family.INODES, Inode.class, true, true);
  public static final Table<BytesRecord> INLINE =
      new Table<>(Family.INLINE, BytesRecord.class, true, false);
  public static final Table<NameRecord> NAMES =
      new Table<>(Family.NAMES, NameRecord.class, true, true);
  public static final Table<OrderRecord> ORDER =
      new Table<>(Family.ORDER, OrderRecord.class, false, false);
  public static final Table<NumberRecord> LINKS =
      new Table<>(Family.LINKS, NumberRecord.class, false, false);
  public static final Table<ExtentRecord> EXTENTS =
      new Table<>(Family.EXTENTS, ExtentRecord.class, true, false);
  public static final Table<BytesRecord> XATTRS =
      new Table<>(Family.XATTRS, BytesRecord.class, true, false);
  public static final Table<BlockInfo> BLOCKS =
      new Table<>(Family.BLOCKS, BlockInfo.class, false, true);
  public static final Table<NumberRecord> OWNERS =
      new Table<>(Family.OWNERS, NumberRecord.class, false, false);
  public static final Table<Usage> USAGE = new Table<>(Family.USAGE, Usage.class, false, true);
  public static final Table<SessionRecord> SESSIONS =
      new Table<>(Family.SESSIONS, SessionRecord.class, false, true);

  /** Reply slots, in the family of the sessions. */
  public static final Table<SlotRecord> SLOTS =
      new Table<>(Family.SESSIONS, SlotRecord.class, false, true);

  public static final Table<NumberRecord> ORPHANS =
      new Table<>(Family.ORPHANS, NumberRecord.class, false, false);
  public static final Table<ServerRecord> SERVERS =
      new Table<>(Family.SERVERS, ServerRecord.class, false, false);
  public static final Table<NumberRecord> INSTANTS =
      new Table<>(Family.INSTANTS, NumberRecord.class, false, false);
  public static final Table<MapRecord> MAPS =
      new Table<>(Family.MAPS, MapRecord.class, false, false);
  public static final Table<NumberRecord> NUMBERS =
      new Table<>(Family.META, NumberRecord.class, false, false);

  /** Pinned instants and other named bytes, in the family of the settings. */
  public static final Table<BytesRecord> SETTINGS =
      new Table<>(Family.META, BytesRecord.class, false, false);

  /** Before-images; their bytes are {@link Image}'s own. */
  public static final Table<Image> IMAGES = new Images();

  /** Before-images of these and of maps are kept. */
  static final List<Table<?>> WITH_HISTORY = List.of(INODES, INLINE, NAMES, EXTENTS, XATTRS);

  private final Family family;
  private final RecordCodec<T> codec;
  private final boolean history;
  private final boolean cached;

  private static final class Images extends Table<Image> {
    Images() {
      super(Family.HISTORY, Image.class, false, false);
    }

    @Override
    byte[] encode(Stored<Image> stored) {
      return stored.value().toBytes();
    }

    @Override
    Stored<Image> decode(ByteBuffer bytes) {
      return new Stored<>(0, Image.of(bytes));
    }
  }

  private Table(Family family, Class<T> type, boolean history, boolean cached) {
    this.family = family;
    this.codec = RecordCodec.of(type);
    this.history = history;
    this.cached = cached;
  }

  public Family family() {
    return family;
  }

  /** Whether before-images are kept. */
  boolean hasHistory() {
    return history;
  }

  /** Whether decoded records are worth keeping in memory. */
  boolean isCached() {
    return cached;
  }

  byte[] encode(Stored<T> stored) {
    byte[] record = codec.encode(stored.value());
    if (!history) {
      return record;
    }
    return ByteBuffer.allocate(Long.BYTES + record.length)
        .putLong(stored.writtenNanos())
        .put(record)
        .array();
  }

  /** The table of this family whose images are kept. */
  static Table<?> withHistory(int familyNumber) {
    for (Table<?> table : WITH_HISTORY) {
      if (table.family.number() == familyNumber) {
        return table;
      }
    }
    throw new IllegalStateException("images of family " + familyNumber);
  }

  final Stored<T> decode(byte[] bytes) {
    return decode(ByteBuffer.wrap(bytes));
  }

  Stored<T> decode(ByteBuffer bytes) {
    long written = history ? bytes.getLong() : 0;
    byte[] record = new byte[bytes.remaining()];
    bytes.get(record);
    try {
      return new Stored<>(written, codec.decode(record));
    } catch (MalformedMessageException e) {
      throw new IllegalStateException("a damaged record in " + family.label(), e);
    }
  }
}
