package dfs.metadata.namespace;

import dfs.metadata.records.Inode;
import dfs.metadata.state.NamespaceReader;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Extent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which blocks a part of a file lies in, where they are now.
 *
 * @param ends by block, in the order of the file: up to where the file has bytes in it
 * @param nextOffset where in the file the next part begins; {@link Limits#FILE_SIZE_BYTES}: there
 *     is none
 * @param records how many extents that was
 */
record FileBlocks(Map<Long, Long> ends, long nextOffset, int records) {

  /** The blocks of at most so many extents, from an offset in the file on. */
  static FileBlocks of(NamespaceReader reader, Inode inode, long offset, int limit) {
    Map<Long, Long> ends = new LinkedHashMap<>();
    if (inode.has(Attributes.FLAG_INLINE) || offset >= Limits.FILE_SIZE_BYTES) {
      return new FileBlocks(ends, Limits.FILE_SIZE_BYTES, 0);
    }
    List<Extent> extents =
        Maps.touching(reader, inode.map(), offset, Limits.FILE_SIZE_BYTES, limit);
    for (Extent extent : Relocations.resolve(reader, extents, Integer.MAX_VALUE)) {
      if (!extent.unwritten()) {
        ends.merge(extent.block(), extent.blockOffset() + extent.lengthBytes(), Math::max);
      }
    }
    long next = extents.size() < limit ? Limits.FILE_SIZE_BYTES : extents.getLast().fileEnd();
    return new FileBlocks(ends, next, extents.size());
  }
}
