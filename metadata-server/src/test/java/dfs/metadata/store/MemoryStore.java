package dfs.metadata.store;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The store in sorted maps: small, fast and forgetful. A family that a snapshot shares is copied
 * before the next write to it. One thread at a time.
 */
public final class MemoryStore implements KeyValueStore {
  private final EnumMap<Family, NavigableMap<Key, byte[]>> families = new EnumMap<>(Family.class);
  private final EnumSet<Family> shared = EnumSet.noneOf(Family.class);

  public MemoryStore() {
    for (Family family : Family.values()) {
      families.put(family, new TreeMap<>());
    }
  }

  private static final class MapSource implements Snapshot {
    private final Map<Family, NavigableMap<Key, byte[]>> families;

    MapSource(Map<Family, NavigableMap<Key, byte[]>> families) {
      this.families = families;
    }

    private NavigableMap<Key, byte[]> family(Family family) {
      NavigableMap<Key, byte[]> pairs = families.get(family);
      if (pairs == null) {
        throw new IllegalStateException("no family " + family);
      }
      return pairs;
    }

    @Override
    public byte @Nullable [] get(Family family, Key key) {
      return family(family).get(key);
    }

    @Override
    public List<byte @Nullable []> get(Family family, List<Key> keys) {
      List<byte @Nullable []> found = new ArrayList<>(keys.size());
      for (Key key : keys) {
        found.add(get(family, key));
      }
      return found;
    }

    @Override
    public void scan(Family family, Key from, @Nullable Key to, Visitor visitor) {
      for (Map.Entry<Key, byte[]> pair : family(family).tailMap(from, true).entrySet()) {
        if ((to != null && pair.getKey().compareTo(to) >= 0)
            || !visitor.visit(pair.getKey(), pair.getValue())) {
          return;
        }
      }
    }

    @Override
    public @Nullable Pair floor(Family family, Key lowest, Key at) {
      Map.Entry<Key, byte[]> pair = family(family).floorEntry(at);
      return pair == null || pair.getKey().compareTo(lowest) < 0
          ? null
          : new Pair(pair.getKey(), pair.getValue());
    }

    @Override
    public void close() {}
  }

  @Override
  public Source latest() {
    return new MapSource(families);
  }

  @Override
  public Snapshot snapshot() {
    shared.addAll(EnumSet.allOf(Family.class));
    return new MapSource(new EnumMap<>(families));
  }

  @Override
  public void write(List<Write> writes) {
    for (Write write : writes) {
      NavigableMap<Key, byte[]> pairs = families.get(write.family());
      if (pairs == null || shared.remove(write.family())) {
        pairs = pairs == null ? new TreeMap<>() : new TreeMap<>(pairs);
        families.put(write.family(), pairs);
      }
      byte[] value = write.value();
      if (value == null) {
        pairs.remove(write.key());
      } else {
        pairs.put(write.key(), value);
      }
    }
  }

  @Override
  public void flush() {}

  @Override
  public void compact(long roomBytes) {}

  @Override
  public long sizeBytes() {
    long bytes = 0;
    for (NavigableMap<Key, byte[]> pairs : families.values()) {
      for (Map.Entry<Key, byte[]> pair : pairs.entrySet()) {
        bytes += pair.getKey().size() + pair.getValue().length;
      }
    }
    return bytes;
  }

  @Override
  public void close() {}
}
