package dfs.metadata.namespace;

import dfs.metadata.records.BlockInfo;
import dfs.metadata.records.ExtentRecord;
import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.records.NameRecord;
import dfs.metadata.records.OrderRecord;
import dfs.metadata.records.Usage;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.Table;
import dfs.metadata.store.Family;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.FileType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Recomputes from the records alone what commands keep up to date: links, both orders of
 * directories, extents, owner counts, usage. Changes nothing.
 */
final class Checker {
  private final NamespaceReader reader;
  private final int limit;
  private final List<String> problems = new ArrayList<>();
  private final Map<Long, Inode> inodes = new HashMap<>();
  private final Map<Long, Integer> names = new HashMap<>();
  private final Map<Long, Integer> children = new HashMap<>();
  private final Map<Long, Long> entries = new HashMap<>();
  private final Map<Long, Long> mapped = new HashMap<>();

  Checker(NamespaceReader reader, int limit) {
    this.reader = reader;
    this.limit = limit;
  }

  private void problem(String text) {
    if (problems.size() < limit) {
      problems.add(text);
    }
  }

  List<String> check() {
    reader.scan(
        Table.INODES,
        Key.EMPTY,
        null,
        (key, stored) -> {
          inodes.put(key.longAt(0), stored.value());
          return true;
        });
    checkNames();
    checkOrder();
    checkInodes();
    Map<Key, Long> owners = new HashMap<>();
    checkExtents(owners);
    countImages(owners);
    checkRelocations(owners);
    checkOwners(owners);
    checkUsage();
    return problems;
  }

  private void checkNames() {
    reader.scan(
        Table.NAMES,
        Key.EMPTY,
        null,
        (key, stored) -> {
          long parent = key.longAt(0);
          NameRecord record = stored.value();
          Inode inode = inodes.get(record.ino());
          String what = "entry \"%s\" of %d".formatted(Keys.nameOf(key).toStringUtf8(), parent);
          if (inode == null || inode.type() != record.type()) {
            problem(what + " stands for inode " + record.ino() + ", which is not there as such");
          }
          Inode directory = inodes.get(parent);
          if (directory == null || !directory.isDirectory()) {
            problem(what + " lies in no directory");
          }
          OrderRecord order = reader.value(Table.ORDER, Key.of(parent, record.cookie()));
          if (order == null
              || order.ino() != record.ino()
              || !order.name().equals(Keys.nameOf(key))) {
            problem(what + " is not in the order of the directory");
          }
          boolean primary =
              inode != null && inode.parent() == parent && inode.cookie() == record.cookie();
          if (!primary
              && reader.get(Table.LINKS, Key.of(record.ino(), parent, record.cookie())) == null) {
            problem(what + " is no link of inode " + record.ino());
          }
          names.merge(record.ino(), 1, Integer::sum);
          entries.merge(parent, 1L, Long::sum);
          if (record.type() == FileType.DIRECTORY) {
            children.merge(parent, 1, Integer::sum);
          }
          return true;
        });
  }

  private void checkOrder() {
    reader.scan(
        Table.ORDER,
        Key.EMPTY,
        null,
        (key, stored) -> {
          long parent = key.longAt(0);
          long cookie = key.longAt(Long.BYTES);
          NameRecord record = reader.name(parent, stored.value().name());
          if (record == null || record.cookie() != cookie) {
            problem("cookie %d of directory %d has no name".formatted(cookie, parent));
          }
          Inode directory = inodes.get(parent);
          if (directory != null && cookie >= directory.nextCookie()) {
            problem("cookie %d of directory %d was never given".formatted(cookie, parent));
          }
          return true;
        });
    reader.scan(
        Table.LINKS,
        Key.EMPTY,
        null,
        (key, stored) -> {
          OrderRecord order =
              reader.value(Table.ORDER, Key.of(key.longAt(Long.BYTES), key.longAt(2 * Long.BYTES)));
          if (order == null || order.ino() != key.longAt(0)) {
            problem("a link of inode " + key.longAt(0) + " has no entry");
          }
          return true;
        });
  }

  private void checkInodes() {
    inodes.forEach(
        (ino, inode) -> {
          int named = names.getOrDefault(ino, 0);
          boolean nameless = Nameless.isTop(reader, ino);
          boolean root = ino == Attributes.ROOT_INO || nameless;
          int links =
              inode.isDirectory() && (named > 0 || root)
                  ? 2 + children.getOrDefault(ino, 0)
                  : named + (nameless ? 1 : 0);
          if (inode.links() != links) {
            problem("inode %d has %d links, says %d".formatted(ino, links, inode.links()));
          }
          boolean orphan = reader.get(Table.ORPHANS, Key.of(ino)) != null;
          if (orphan != (inode.links() == 0)) {
            problem("inode %d with %d links: orphan %s".formatted(ino, inode.links(), orphan));
          }
          if (inode.isDirectory() && inode.sizeBytes() != entries.getOrDefault(ino, 0L)) {
            problem(
                "directory %d has %d entries, says %d"
                    .formatted(ino, entries.getOrDefault(ino, 0L), inode.sizeBytes()));
          }
        });
  }

