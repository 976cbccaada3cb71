package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.acl.Permissions;
import dfs.acl.Subject;
import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.records.NameRecord;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.Table;
import dfs.metadata.state.Versions;
import dfs.metadata.state.Versions.Version;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@link Query.ListDeleted}: which names of a directory are gone. Of each bucket of the
 * history at most a page of names is in memory. Called by {@link StoredNamespace}.
 */
final class DeletedListing {
  /** One page looks at so many images of each bucket at the most. */
  private static final int IMAGES_PER_PAGE = 20_000;

  private final Versions kept;
  private final Subject subject;
  private final Query.ListDeleted query;

  /** Of each name the last version that an instant saw. */
  private final TreeMap<Key, Version<NameRecord>> last = new TreeMap<>();

  /** Behind this name not all buckets were looked at; null: all were. */
  private @Nullable Key bound;

  /** Whether somebody may list the directory as it was at an instant. */
  private final Map<Long, Boolean> open = new HashMap<>();

  private DeletedListing(Versions kept, Caller caller, Query.ListDeleted query) {
    this.kept = kept;
    this.subject = Permission.subject(caller);
    this.query = query;
  }

  static Reply of(Versions kept, Caller caller, Query.ListDeleted query) {
    try {
      return new DeletedListing(kept, caller, query).answer();
    } catch (Refusal refusal) {
      return refusal.reply();
    }
  }

  private Reply answer() {
    NamespaceReader now = kept.present();
    Inode directory = Permission.directory(now, query.ino());
    Permission.check(now, subject, query.ino(), directory, Permissions.READ | Permissions.EXECUTE);
    collect();
    List<Reply.Gone> entries = new ArrayList<>();
    for (Map.Entry<Key, Version<NameRecord>> name : last.entrySet()) {
      Key key = name.getKey();
      if (bound != null && key.compareTo(bound) > 0) {
        break;
      }
      if (entries.size() == query.limitEntries()) {
        return new Reply.Deleted(entries, entries.getLast().name(), false);
      }
      Reply.Gone gone = gone(Keys.nameOf(key), name.getValue());
      if (gone != null) {
        entries.add(gone);
      }
    }
    return new Reply.Deleted(
        entries, bound == null ? ByteString.EMPTY : Keys.nameOf(bound), bound == null);
  }

  private void collect() {
    Key directory = Key.of(query.ino());
    Key from = query.after().isEmpty() ? directory : Keys.named(query.ino(), query.after()).next();
    Page page = new Page();
    kept.past(Table.NAMES, from, directory.afterPrefix(), page::visit);
    page.end();
  }

  /** What is taken of one bucket after the other. */
  private final class Page {
    private int images;
    private int names;
    private Key at = Key.EMPTY;

    boolean visit(Key key, Version<NameRecord> version) {
      if (key.compareTo(at) < 0) {
        // The next bucket begins.
        end();
      }
      if (!key.equals(at)) {
        if (names >= query.limitEntries() || images >= IMAGES_PER_PAGE) {
          bound = bound == null || at.compareTo(bound) < 0 ? at : bound;
          end();
          return false;
        }
        at = key;
      }
      images++;
      if (isGone(key) && kept.instantIn(version.writtenNanos(), version.supersededNanos()) != 0) {
        names += last.containsKey(key) ? 0 : 1;
        last.merge(key, version, Page::later);
      }
      return true;
    }

    private boolean isGone(Key key) {
      return kept.present().get(Table.NAMES, key) == null;
    }

    private static Version<NameRecord> later(Version<NameRecord> a, Version<NameRecord> b) {
      return a.supersededNanos() > b.supersededNanos() ? a : b;
    }

    void end() {
      images = 0;
      names = 0;
      at = Key.EMPTY;
    }
  }

  private Reply.@Nullable Gone gone(ByteString name, Version<NameRecord> version) {
    long instant = kept.instantIn(version.writtenNanos(), version.supersededNanos());
    NamespaceReader then = kept.asOf(instant);
    if (!subject.isRoot() && !open.computeIfAbsent(instant, i -> isOpen(then))) {
      return null;
    }
    long ino = version.value().ino();
    Inode inode = then.inode(ino);
    return inode == null
        ? null
        : new Reply.Gone(name, version.supersededNanos(), instant, inode.attributes(ino));
  }

  private boolean isOpen(NamespaceReader then) {
    try {
      PastAccess.checkThen(
          then,
          subject,
          PastAccess.way(then, new Query.ListDirectory(query.ino(), 0, 0, 1, true)),
          null);
      Permission.check(
          then,
          subject,
          query.ino(),
          Permission.require(then, query.ino()),
          Permissions.READ | Permissions.EXECUTE);
      return true;
    } catch (Refusal refusal) {
      return false;
    }
  }
}
