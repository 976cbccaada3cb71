package dfs.metadata.consensus;

import com.alipay.sofa.jraft.storage.impl.RocksDBLogStorage;
import com.alipay.sofa.jraft.util.StorageOptionsFactory;
import dfs.metadata.store.RocksLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WALRecoveryMode;

/**
 * The options of the RocksDB that holds the entries. The library keeps them per class and process
 * and they can be registered once, so this is the one place with static state; whoever opens a
 * store does so through {@link #opening}.
 */
final class LogStoreOptions {
  /** A restart reads the buffers' WAL again. */
  private static final long WRITE_BUFFER_BYTES = 16L << 20;

  private static final int WRITE_BUFFERS_MAX = 4;

  /** The second family gets few entries and would keep old WAL files alive without a bound. */
  private static final long WAL_BYTES_MAX = 48L << 20;

  /**
   * The WAL takes no larger part of a small disk. A start writes it again as a table before it lets
   * go of it, and has room for that in what is kept free.
   */
  private static final int WAL_PARTS = 32;

  /** What is cut off the log goes with whole tables, but never with one that lies in level 0. */
  private static final int LEVEL_0_TABLES_MAX = 1;

  /** The library's 4 MiB are much of a small disk. */
  private static final long MANIFEST_AHEAD_BYTES = 64 << 10;

  private static final long BLOCK_CACHE_BYTES = 8L << 20;
  private static final int INFO_LOG_FILES = 4;
  private static final long INFO_LOG_BYTES = 4L << 20;
  private static final DBOptions OPTIONS = strict();

  static {
    StorageOptionsFactory.registerRocksDBOptions(RocksDBLogStorage.class, OPTIONS);
    StorageOptionsFactory.registerRocksDBTableFormatConfig(RocksDBLogStorage.class, table());
    StorageOptionsFactory.registerRocksDBColumnFamilyOptions(
        RocksDBLogStorage.class,
        StorageOptionsFactory.getDefaultRocksDBColumnFamilyOptions()
            .setWriteBufferSize(WRITE_BUFFER_BYTES)
            .setMaxWriteBufferNumber(WRITE_BUFFERS_MAX)
            .setMinWriteBufferNumberToMerge(1)
            .setLevel0FileNumCompactionTrigger(LEVEL_0_TABLES_MAX));
  }

  private LogStoreOptions() {}

  private static DBOptions strict() {
    RocksLibrary.load();
    // The Java interface has no setter for this one.
    Properties byName = new Properties();
    byName.setProperty("track_and_verify_wals_in_manifest", "true");
    return DBOptions.getDBOptionsFromProps(byName)
        .setCreateIfMissing(true)
        .setCreateMissingColumnFamilies(true)
        .setMaxOpenFiles(-1)
        .setWalRecoveryMode(WALRecoveryMode.AbsoluteConsistency)
        .setParanoidChecks(true)
        .setRecycleLogFileNum(0)
        .setMaxTotalWalSize(WAL_BYTES_MAX)
        .setManifestPreallocationSize(MANIFEST_AHEAD_BYTES)
        .setKeepLogFileNum(INFO_LOG_FILES)
        .setMaxLogFileSize(INFO_LOG_BYTES)
        .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
        .setStatsDumpPeriodSec(0)
        .setStatsPersistPeriodSec(0);
  }

  @SuppressWarnings("deprecation") // the library copies the format, but no cache object
  private static BlockBasedTableConfig table() {
    return StorageOptionsFactory.getDefaultRocksDBTableConfig()
        .setBlockCacheSize(BLOCK_CACHE_BYTES);
  }

  /**
   * Opens a store with how it takes the end of its WAL; false as the library says it.
   *
   * @param diskBytes size of its disk
   */
  static synchronized boolean opening(WALRecoveryMode mode, long diskBytes, BooleanSupplier open) {
    OPTIONS.setWalRecoveryMode(mode);
    OPTIONS.setMaxTotalWalSize(Math.min(WAL_BYTES_MAX, Math.max(1, diskBytes / WAL_PARTS)));
    try {
      return open.getAsBoolean();
    } finally {
      OPTIONS.setWalRecoveryMode(WALRecoveryMode.AbsoluteConsistency);
    }
  }

  /**
   * Asserts that a store runs with the options that the guards rely on, by what RocksDB wrote down
   * when it was opened.
   */
  static void assertInForce(Path store, WALRecoveryMode mode) throws IOException {
    Path newest;
    try (Stream<Path> files = Files.list(store)) {
      newest =
          files
              .filter(file -> file.toString().matches(".*/OPTIONS-[0-9]+"))
              .max(Path::compareTo)
              .orElseThrow(() -> new AssertionError("RocksDB left no options in " + store));
    }
    String name =
        mode == WALRecoveryMode.AbsoluteConsistency
            ? "kAbsoluteConsistency"
            : "kTolerateCorruptedTailRecords";
    List<String> lines = Files.readAllLines(newest).stream().map(String::strip).toList();
    Map<String, String> wanted =
        Map.of(
            "wal_recovery_mode", name,
            "track_and_verify_wals_in_manifest", "true",
            "paranoid_checks", "true",
            "recycle_log_file_num", "0");
    wanted.forEach(
        (option, value) -> {
          if (!lines.contains(option + "=" + value)) {
            throw new AssertionError("the log's store does not have " + option + "=" + value);
          }
        });
  }

  /** What RocksDB says when it cannot open a store; the library only logs it. */
  static String complaint(Path store) {
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    try (ColumnFamilyOptions plain = new ColumnFamilyOptions();
        DBOptions options = new DBOptions(OPTIONS)) {
      options
          .setCreateIfMissing(false)
          .setWalRecoveryMode(WALRecoveryMode.TolerateCorruptedTailRecords);
      List<ColumnFamilyDescriptor> families =
          List.of(
              new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, plain),
              new ColumnFamilyDescriptor(
                  "Configuration".getBytes(java.nio.charset.StandardCharsets.UTF_8), plain));
      RocksDB db = RocksDB.openReadOnly(options, store.toString(), families, handles);
      handles.forEach(ColumnFamilyHandle::close);
      db.close();
      return "it can be read, but not opened";
    } catch (RocksDBException e) {
      return e.getStatus() == null
          ? String.valueOf(e.getMessage())
          : e.getStatus().getCodeString() + ": " + e.getMessage();
    }
  }
}
