package dfs.metadata.store;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Ordered byte keys and values in families. One thread writes, any number read. A failure of the
 * disk is a {@link StoreFailure}: the state in memory can't be trusted any more, so it is an error
 * that ends the process.
 */
public interface KeyValueStore extends AutoCloseable {
  /** Something that can be read: the present or a snapshot. */
  interface Source {
    byte @Nullable [] get(Family family, Key key);

    /** Values in the order of the keys; null where there is none. */
    List<byte @Nullable []> get(Family family, List<Key> keys);

    /**
     * Visits pairs from {@code from} on, up to {@code to} (exclusive; null: to the end), in key
     * order, until the visitor has enough.
     */
    void scan(Family family, Key from, @Nullable Key to, Visitor visitor);

    /** The pair with the greatest key in [lowest, at], or null. */
    @Nullable Pair floor(Family family, Key lowest, Key at);
  }

  /** A key with its value. */
  @SuppressWarnings("ArrayRecordComponent") // bytes as the store takes them, never compared
  record Pair(Key key, byte[] value) {}

  /** Takes a pair; whether it wants more. */
  interface Visitor {
    boolean visit(Key key, byte[] value);
  }

  /** The state at one moment; must be closed. */
  interface Snapshot extends Source, AutoCloseable {
    @Override
    void close();
  }

  /** A change of one key; a null value deletes. */
  @SuppressWarnings("ArrayRecordComponent") // bytes as the store takes them, never compared
  record Write(Family family, Key key, byte @Nullable [] value) {}

  Source latest();

  Snapshot snapshot();

  /**
   * Makes all writes at once; they are durable after the next {@link #flush}.
   *
   * @throws NoRoomException when the disk is full: none is made
   */
  void write(List<Write> writes);

  /** Makes everything written so far durable, all families in one. */
  void flush();

  /**
   * Gives the space of what was deleted, and flushed, back to the disk; families of which more
   * lives than there is room for are left as they are, and the data of files goes in parts.
   *
   * @param roomBytes free on the disk
   */
  void compact(long roomBytes);

  /** Bytes on disk, about. */
  long sizeBytes();

  @Override
  void close();
}
