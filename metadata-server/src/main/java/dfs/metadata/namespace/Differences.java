package dfs.metadata.namespace;

import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.state.Table;
import dfs.metadata.state.Versions;
import dfs.metadata.state.Versions.Version;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Reply;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is different between two states of an inode: told by its record, and by when its attributes,
 * inline data and extents were written.
 */
final class Differences {
  /** Of extents and attributes so many are looked at; then any new mtime counts as new contents. */
  private static final int RECORDS_MAX = 10_000;

  private final Versions kept;
  private final long ino;
  private final List<Version<Inode>> versions;
  private final NavigableSet<Long> acls = new TreeSet<>();
  private final NavigableSet<Long> xattrs = new TreeSet<>();
  private final NavigableSet<Long> contents = new TreeSet<>();
  private boolean contentsRead;
  private boolean tooMany;

  /**
   * @param versions of the inode, the oldest first
   */
  Differences(Versions kept, long ino, List<Version<Inode>> versions) {
    this.kept = kept;
    this.ino = ino;
    this.versions = versions;
    if (versions.size() > 1
        && versions.stream().anyMatch(version -> version.value().has(Inode.HAS_XATTRS))) {
      readXattrs();
    }
  }

  private void readXattrs() {
    int[] looked = {0};
    kept.all(
        Table.XATTRS,
        Key.of(ino),
        (key, version) -> {
          add(Xattrs.isAcl(Keys.nameOf(key)) ? acls : xattrs, version);
          return ++looked[0] < RECORDS_MAX;
        });
  }

  private static void add(Set<Long> stamps, Version<?> version) {
    stamps.add(version.writtenNanos());
    stamps.add(version.supersededNanos());
  }

  private void readContents() {
    contentsRead = true;
    kept.all(
        Table.INLINE,
        Key.of(ino),
        (key, version) -> {
          add(contents, version);
          return true;
        });
    int[] looked = {0};
    TreeSet<Long> maps = new TreeSet<>();
    versions.forEach(version -> maps.add(version.value().map()));
    for (long map : maps) {
      kept.all(
          Table.EXTENTS,
          Key.of(map),
          (key, version) -> {
            add(contents, version);
            tooMany |= ++looked[0] > RECORDS_MAX;
            return !tooMany;
          });
    }
  }

  /** Bits of {@link Reply.Version}. */
  int between(Version<Inode> before, Version<Inode> after) {
    Inode old = before.value();
    Inode now = after.value();
    long from = before.writtenNanos();
    long until = after.writtenNanos();
    int changed = 0;
    changed |= old.mode() == now.mode() ? 0 : Reply.Version.MODE;
    changed |= old.uid() == now.uid() && old.gid() == now.gid() ? 0 : Reply.Version.OWNER;
    changed |= holds(acls, from, until) ? Reply.Version.ACL : 0;
    changed |= holds(xattrs, from, until) ? Reply.Version.XATTR : 0;
    boolean names = !now.isDirectory() && old.links() != now.links();
    names |= old.parent() != now.parent() || old.cookie() != now.cookie();
    changed |= names ? Reply.Version.NAME : 0;
    if (isOtherContent(old, now, from, until)) {
      changed |= Reply.Version.CONTENT;
    } else if (old.modifyNanos() != now.modifyNanos()) {
      changed |= Reply.Version.TIME;
    }
    return changed == 0 ? Reply.Version.OTHER : changed;
  }

  private boolean isOtherContent(Inode old, Inode now, long from, long until) {
    if (old.sizeBytes() != now.sizeBytes()
        || old.map() != now.map()
        || old.allocatedBytes() != now.allocatedBytes()
        || old.nextCookie() != now.nextCookie()) {
      return true;
    }
    if (!now.isRegular() || old.modifyNanos() == now.modifyNanos()) {
      return false;
    }
    if (!contentsRead) {
      readContents();
    }
    return tooMany || holds(contents, from, until);
  }

  /** Whether one of the stamps lies in (from, until]. */
  private static boolean holds(NavigableSet<Long> stamps, long from, long until) {
    Long next = stamps.higher(from);
    return next != null && next <= until;
  }
}
