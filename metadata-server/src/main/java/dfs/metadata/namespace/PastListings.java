package dfs.metadata.namespace;

import dfs.metadata.records.Keys;
import dfs.metadata.records.NameRecord;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply.Dentry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Listings of directories as they were. The past has no order of its own: a directory's names are
 * looked through whole for the next in the order of their cookies. That is done for many pages at
 * once, and what the next pages will have is kept, for the directories that were listed last. As of
 * an instant that later changes follow it never changes; until then it is kept for as long as
 * nothing is applied. Thread-safe.
 */
final class PastListings {
  /** Of one directory, in one go: so many entries cost one look through its names. */
  static final int ENTRIES_AHEAD = 32_768;

  private static final int DIRECTORIES = 2;

  /**
   * An instant.
   *
   * @param version of the state, as long as a change may still count as one of before the instant;
   *     {@link #SETTLED} from then on
   */
  record Moment(long nanos, long version) {
    static final long SETTLED = -1;
  }

  /**
   * A run of entries of a directory as of an instant, in the order of their cookies: all in (after,
   * to].
   */
  private record Run(long ino, Moment moment, long after, long to, List<Dentry> entries) {
    boolean has(Query.ListDirectory query, Moment asOf) {
      return query.ino() == ino
          && asOf.nanos == moment.nanos
          && (moment.version == Moment.SETTLED || moment.version == asOf.version)
          && query.cookie() >= after
          && query.cookie() < to;
    }

    /** The entries between two cookies; null: the run ends before there are enough. */
    @Nullable List<Dentry> page(Query.ListDirectory query, long stop) {
      List<Dentry> page = new ArrayList<>();
      for (Dentry entry : entries.subList(above(query.cookie()), entries.size())) {
        if (entry.cookie() >= stop || page.size() == query.limitEntries()) {
          return page;
        }
        page.add(entry);
      }
      return page.size() == query.limitEntries() || to >= stop - 1 ? page : null;
    }

    /** Where the entries above a cookie begin. */
    private int above(long cookie) {
      int low = 0;
      int high = entries.size();
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (entries.get(middle).cookie() <= cookie) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    }
  }

  private final AtomicReference<List<Run>> runs = new AtomicReference<>(List.of());

  /**
   * A page of a directory, without attributes.
   *
   * @param reader as of the instant
   * @param stop entries from this cookie on were not there at the first page
   * @param asOf known before the state was read
   */
  List<Dentry> page(NamespaceReader reader, Query.ListDirectory query, long stop, Moment asOf) {
    for (Run run : runs.get()) {
      List<Dentry> page = run.has(query, asOf) ? run.page(query, stop) : null;
      if (page != null) {
        return page;
      }
    }
    Run run = run(reader, query, asOf);
    List<Dentry> page = run.page(query, stop);
    if (page == null) {
      throw new IllegalStateException("a run of no page: " + query);
    }
    if (page.size() == query.limitEntries()) {
      keep(run);
    }
    return page;
  }

  /** The next entries of a directory, more than a page has. */
  private static Run run(NamespaceReader reader, Query.ListDirectory query, Moment asOf) {
    PriorityQueue<Dentry> first =
        new PriorityQueue<>(Comparator.comparingLong(Dentry::cookie).reversed());
    Key prefix = Key.of(query.ino());
    int limit = Math.max(query.limitEntries(), ENTRIES_AHEAD);
    boolean[] left = {false};
    reader.scan(
        Table.NAMES,
        prefix,
        prefix.afterPrefix(),
        (key, stored) -> {
          NameRecord record = stored.value();
          if (record.cookie() > query.cookie()) {
            first.add(
                new Dentry(Keys.nameOf(key), record.ino(), record.type(), record.cookie(), null));
            if (first.size() > limit) {
              left[0] = true;
              first.poll();
            }
          }
          return true;
        });
    List<Dentry> entries = new ArrayList<>(first);
    entries.sort(Comparator.comparingLong(Dentry::cookie));
    long to = left[0] ? entries.getLast().cookie() : Long.MAX_VALUE;
    return new Run(query.ino(), asOf, query.cookie(), to, List.copyOf(entries));
  }

  /** In place of the one of the same directory, or of the one that was kept first. */
  private void keep(Run run) {
    runs.updateAndGet(
        known -> {
          List<Run> next = new ArrayList<>(known);
          next.removeIf(
              other -> other.ino() == run.ino() && other.moment().nanos == run.moment().nanos);
          while (next.size() >= DIRECTORIES) {
            next.removeFirst();
          }
          next.add(run);
          return List.copyOf(next);
        });
  }
}
