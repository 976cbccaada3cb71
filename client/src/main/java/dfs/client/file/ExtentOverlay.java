package dfs.client.file;

import dfs.protocol.metadata.Extent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Extents in the order they were written, as the file has them: later ones over earlier ones,
 * neighbours joined.
 */
final class ExtentOverlay {
  private final TreeMap<Long, Extent> extents = new TreeMap<>();

  void put(Extent extent) {
    Map.Entry<Long, Extent> before = extents.lowerEntry(extent.fileOffset());
    if (before != null && before.getValue().fileEnd() > extent.fileOffset()) {
      Extent old = before.getValue();
      extents.put(old.fileOffset(), part(old, old.fileOffset(), extent.fileOffset()));
      if (old.fileEnd() > extent.fileEnd()) {
        extents.put(extent.fileEnd(), part(old, extent.fileEnd(), old.fileEnd()));
      }
    }
    Map<Long, Extent> covered = extents.subMap(extent.fileOffset(), true, extent.fileEnd(), false);
    Extent rest = null;
    for (Extent old : covered.values()) {
      if (old.fileEnd() > extent.fileEnd()) {
        rest = part(old, extent.fileEnd(), old.fileEnd());
      }
    }
    covered.clear();
    if (rest != null) {
      extents.put(rest.fileOffset(), rest);
    }
    extents.put(extent.fileOffset(), extent);
  }

  private static Extent part(Extent extent, long from, long to) {
    return new Extent(
        from,
        to - from,
        extent.block(),
        extent.blockOffset() + from - extent.fileOffset(),
        extent.unwritten());
  }

  /** The extents in file order, without overlap. */
  List<Extent> list() {
    List<Extent> joined = new ArrayList<>();
    for (Extent extent : extents.values()) {
      Extent last = joined.isEmpty() ? null : joined.getLast();
      if (last != null
          && last.fileEnd() == extent.fileOffset()
          && last.block() == extent.block()
          && last.blockOffset() + last.lengthBytes() == extent.blockOffset()) {
        joined.set(
            joined.size() - 1,
            new Extent(
                last.fileOffset(),
                last.lengthBytes() + extent.lengthBytes(),
                last.block(),
                last.blockOffset(),
                last.unwritten()));
      } else {
        joined.add(extent);
      }
    }
    return joined;
  }
}
