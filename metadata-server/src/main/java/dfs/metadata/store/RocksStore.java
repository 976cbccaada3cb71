package dfs.metadata.store;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.rocksdb.AbstractNativeReference;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompactRangeOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.Env;
import org.rocksdb.FlushOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.MutableColumnFamilyOptions;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.SstFileManager;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store in RocksDB, without a write-ahead log of its own: the replicated log is the log. So
 * {@code atomic_flush} must be on and every flush names all families, or a crash would leave the
 * families at different moments.
 */
public final class RocksStore implements KeyValueStore {
  private static final Logger LOG = LoggerFactory.getLogger(RocksStore.class);

  private static final long CACHE_BYTES = 48L << 20;
  private static final long MEMORY_TABLES_BYTES = 64L << 20;
  private static final int BLOCK_BYTES = 8 << 10;
  private static final int BLOOM_BITS = 10;
  private static final int OPEN_FILES = 512;
  private static final long LOG_FILE_BYTES = 4L << 20;
  private static final int INLINE_BLOB_BYTES = 512;

  /** RocksDB's own 4 MiB are much of a small disk. */
  private static final long MANIFEST_AHEAD_BYTES = 64 << 10;

  /**
   * What lives of the oldest quarter of the blobs is written again by a compaction that meets it.
   */
  private static final double BLOB_AGE_SHARE = 0.25;

  /** And of others when so much of them is garbage. */
  private static final double BLOB_GARBAGE_SHARE = 0.5;

  /**
   * One file, of blobs or a table, is no larger part of the disk: a file of blobs is written again
   * whole, and one compaction writes a few tables.
   */
  private static final int FILE_PARTS = 128;

  private static final long FILE_BYTES_MIN = 1 << 20;
  private static final long BLOB_FILE_BYTES_MAX = 64L << 20;
  private static final long TABLE_BYTES_MAX = 16L << 20;

  /** Tables that one compaction of two levels takes, and that the first level is to have. */
  private static final int COMPACTION_TABLES = 4;

  /** A compaction takes also what it meets in the next level, and what was flushed meanwhile. */
  private static final int COMPACTION_TIMES = 2;

  /** Garbage that is less is not worth writing anything again. */
  private static final long BLOB_GARBAGE_BYTES_MIN = 256 << 10;

  private static final int BLOB_GARBAGE_PARTS = 16;

  /** So often files of blobs are looked through for garbage at one call. */
  private static final int BLOB_PASSES_MAX = 32;

  /** Flushes while space is short leave small tables that nothing else would merge. */
  private static final int SMALL_TABLES_MAX = 32;

  private static final long SMALL_TABLE_BYTES = 1 << 20;
  private static final String SUMS = "rocksdb.aggregated-table-properties";
  private static final String TABLE_BYTES = "rocksdb.total-sst-files-size";
  private static final String BLOB_BYTES = "rocksdb.live-blob-file-size";
  private static final String TABLES = "rocksdb.num-files-at-level6";
  private static final List<String> BACKGROUND_WORK =
      List.of(
          "rocksdb.compaction-pending",
          "rocksdb.num-running-compactions",
          "rocksdb.mem-table-flush-pending",
          "rocksdb.num-running-flushes");

  static {
    // Before the first native field of an instance.
    RocksLibrary.load();
  }

  private final List<AbstractNativeReference> owned = new ArrayList<>();
  private final Map<Family, ColumnFamilyHandle> handles = new EnumMap<>(Family.class);
  private final RocksDB database;
  private final WriteOptions unlogged = own(new WriteOptions().setDisableWAL(true));
  private final ReadOptions reading = own(new ReadOptions().setVerifyChecksums(true));
  private final CompactRangeOptions usually = own(new CompactRangeOptions());
  private final CompactRangeOptions wholly =
      own(
          new CompactRangeOptions()
              .setBottommostLevelCompaction(CompactRangeOptions.BottommostLevelCompaction.kForce));
  private final Source latest = new RocksSource(reading);
  private final Path directory;
  private final long blobFileBytes;
  private final long tableBytes;

  /** Used by who compacts. */
  private double blobShare = BLOB_AGE_SHARE;

