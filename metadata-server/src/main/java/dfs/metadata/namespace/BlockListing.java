package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.acl.Subject;
import dfs.metadata.records.BlockInfo;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Pages of the blocks that files below an inode have, or of all blocks that versions name. */
final class BlockListing {
  /** A page looks at so many entries, extents and blocks. */
  private static final int LOOKS = Limits.LISTING_ENTRIES;

  private static final int EXTENTS_PER_READ = 256;

  /** A page with so many characters of paths ends, however few they are. */
  private static final int PATH_CHARACTERS_MAX = 256 << 10;

  private final NamespaceReader reader;
  private final List<Reply.FileBlock> blocks = new ArrayList<>();
  private final Set<Long> seen = new HashSet<>();
  private int characters;

  private BlockListing(NamespaceReader reader) {
    this.reader = reader;
  }

  static Reply page(NamespaceReader reader, Subject subject, Query.ListBlocks query) {
    if (!subject.isRoot()) {
      throw Refusal.of(Errno.EACCES, "only root is told where the blocks of others lie");
    }
    BlockListing listing = new BlockListing(reader);
    return query.below() == 0
        ? listing.all(query.offset())
        : listing.below(subject, query.below(), query.way(), query.offset());
  }

  private Reply all(long after) {
    long last = after;
    List<Row<BlockInfo>> rows = reader.rows(Table.BLOCKS, Key.of(after + 1), null, LOOKS);
    for (Row<BlockInfo> row : rows) {
      last = row.key().longAt(0);
      if (Blocks.isOwned(reader, last)) {
        add("", last, row.value());
      }
    }
    return new Reply.BlockPage(blocks, List.of(), last, rows.size() < LOOKS);
  }

  private Reply below(Subject subject, long top, List<Long> way, long offset) {
    boolean behind = offset >= Limits.FILE_SIZE_BYTES;
    TreeWalk walk = new TreeWalk(reader, subject, top, "", way, behind);
    int records = 0;
    while (walk.looked() + records < LOOKS && !walk.isOver()) {
      TreeWalk.Found found = walk.next(LOOKS - walk.looked() - records);
      if (found == null) {
        break;
      }
      long at = found.isClosed() ? Limits.FILE_SIZE_BYTES : found.first() ? offset : 0;
      while (at < Limits.FILE_SIZE_BYTES) {
        FileBlocks part = FileBlocks.of(reader, found.inode(), at, EXTENTS_PER_READ);
        records += part.records();
        at = part.nextOffset();
        part.ends().keySet().forEach(block -> add(walk.path(), block, info(block)));
        if (walk.looked() + records >= LOOKS || characters > PATH_CHARACTERS_MAX) {
          boolean over = at == Limits.FILE_SIZE_BYTES && walk.isOver();
          return new Reply.BlockPage(blocks, walk.way(), at, over);
        }
      }
    }
    return new Reply.BlockPage(blocks, walk.way(), Limits.FILE_SIZE_BYTES, walk.isOver());
  }

  private @Nullable BlockInfo info(long block) {
    return reader.value(Table.BLOCKS, Key.of(block));
  }

  private void add(String path, long block, @Nullable BlockInfo info) {
    if (info == null
        || info.state() == BlockInfo.RELOCATED
        || info.state() == BlockInfo.DEAD
        || !seen.add(block)) {
      return;
    }
    characters += path.length();
    blocks.add(
        new Reply.FileBlock(
            path,
            new Reply.BlockPlace(
                block,
                info.state() != BlockInfo.OPEN,
                info.lengthBytes(),
                info.servers(),
                List.of(),
                ByteString.EMPTY)));
  }
}
