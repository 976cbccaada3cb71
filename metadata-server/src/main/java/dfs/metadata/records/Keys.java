package dfs.metadata.records;

import com.google.protobuf.ByteString;
import dfs.metadata.store.Family;
import dfs.metadata.store.Key;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Keys of all families. Numbers are big-endian, names end in a zero byte, which they cannot
 * contain, so that the order of keys is the order of their parts.
 *
 * <pre>
 *   inodes, inline  ino u64
 *   names           parent u64 | name | 0
 *   order           parent u64 | cookie u64
 *   links           ino u64 | parent u64 | cookie u64
 *   extents         map u64 | file offset u64
 *   xattrs          ino u64 | name | 0
 *   blocks          block u64
 *   owners          block u64 | map u64, or minus a relocated block that names it
 *   usage           kind u64 (0 directory, 1 user, 2 group) | id u64
 *   sessions        session u64, and session u64 | slot u64
 *   orphans         ino u64
 *   servers         server u64
 *   instants        second since 1970 u64
 *   history         bucket u32 | family u8 | key | s u64
 *   maps            map u64
 *   meta            name
 * </pre>
 */
public final class Keys {
  public static final long USAGE_DIRECTORY = 0;
  public static final long USAGE_USER = 1;
  public static final long USAGE_GROUP = 2;

  /** Bytes of a history key before and after the key of the record. */
  public static final int HISTORY_PREFIX_BYTES = 5;

  public static final int HISTORY_SUFFIX_BYTES = 8;

  private Keys() {}

  /** Who owns a block in place of a map: the table of a relocated block. */
  public static long ownerOf(long relocatedBlock) {
    return -relocatedBlock;
  }

  /** Key of a name of a directory, or of an extended attribute of an inode. */
  public static Key named(long ino, ByteString name) {
    byte[] bytes = new byte[Long.BYTES + name.size() + 1];
    ByteBuffer.wrap(bytes).putLong(ino);
    name.copyTo(bytes, Long.BYTES);
    return Key.of(bytes);
  }

  /** The name in such a key. */
  public static ByteString nameOf(Key key) {
    ByteBuffer bytes = key.buffer();
    return ByteString.copyFrom(bytes.slice(Long.BYTES, key.size() - Long.BYTES - 1));
  }

  public static Key meta(String name) {
    return Key.of(name.getBytes(StandardCharsets.UTF_8));
  }

  /** Where images of a family's record that were superseded in a bucket begin. */
  public static Key historyPrefix(int bucket, Family family, Key key) {
    ByteBuffer bytes = ByteBuffer.allocate(HISTORY_PREFIX_BYTES + key.size());
    bytes.putInt(bucket).put((byte) family.number()).put(key.buffer());
    return Key.of(bytes.array());
  }

  /** Key of the image of a record that was superseded at {@code s}. */
  public static Key history(int bucket, Family family, Key key, long s) {
    ByteBuffer bytes =
        ByteBuffer.allocate(HISTORY_PREFIX_BYTES + key.size() + HISTORY_SUFFIX_BYTES);
    bytes.putInt(bucket).put((byte) family.number()).put(key.buffer()).putLong(s);
    return Key.of(bytes.array());
  }

  /** Where a bucket of the history begins. */
  public static Key bucket(int bucket) {
    return Key.of(ByteBuffer.allocate(Integer.BYTES).putInt(bucket).array());
  }

  /** Key of the record whose image lies under this history key. */
  public static Key imageOf(Key history) {
    byte[] bytes = new byte[history.size() - HISTORY_PREFIX_BYTES - HISTORY_SUFFIX_BYTES];
    history.buffer().get(HISTORY_PREFIX_BYTES, bytes);
    return Key.of(bytes);
  }

  /** When the image under this history key was superseded. */
  public static long supersededNanos(Key history) {
    return history.longAt(history.size() - HISTORY_SUFFIX_BYTES);
  }

  /** Number of the family whose record's image lies under this history key. */
  public static int familyOf(Key history) {
    return history.buffer().get(Integer.BYTES);
  }
}
