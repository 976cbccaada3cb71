package dfs.protocol.block;

import java.util.Arrays;

/** CRC32C of each piece of a range, in order. Immutable. */
public final class Checksums {
  private final int[] values;

  private Checksums(int[] values) {
    this.values = values;
  }

  public static Checksums of(int... values) {
    return new Checksums(values.clone());
  }

  public int size() {
    return values.length;
  }

  public int get(int index) {
    return values[index];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Checksums that && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return values.length + " checksums";
  }
}
