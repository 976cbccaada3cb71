package dfs.metadata.store;

import com.google.common.io.BaseEncoding;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A key: bytes in unsigned lexicographic order. The array is never changed. */
public final class Key implements Comparable<Key> {
  public static final Key EMPTY = new Key(new byte[0]);
  private final byte[] bytes;

  private Key(byte[] bytes) {
    this.bytes = bytes;
  }

  /** A key over this array, which must not be changed any more. */
  public static Key of(byte[] bytes) {
    return new Key(bytes);
  }

  /** Unsigned big-endian numbers, one after the other. */
  public static Key of(long first) {
    return new Key(ByteBuffer.allocate(8).putLong(first).array());
  }

  public static Key of(long first, long second) {
    return new Key(ByteBuffer.allocate(16).putLong(first).putLong(second).array());
  }

  public static Key of(long first, long second, long third) {
    return new Key(ByteBuffer.allocate(24).putLong(first).putLong(second).putLong(third).array());
  }

  @SuppressWarnings("EffectivelyPrivate")
  byte[] array() {
    return bytes;
  }

  public ByteBuffer buffer() {
    return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
  }

  public int size() {
    return bytes.length;
  }

  /** The big-endian number at {@code offset}. */
  public long longAt(int offset) {
    return ByteBuffer.wrap(bytes).getLong(offset);
  }

  /** The least key above all that start with this one; null if there is none. */
  public @org.jspecify.annotations.Nullable Key afterPrefix() {
    for (int i = bytes.length - 1; i >= 0; i--) {
      if (bytes[i] != (byte) 0xff) {
        byte[] next = Arrays.copyOf(bytes, i + 1);
        next[i]++;
        return new Key(next);
      }
    }
    return null;
  }

  /** The least key above this one. */
  public Key next() {
    return new Key(Arrays.copyOf(bytes, bytes.length + 1));
  }

  public boolean startsWith(Key prefix) {
    return bytes.length >= prefix.bytes.length
        && Arrays.equals(bytes, 0, prefix.bytes.length, prefix.bytes, 0, prefix.bytes.length);
  }

  @Override
  public int compareTo(Key other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Key key && Arrays.equals(bytes, key.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return BaseEncoding.base16().encode(bytes);
  }
}
