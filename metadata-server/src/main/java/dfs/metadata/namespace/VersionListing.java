package dfs.metadata.namespace;

import dfs.acl.Subject;
import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.records.NameRecord;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.Table;
import dfs.metadata.state.Versions;
import dfs.metadata.state.Versions.Version;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Answers {@link Query.ListVersions}: which states are kept of a name. An inode has no more of them
 * than there are kept instants, so all of a name are in memory; the answer is a page. Called by
 * {@link StoredNamespace}.
 */
final class VersionListing {
  private final Versions kept;
  private final Subject subject;
  private final Query.ListVersions query;
  private final List<Reply.Version> found = new ArrayList<>();

  private VersionListing(Versions kept, Caller caller, Query.ListVersions query) {
    this.kept = kept;
    this.subject = Permission.subject(caller);
    this.query = query;
  }

  static Reply of(Versions kept, Caller caller, Query.ListVersions query) {
    try {
      return new VersionListing(kept, caller, query).answer();
    } catch (Refusal refusal) {
      return refusal.reply();
    }
  }

  private Reply answer() {
    NamespaceReader now = kept.present();
    Permission.directory(now, query.parent());
    if (query.name().isEmpty()) {
      PastAccess.check(
          now, subject, new Query.GetAttributes(query.parent()), List.of(query.parent()));
      inode(query.parent(), Long.MIN_VALUE, Versions.NOW);
    } else {
      Names.check(query.name());
      PastAccess.check(
          now,
          subject,
          new Query.Lookup(query.parent(), query.name()),
          List.of(query.parent(), Attributes.ROOT_INO));
      named();
    }
    found.sort(Comparator.comparingLong(Reply.Version::sinceNanos).reversed());
    return page();
  }

  /** One inode after the other had the name. */
  private void named() {
    List<Version<NameRecord>> bindings = new ArrayList<>();
    kept.all(
        Table.NAMES,
        Keys.named(query.parent(), query.name()),
        (key, version) -> bindings.add(version));
    bindings.sort(Comparator.comparingLong(Version::writtenNanos));
    long inoBefore = 0;
    long untilBefore = 0;
    for (Version<NameRecord> binding : bindings) {
      int mark = found.size();
      inode(binding.value().ino(), binding.writtenNanos(), binding.supersededNanos());
      if (found.size() == mark) {
        continue;
      }
      begin(mark, binding, inoBefore, untilBefore);
      inoBefore = binding.value().ino();
      untilBefore = binding.supersededNanos();
    }
    if (!bindings.isEmpty()) {
      gone(bindings.getLast().supersededNanos(), Versions.NOW);
    }
  }

  /** How the first state of an inode under the name came about. */
  private void begin(int mark, Version<NameRecord> binding, long inoBefore, long untilBefore) {
    Reply.Version first = found.get(mark);
    Attributes attributes = first.attributes();
    boolean known = !Versions.isSecondIn(binding.writtenNanos(), first.sinceNanos());
    if (attributes == null || (mark == 0 && !known)) {
      return;
    }
    boolean next = untilBefore == binding.writtenNanos();
    int changed =
        attributes.birthNanos() >= binding.writtenNanos() ? Reply.Version.MADE : Reply.Version.NAME;
    if (next && inoBefore != attributes.ino()) {
      changed = Reply.Version.REPLACED;
    }
    if (!known) {
      changed |= first.changed();
    }
    found.set(mark, with(first, changed));
    if (untilBefore != 0 && !next && kept.instantIn(untilBefore, binding.writtenNanos()) != 0) {
      gone(untilBefore, binding.writtenNanos());
    }
  }

  private static Reply.Version with(Reply.Version version, int changed) {
    return new Reply.Version(
        version.sinceNanos(),
        version.untilNanos(),
        version.instantNanos(),
        changed,
        version.attributes());
  }

  private void gone(long since, long until) {
    if (since == Versions.NOW) {
      return;
    }
    boolean now = until == Versions.NOW;
    found.add(
        new Reply.Version(
            since,
            now ? 0 : until,
            now ? 0 : kept.instantIn(since, until),
            Reply.Version.REMOVED,
            null));
  }

  /** The states of an inode between two times that can be read. */
  private void inode(long ino, long from, long until) {
    List<Version<Inode>> versions = new ArrayList<>();
    kept.all(
        Table.INODES,
        Key.of(ino),
        (key, version) ->
            version.supersededNanos() <= from
                || version.writtenNanos() >= until
                || versions.add(version));
    versions.sort(Comparator.comparingLong(Version::writtenNanos));
    versions.removeIf(
        version ->
            version.supersededNanos() != Versions.NOW
                && kept.instantIn(
                        Math.max(from, version.writtenNanos()),
                        Math.min(until, version.supersededNanos()))
                    == 0);
    Differences differences = new Differences(kept, ino, versions);
    for (int i = 0; i < versions.size(); i++) {
      Version<Inode> version = versions.get(i);
      long since = Math.max(from, version.writtenNanos());
      long end = Math.min(until, version.supersededNanos());
      boolean now = end == Versions.NOW;
      if (!now && kept.instantIn(since, end) == 0) {
        continue;
      }
      found.add(
          new Reply.Version(
              since,
              now ? 0 : end,
              now ? 0 : kept.instantIn(since, end),
              i == 0 ? born(version) : differences.between(versions.get(i - 1), version),
              version.value().attributes(ino)));
    }
  }

  private static int born(Version<Inode> version) {
    return version.value().birthNanos() == version.writtenNanos() ? Reply.Version.MADE : 0;
  }

  private Reply page() {
    List<Reply.Version> page = new ArrayList<>();
    int looked = 0;
    long next = 0;
    for (Reply.Version version : found) {
      if (query.beforeNanos() != 0 && version.sinceNanos() >= query.beforeNanos()) {
        continue;
      }
      if (looked++ == query.limitEntries()) {
        return new Reply.Versions(page, next);
      }
      next = version.sinceNanos();
      if (subject.isRoot() || isOpen(version)) {
        page.add(version);
      }
    }
    return new Reply.Versions(page, 0);
  }

  /** Whether who asks might see it then, and may now. */
  private boolean isOpen(Reply.Version version) {
    Attributes attributes = version.attributes();
    NamespaceReader now = kept.present();
    NamespaceReader then = version.instantNanos() == 0 ? now : kept.asOf(version.instantNanos());
    List<Long> way = new ArrayList<>();
    if (attributes != null) {
      way.add(attributes.ino());
    }
    if (!query.name().isEmpty()) {
      way.addAll(PastAccess.way(then, new Query.Lookup(query.parent(), query.name())));
    }
    try {
      PastAccess.checkThen(
          then,
          subject,
          attributes == null ? withFirst(way) : way,
          attributes == null ? null : now.inode(attributes.ino()));
      if (attributes != null) {
        PastAccess.check(now, subject, new Query.GetAttributes(attributes.ino()), way);
      }
      return true;
    } catch (Refusal refusal) {
      return false;
    }
  }

  /** The check leaves the first one out. */
  private static List<Long> withFirst(List<Long> way) {
    List<Long> longer = new ArrayList<>(way);
    longer.addFirst(way.getFirst());
    return longer;
  }
}