  private void checkExtents(Map<Key, Long> owners) {
    long[] before = {0, 0};
    reader.scan(
        Table.EXTENTS,
        Key.EMPTY,
        null,
        (key, stored) -> {
          long map = key.longAt(0);
          long offset = key.longAt(Long.BYTES);
          ExtentRecord extent = stored.value();
          if (map == before[0] && offset < before[1]) {
            problem("extents of map %d overlap at %d".formatted(map, offset));
          }
          before[0] = map;
          before[1] = offset + extent.lengthBytes();
          mapped.merge(map, extent.lengthBytes(), Long::sum);
          count(owners, extent, map);
          return true;
        });
    inodes.forEach(
        (ino, inode) -> {
          if (inode.isRegular()) {
            long allocated =
                inode.has(Attributes.FLAG_INLINE)
                    ? Maps.inline(reader, ino).size()
                    : mapped.getOrDefault(inode.map(), 0L);
            if (inode.allocatedBytes() != allocated) {
              problem(
                  "inode %d has %d bytes, says %d"
                      .formatted(ino, allocated, inode.allocatedBytes()));
            }
          }
        });
  }

  private void count(Map<Key, Long> owners, ExtentRecord extent, long map) {
    if (extent.block() == 0) {
      return;
    }
    owners.merge(Key.of(extent.block(), map), 1L, Long::sum);
    BlockInfo info = reader.value(Table.BLOCKS, Key.of(extent.block()));
    if (info == null || info.state() == BlockInfo.DEAD) {
      problem("map %d names block %d, which is gone".formatted(map, extent.block()));
    } else if (info.state() != BlockInfo.OPEN
        && extent.blockOffset() + extent.lengthBytes() > info.lengthBytes()) {
      problem("map %d names bytes beyond block %d".formatted(map, extent.block()));
    } else if (info.state() == BlockInfo.RELOCATED
        && !Relocations.covers(info.relocations(), extent.blockOffset(), extent.lengthBytes())) {
      problem("map %d names bytes of block %d that went nowhere".formatted(map, extent.block()));
    }
  }

  /** A block that was relocated lies in one that was not, and no server has it. */
  private void checkRelocations(Map<Key, Long> owners) {
    reader.scan(
        Table.BLOCKS,
        Key.EMPTY,
        null,
        (key, stored) -> {
          long block = key.longAt(0);
          BlockInfo info = stored.value();
          boolean relocated = info.state() == BlockInfo.RELOCATED;
          if (relocated ? !info.servers().isEmpty() : !info.relocations().isEmpty()) {
            problem("block %d is neither here nor relocated".formatted(block));
          }
          long end = 0;
          for (BlockInfo.Relocation range : info.relocations()) {
            owners.merge(Key.of(range.block(), Keys.ownerOf(block)), 1L, Long::sum);
            BlockInfo target = reader.value(Table.BLOCKS, Key.of(range.block()));
            if (range.offset() < end || range.end() > info.lengthBytes()) {
              problem("ranges of block %d overlap at %d".formatted(block, range.offset()));
            }
            if (target == null
                || target.state() != BlockInfo.CLOSED
                || range.blockOffset() + range.lengthBytes() > target.lengthBytes()) {
              problem(
                  "block %d went to %d, which has not its bytes".formatted(block, range.block()));
            }
            end = range.end();
          }
          return true;
        });
  }

  private void countImages(Map<Key, Long> owners) {
    reader.scan(
        Table.IMAGES,
        Key.EMPTY,
        null,
        (key, stored) -> {
          if (Keys.familyOf(key) == Family.EXTENTS.number()) {
            count(owners, stored.value().restored(Table.EXTENTS), Keys.imageOf(key).longAt(0));
          }
          return true;
        });
  }

  private void checkOwners(Map<Key, Long> owners) {
    Set<Key> seen = new HashSet<>();
    reader.scan(
        Table.OWNERS,
        Key.EMPTY,
        null,
        (key, stored) -> {
          seen.add(key);
          long count = owners.getOrDefault(key, 0L);
          if (stored.value().value() != count) {
            problem(
                "block %d has %d extents of map %d, says %d"
                    .formatted(
                        key.longAt(0), count, key.longAt(Long.BYTES), stored.value().value()));
          }
          return true;
        });
    owners.forEach(
        (key, count) -> {
          if (!seen.contains(key)) {
            problem(
                "block %d has %d extents of map %d, says none"
                    .formatted(key.longAt(0), count, key.longAt(Long.BYTES)));
          }
        });
  }

  private void checkUsage() {
    Map<Long, Usage> sums = new HashMap<>();
    inodes.forEach(
        (ino, inode) -> {
          Set<Long> passed = new HashSet<>();
          for (long at = inode.parent(); at != 0; ) {
            sums.merge(at, Charge.own(inode), Usage::plus);
            Inode above = inodes.get(at);
            if (above == null || !passed.add(at)) {
              problem("inode %d hangs below %d, which leads nowhere".formatted(ino, at));
              break;
            }
            at = above.parent();
          }
        });
    inodes.forEach(
        (ino, inode) -> {
          if (inode.isDirectory()) {
            Usage sum = sums.getOrDefault(ino, Usage.NOTHING);
            Usage says = Charge.below(reader, ino);
            if (!sum.equals(says)) {
              problem("directory %d sums up to %s, says %s".formatted(ino, sum, says));
            }
          }
        });
  }
}
