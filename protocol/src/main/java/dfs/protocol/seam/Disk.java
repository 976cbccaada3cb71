package dfs.protocol.seam;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * One directory tree of a data disk. The real side is the file system; the simulated side forgets
 * what was not synced, tears writes and errs. Nothing is durable before the sync of the file
 * ({@link DiskFile#sync}) and, for a new, renamed or deleted name, of its directory ({@link
 * #syncDirectory}). Paths are relative to the root and never leave it.
 */
public interface Disk {
  /** Opens a file for reading and writing; with {@code create} it is made if missing. */
  DiskFile open(Path path, boolean create) throws IOException;

  boolean exists(Path path) throws IOException;

  /** Names in a directory, in no order; empty if there is no such directory. */
  List<String> list(Path directory) throws IOException;

  /** Makes a directory and its parents; nothing happens if it exists. */
  void createDirectories(Path directory) throws IOException;

  /** Atomically gives a file another name, replacing what had it. */
  void rename(Path from, Path to) throws IOException;

  /** Deletes a file if it exists. */
  void delete(Path path) throws IOException;

  void syncDirectory(Path directory) throws IOException;

  /** Bytes that an ordinary user may still write, and the total. */
  Space space() throws IOException;

  /** Name of the device: two trees on the same one are lost together. */
  String device() throws IOException;

  /** Size of the disk. */
  record Space(long totalBytes, long freeBytes) {}
}
