package dfs.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a file may hold: what it held at the last acknowledged sync, and after each change since.
 * After a crash or an error it holds one of these, never a mixture and nothing older.
 */
final class FileModel {
  private final List<byte[]> versions = new ArrayList<>();

  private final StringBuilder story = new StringBuilder();
  private long syncedNanos = Long.MAX_VALUE;

  /** The client that all changes since the last sync went through. */
  private @Nullable SimulatedClient writer;

  FileModel(byte[] contents) {
    versions.add(contents);
  }

  void madeBy(SimulatedClient by) {
    writer = by;
  }

  /** Notes what was done, for a failure's message. */
  void note(String what) {
    story.append(' ').append(what).append(';');
  }

  /** What whoever writes it sees. */
  byte[] now() {
    return versions.getLast();
  }

  void write(int offset, byte[] bytes) {
    byte[] next = Arrays.copyOf(now(), Math.max(now().length, offset + bytes.length));
    System.arraycopy(bytes, 0, next, offset, bytes.length);
    syncedNanos = Long.MAX_VALUE;
    versions.add(next);
  }

  void truncate(int length) {
    syncedNanos = Long.MAX_VALUE;
    versions.add(Arrays.copyOf(now(), length));
  }

  /** All of it becomes this. */
  void replace(byte[] contents) {
    syncedNanos = Long.MAX_VALUE;
    versions.add(contents);
  }

  /** What is there now is durable. */
  void synced(long nanos) {
    syncedNanos = Math.min(syncedNanos, nanos);
    byte[] last = now();
    versions.clear();
    versions.add(last);
  }

  /** Nothing was written since long before this. */
  boolean isSettledSince(long nanos) {
    return versions.size() == 1 && syncedNanos <= nanos;
  }

  boolean allows(byte[] contents) {
    return versions.stream().anyMatch(version -> Arrays.equals(version, contents));
  }

  /**
   * What a client read that had just opened it. It counts from now on; older versions do too if the
   * client has written to it and may have kept that in memory.
   */
  void found(SimulatedClient by, byte[] contents) {
    if (!by.equals(writer)) {
      versions.clear();
      writer = by;
    }
    syncedNanos = Long.MAX_VALUE;
    versions.add(contents);
  }

  /** How contents that are not allowed differ from the nearest version. */
  String difference(byte[] contents) {
    StringBuilder text = new StringBuilder("it has " + contents.length + " bytes");
    for (byte[] version : versions) {
      int at = Arrays.mismatch(version, contents);
      text.append("; a version of %d differs at %d".formatted(version.length, at));
    }
    text.append("; what happened:").append(story);
    return text.toString();
  }
}
