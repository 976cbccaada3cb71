package dfs.client.file;

import dfs.client.block.BlockStore;
import dfs.protocol.metadata.Change.BlockWish;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The lanes of a session: those that small files share, by how many copies they want and need and
 * whether their appends are synced, and those of large files, which the files keep. Thread-safe.
 */
final class Lanes {
  private final BlockStore blocks;
  private final Map<Shared, Lane> shared = new ConcurrentHashMap<>();

  Lanes(BlockStore blocks) {
    this.blocks = blocks;
  }

  /** What files that share a lane have in common. */
  private record Shared(int copies, int copiesMin, boolean synced) {}

  /** Where appends of a file go. */
  Lane of(FileState file, boolean synced) {
    file.lock.lock();
    try {
      int copies = file.attributes().copies();
      int least = file.attributes().copiesMin();
      if (file.solo() == null && file.sizeBytes() >= FileWriter.SPILL_BYTES) {
        file.solo(
            new Lane(new BlockWish(true, synced, file.ino, copies, least, List.of()), blocks));
      }
      Lane solo = file.solo();
      return solo != null
          ? solo
          : shared.computeIfAbsent(
              new Shared(copies, least, synced),
              kind -> new Lane(new BlockWish(false, synced, 0, copies, least, List.of()), blocks));
    } finally {
      file.lock.unlock();
    }
  }

  /** The lane that a file has alone, if it has one; without a file, the shared ones. */
  Collection<Lane> usedBy(@Nullable FileState file) {
    if (file == null) {
      return shared.values();
    }
    file.lock.lock();
    try {
      Lane solo = file.solo();
      return solo == null ? List.of() : List.of(solo);
    } finally {
      file.lock.unlock();
    }
  }
}
