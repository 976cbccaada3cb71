package dfs.system;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What was acknowledged of a file, and what was tried since, in order. */
final class RecordedFile {
  private byte[] synced = new byte[0];
  private final List<Edit> pending = new ArrayList<>();

  /** A change of the contents. */
  interface Edit {
    byte[] apply(byte[] before);
  }

  static Edit write(int offset, byte[] bytes) {
    return before -> {
      byte[] after = Arrays.copyOf(before, Math.max(before.length, offset + bytes.length));
      System.arraycopy(bytes, 0, after, offset, bytes.length);
      return after;
    };
  }

  static Edit truncate(int length) {
    return before -> Arrays.copyOf(before, length);
  }

  /** Is being tried, and may take effect from now on. */
  void tried(Edit edit) {
    pending.add(edit);
  }

  /** Everything tried so far was acknowledged as durable. */
  void synced() {
    synced = latest();
    pending.clear();
  }

  byte[] latest() {
    byte[] state = synced;
    for (Edit edit : pending) {
      state = edit.apply(state);
    }
    return state;
  }

  int length() {
    return latest().length;
  }

  /** Whether these contents are what was acknowledged, or that and a prefix of what was tried. */
  boolean allows(byte[] actual) {
    byte[] state = synced;
    if (Arrays.equals(state, actual)) {
      return true;
    }
    for (Edit edit : pending) {
      state = edit.apply(state);
      if (Arrays.equals(state, actual)) {
        return true;
      }
    }
    return false;
  }

  /** The contents turned out to be these. */
  void settle(byte[] actual) {
    synced = actual;
    pending.clear();
  }

  @Override
  public String toString() {
    return "%d bytes durable, %d changes tried, then %d bytes"
        .formatted(synced.length, pending.size(), length());
  }
}