  private RocksStore(Path directory) throws IOException {
    this.directory = directory;
    try {
      Files.createDirectories(directory);
      long part = Files.getFileStore(directory).getTotalSpace() / FILE_PARTS;
      blobFileBytes = Math.clamp(part, FILE_BYTES_MIN, BLOB_FILE_BYTES_MAX);
      tableBytes = Math.clamp(part, FILE_BYTES_MIN, TABLE_BYTES_MAX);
      DBOptions options =
          own(
              new DBOptions()
                  .setCreateIfMissing(true)
                  .setCreateMissingColumnFamilies(true)
                  .setAtomicFlush(true)
                  .setParanoidChecks(true)
                  .setDbWriteBufferSize(MEMORY_TABLES_BYTES)
                  .setMaxOpenFiles(OPEN_FILES)
                  .setMaxBackgroundJobs(2)
                  .setSstFileManager(own(new SstFileManager(Env.getDefault())))
                  .setBytesPerSync(1 << 20)
                  .setManifestPreallocationSize(MANIFEST_AHEAD_BYTES)
                  .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                  .setMaxLogFileSize(LOG_FILE_BYTES)
                  .setKeepLogFileNum(2));
      LRUCache cache = own(new LRUCache(CACHE_BYTES));
      List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
      descriptors.add(
          new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, family(cache, false)));
      for (Family family : Family.values()) {
        descriptors.add(
            new ColumnFamilyDescriptor(
                family.label().getBytes(java.nio.charset.StandardCharsets.UTF_8),
                family(cache, family == Family.INLINE)));
      }
      List<ColumnFamilyHandle> opened = new ArrayList<>();
      database = own(RocksDB.open(options, directory.toString(), descriptors, opened));
      opened.forEach(this::own);
      int next = 1;
      for (Family family : Family.values()) {
        handles.put(family, opened.get(next++));
      }
      if (!options.atomicFlush()) {
        throw new IOException("the store does not flush its families together");
      }
    } catch (RocksDBException e) {
      close();
      throw new IOException(
          "the metadata store in " + directory + " cannot be opened: " + e.getMessage(), e);
    }
  }

  /** Opens the store in this directory, making an empty one if there is none. */
  public static RocksStore open(Path directory) throws IOException {
    return new RocksStore(directory);
  }

  private <T extends AbstractNativeReference> T own(T reference) {
    owned.add(reference);
    return reference;
  }

  private ColumnFamilyOptions family(LRUCache cache, boolean blobs) {
    BlockBasedTableConfig table =
        new BlockBasedTableConfig()
            .setBlockCache(cache)
            .setBlockSize(BLOCK_BYTES)
            .setCacheIndexAndFilterBlocks(true)
            .setPinL0FilterAndIndexBlocksInCache(true)
            .setFormatVersion(5)
            .setFilterPolicy(own(new BloomFilter(BLOOM_BITS)));
    ColumnFamilyOptions options =
        own(
            new ColumnFamilyOptions()
                .setTableFormatConfig(table)
                .setCompressionType(CompressionType.LZ4_COMPRESSION)
                .setMinWriteBufferNumberToMerge(1)
                .setWriteBufferSize(MEMORY_TABLES_BYTES / 4)
                .setLevelCompactionDynamicLevelBytes(true)
                .setTargetFileSizeBase(tableBytes)
                .setMaxBytesForLevelBase(COMPACTION_TABLES * tableBytes)
                .setMaxCompactionBytes(COMPACTION_TABLES * tableBytes));
    return blobs
        ? options
            .setEnableBlobFiles(true)
            .setMinBlobSize(INLINE_BLOB_BYTES)
            .setBlobFileSize(blobFileBytes)
            .setEnableBlobGarbageCollection(true)
            .setBlobGarbageCollectionAgeCutoff(BLOB_AGE_SHARE)
            .setBlobGarbageCollectionForceThreshold(BLOB_GARBAGE_SHARE)
        : options;
  }

  private ColumnFamilyHandle handle(Family family) {
    ColumnFamilyHandle handle = handles.get(family);
    if (handle == null) {
      throw new IllegalStateException("family " + family + " is not open");
    }
    return handle;
  }

  @Override
  public Source latest() {
    return latest;
  }

  @Override
  public Snapshot snapshot() {
    return new RocksSnapshot(database.getSnapshot());
  }

  @Override
  public void write(List<Write> writes) {
    try (WriteBatch batch = new WriteBatch()) {
      for (Write write : writes) {
        byte[] value = write.value();
        if (value == null) {
          batch.delete(handle(write.family()), write.key().array());
        } else {
          batch.put(handle(write.family()), write.key().array(), value);
        }
      }
      database.write(unlogged, batch);
    } catch (RocksDBException e) {
      throw failure("writing to", e);
    }
  }

  @Override
  public void flush() {
    try (FlushOptions options = new FlushOptions().setWaitForFlush(true)) {
      Room.await(() -> flush(options));
    }
  }

  private void flush(FlushOptions options) {
    try {
      database.flush(options, List.copyOf(handles.values()));
    } catch (RocksDBException e) {
      throw failure("flushing", e);
    }
  }

  private static RuntimeException failure(String doing, RocksDBException e) {
    String message = doing + " the metadata store failed: " + e.getMessage();
    if (isForLackOfRoom(e)) {
      return new NoRoomException(message, e);
    }
    throw new StoreFailure(message, e);
  }

  private static boolean isForLackOfRoom(RocksDBException e) {
    Status status = e.getStatus();
    return status != null && status.getSubCode() == Status.SubCode.NoSpace;
  }

  /**
   * Once the disk was found full RocksDB refuses what is too large, with a code of no name here.
   */
  private static boolean isTooLarge(RocksDBException e) {
    Status status = e.getStatus();
    return status != null && status.getCode() == Status.Code.Undefined;
  }

  @Override
  public void compact(long roomBytes) {
    try {
      boundBlobs(roomBytes, BLOB_AGE_SHARE);
      for (ColumnFamilyHandle handle : handles.values()) {
        long bytes = database.getLongProperty(handle, TABLE_BYTES);
        if (isRoomFor(handle, roomBytes)) {
          long tables = Long.parseLong(database.getProperty(handle, TABLES));
          boolean small = tables > SMALL_TABLES_MAX && bytes / tables < SMALL_TABLE_BYTES;
          database.compactRange(handle, null, null, small ? wholly : usually);
        }
      }
      collectBlobs(roomBytes);
      boundBlobs(roomBytes, BLOB_AGE_SHARE);
    } catch (RocksDBException e) {
      if (!isForLackOfRoom(e) && !isTooLarge(e)) {
        throw new StoreFailure("compacting the metadata store failed: " + e.getMessage(), e);
      }
      LOG.warn("the metadata store is not compacted for lack of room: {}", e.getMessage());
    }
  }

  /**
   * Whether tables can be written again. Others write meanwhile: not more than half of the room is
   * taken, but for what one compaction of some tables takes.
   */
  private boolean isRoomFor(ColumnFamilyHandle handle, long roomBytes) throws RocksDBException {
    long most = COMPACTION_TIMES * COMPACTION_TABLES * tableBytes;
    return Math.min(2 * livingBytes(handle), most) <= roomBytes;
  }

  /** About how much there is if each deletion takes one record with it. */
  private long livingBytes(ColumnFamilyHandle handle) throws RocksDBException {
    long bytes = database.getLongProperty(handle, TABLE_BYTES);
    Map<String, String> sums = database.getMapProperty(handle, SUMS);
    long records = Long.parseLong(sums.getOrDefault("num_entries", "0"));
    long deletions = Long.parseLong(sums.getOrDefault("num_deletions", "0"));
    return records == 0
        ? bytes
        : bytes * Math.max(0, records - 2 * deletions) / Math.max(1, records - deletions);
  }

  /**
   * No compaction writes more of the blobs again than half of what there is room for.
   *
   * @return whether there is room for any of them
   */
  private boolean boundBlobs(long roomBytes, double shareMax) throws RocksDBException {
    List<Long> sizes = blobFiles();
    int fit = 0;
    long bytes = 0;
    while (fit < sizes.size() && bytes + sizes.get(fit) <= roomBytes / 2) {
      bytes += sizes.get(fit);
      fit++;
    }
    // RocksDB takes the whole files below the share.
    double share = sizes.isEmpty() ? shareMax : Math.min(shareMax, (fit + 0.5) / sizes.size());
    if (share != blobShare) {
      database.setOptions(
          handle(Family.INLINE),
          MutableColumnFamilyOptions.builder().setBlobGarbageCollectionAgeCutoff(share).build());
      blobShare = share;
    }
    return fit > 0;
  }

  /** Sizes of the files of blobs, the oldest first. */
  private List<Long> blobFiles() {
    SortedMap<Long, Long> sizes = new TreeMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.blob")) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        try {
          sizes.put(Long.valueOf(name.substring(0, name.indexOf('.'))), Files.size(file));
        } catch (NoSuchFileException e) {
          // It went just now.
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      throw new StoreFailure("the metadata store in " + directory + " cannot be listed", e);
    }
    return List.copyOf(sizes.values());
  }

  /**
   * What lives in the oldest files of blobs is written again and the files go, as many at a time as
   * there is twice the room for, also by what has gone already, until little garbage is left. What
   * is garbage is known once the family was compacted.
   */
  private void collectBlobs(long roomBytes) throws RocksDBException {
    ColumnFamilyHandle family = handle(Family.INLINE);
    long before = database.getLongProperty(family, BLOB_BYTES);
    for (int pass = 0; pass < BLOB_PASSES_MAX; pass++) {
      long all = database.getLongProperty(family, BLOB_BYTES);
      long garbage = database.getLongProperty(family, "rocksdb.live-blob-file-garbage-size");
      if (garbage < Math.max(BLOB_GARBAGE_BYTES_MIN, all / BLOB_GARBAGE_PARTS)) {
        return;
      }
      long room = roomBytes + Math.max(0, before - all);
      boolean fits = boundBlobs(room, 1);
      if (!fits || !isRoomFor(family, room)) {
        return;
      }
      database.compactRange(family, null, null, wholly);
      if (database.getLongProperty(family, BLOB_BYTES) >= all) {
        return;
      }
    }
  }

  /** Whether tables are being written, or due to be, in the background. */
  boolean isBusy() {
    try {
      for (ColumnFamilyHandle handle : handles.values()) {
        for (String work : BACKGROUND_WORK) {
          if (database.getLongProperty(handle, work) != 0) {
            return true;
          }
        }
      }
      return false;
    } catch (RocksDBException e) {
      throw new StoreFailure("the metadata store does not tell what it does", e);
    }
  }

  @Override
  public long sizeBytes() {
    try {
      long bytes = 0;
      for (ColumnFamilyHandle handle : handles.values()) {
        bytes += database.getLongProperty(handle, "rocksdb.total-sst-files-size");
        bytes += database.getLongProperty(handle, "rocksdb.total-blob-file-size");
        bytes += database.getLongProperty(handle, "rocksdb.cur-size-all-mem-tables");
      }
      return bytes;
    } catch (RocksDBException e) {
      throw new StoreFailure("the metadata store does not tell its size", e);
    }
  }

  /** Nothing is flushed: what is not durable is in the replicated log. */
  @Override
  public void close() {
    for (AbstractNativeReference reference : owned.reversed()) {
      reference.close();
    }
    owned.clear();
  }

  private class RocksSource implements Source {
    private final ReadOptions options;

    RocksSource(ReadOptions options) {
      this.options = options;
    }

    @Override
    public byte @Nullable [] get(Family family, Key key) {
      try {
        return database.get(handle(family), options, key.array());
      } catch (RocksDBException e) {
        throw new StoreFailure("reading " + family.label() + " failed: " + e.getMessage(), e);
      }
    }

    @Override
    public List<byte @Nullable []> get(Family family, List<Key> keys) {
      if (keys.isEmpty()) {
        return List.of();
      }
      List<byte[]> arrays = new ArrayList<>(keys.size());
      List<ColumnFamilyHandle> families = new ArrayList<>(keys.size());
      for (Key key : keys) {
        arrays.add(key.array());
        families.add(handle(family));
      }
      try {
        return new ArrayList<byte @Nullable []>(database.multiGetAsList(options, families, arrays));
      } catch (RocksDBException e) {
        throw new StoreFailure("reading " + family.label() + " failed: " + e.getMessage(), e);
      }
    }

    @Override
    public void scan(Family family, Key from, @Nullable Key to, Visitor visitor) {
      try (RocksIterator iterator = database.newIterator(handle(family), options)) {
        for (iterator.seek(from.array()); iterator.isValid(); iterator.next()) {
          Key key = Key.of(iterator.key());
          if ((to != null && key.compareTo(to) >= 0) || !visitor.visit(key, iterator.value())) {
            return;
          }
        }
        iterator.status();
      } catch (RocksDBException e) {
        throw new StoreFailure("scanning " + family.label() + " failed: " + e.getMessage(), e);
      }
    }

    @Override
    public @Nullable Pair floor(Family family, Key lowest, Key at) {
      try (RocksIterator iterator = database.newIterator(handle(family), options)) {
        iterator.seekForPrev(at.array());
        if (!iterator.isValid()) {
          iterator.status();
          return null;
        }
        Key key = Key.of(iterator.key());
        return key.compareTo(lowest) < 0 ? null : new Pair(key, iterator.value());
      } catch (RocksDBException e) {
        throw new StoreFailure("searching " + family.label() + " failed: " + e.getMessage(), e);
      }
    }
  }

  private final class RocksSnapshot extends RocksSource implements Snapshot {
    private final org.rocksdb.Snapshot snapshot;
    private final ReadOptions options;

    RocksSnapshot(org.rocksdb.Snapshot snapshot) {
      this(snapshot, new ReadOptions().setVerifyChecksums(true).setSnapshot(snapshot));
    }

    private RocksSnapshot(org.rocksdb.Snapshot snapshot, ReadOptions options) {
      super(options);
      this.snapshot = snapshot;
      this.options = options;
    }

    @Override
    public void close() {
      options.close();
      database.releaseSnapshot(snapshot);
    }
  }
}
