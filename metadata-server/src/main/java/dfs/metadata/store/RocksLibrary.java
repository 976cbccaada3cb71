package dfs.metadata.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.RocksDB;

/**
 * Loads RocksDB's native part. The library unpacks it, 17 MB, into the directory for temporary
 * files and takes it away when the process ends in peace; one that is killed would leave it there
 * each time. Here the file goes as soon as it is loaded.
 */
public final class RocksLibrary {
  private RocksLibrary() {}

  /**
   * Loads it, unless it is loaded. To be called before any other of RocksDB's classes is used.
   *
   * @throws UncheckedIOException no room, or no right, to unpack it
   */
  public static synchronized void load() {
    try {
      Path unpacked = Files.createTempDirectory("dfs-rocksdb-");
      try {
        NativeLibraryLoader.getInstance().loadLibrary(unpacked.toString());
      } finally {
        remove(unpacked);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("RocksDB's native library cannot be unpacked", e);
    }
    // It asks the same loader, which has loaded.
    RocksDB.loadLibrary();
  }

  private static void remove(Path directory) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }
}
