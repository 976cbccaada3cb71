package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.SECOND;
import static dfs.metadata.namespace.NamespaceBed.name;
import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.Stored;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Reply.Dentry;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A directory as it was is listed page by page. */
class PastListingsTest {
  private static final int FILES = PastListings.ENTRIES_AHEAD + 1000;
  private static final int PAGE = 500;

  private final NamespaceBed bed = NamespaceBed.inMemory();

  @AfterEach
  void close() {
    bed.close();
  }

  /** Counts the records that are looked at. */
  private static final class Counting implements NamespaceReader {
    private final NamespaceReader of;
    private int seen;

    Counting(NamespaceReader of) {
      this.of = of;
    }

    @Override
    public <T> @Nullable Stored<T> get(Table<T> table, Key key) {
      return of.get(table, key);
    }

    @Override
    public <T> void scan(Table<T> table, Key from, @Nullable Key to, Visitor<T> visitor) {
      of.scan(
          table,
          from,
          to,
          (key, stored) -> {
            seen++;
            return visitor.visit(key, stored);
          });
    }
  }

  private long instant() {
    bed.tick(2 * SECOND);
    long instant = bed.instantAt(bed.now());
    bed.tick(2 * SECOND);
    return instant;
  }

  @Test
  void allPagesTogetherLookAtEachNameAFewTimes() {
    long directory = bed.mkdir(ROOT, "d");
    for (int i = 0; i < FILES; i++) {
      // In the order of their names they come the other way round.
      bed.create(directory, "%06d".formatted(FILES - i));
    }
    long instant = instant();
    PastListings listings = new PastListings();
    PastListings.Moment asOf = new PastListings.Moment(instant, bed.namespace.appliedIndex());
    List<String> names = new ArrayList<>();
    Integer seen =
        bed.namespace
            .state()
            .readAsOf(
                instant,
                reader -> {
                  Counting counting = new Counting(reader);
                  List<Dentry> page;
                  long cookie = 0;
                  do {
                    Query.ListDirectory query =
                        new Query.ListDirectory(directory, cookie, 0, PAGE, false);
                    page = listings.page(counting, query, Long.MAX_VALUE, asOf);
                    page.forEach(entry -> names.add(entry.name().toStringUtf8()));
                    cookie = page.isEmpty() ? cookie : page.getLast().cookie();
                  } while (page.size() == PAGE);
                  return counting.seen;
                });
    assertThat(names).hasSize(FILES).doesNotHaveDuplicates();
    assertThat(names.getFirst()).isEqualTo("%06d".formatted(FILES));
    assertThat(names.getLast()).isEqualTo("%06d".formatted(1));
    assertThat(Objects.requireNonNull(seen)).isLessThan(3 * FILES);
  }

  private List<String> page(long directory, long cookie, int limit, long instant) {
    Query query = new Query.ListDirectory(directory, cookie, 0, limit, true);
    Reply reply = bed.namespace.query(Caller.ROOT, query, instant);
    return ((Reply.Listing) reply)
        .entries().stream().map(entry -> entry.name().toStringUtf8()).toList();
  }

  /** Of several instants and directories in turn, forwards and back. */
  @Test
  void eachListingHasItsOwn() {
    long some = bed.mkdir(ROOT, "some");
    long more = bed.mkdir(ROOT, "more");
    for (String name : new String[] {"c", "b", "a", "d"}) {
      bed.create(some, name);
      bed.create(more, name + name);
    }
    long first = instant();
    bed.unlink(some, "b");
    bed.rename(some, "d", some, "c");
    bed.change(new dfs.protocol.metadata.Change.Unlink(more, name("aa")));
    bed.create(some, "e");
    long second = instant();
    for (int round = 0; round < 2; round++) {
      assertThat(page(some, 0, 2, first)).containsExactly("c", "b");
      assertThat(page(more, 0, 2, second)).containsExactly("cc", "bb");
      assertThat(page(some, 0, 2, second)).hasSize(2).doesNotContain("b", "d");
      assertThat(page(some, 0, 9, second)).containsExactlyInAnyOrder("a", "c", "e");
      assertThat(page(some, 0, 3, first)).containsExactly("c", "b", "a");
      assertThat(page(some, 0, 9, first)).containsExactly("c", "b", "a", "d");
      long second2 = cookie(some, "b", first);
      assertThat(page(some, second2, 9, first)).containsExactly("a", "d");
      assertThat(page(some, second2, 1, first)).containsExactly("a");
      assertThat(page(more, 0, 9, second)).containsExactly("cc", "bb", "dd");
    }
  }

  /** The wall clock was set back, and what is changed now counts as of before the instant. */
  @Test
  void whatIsAppliedLaterIsListed() {
    long directory = bed.mkdir(ROOT, "d");
    bed.create(directory, "a");
    bed.create(directory, "b");
    bed.tick(2 * SECOND);
    long instant = bed.instantAt(bed.now());
    assertThat(bed.namespace.lastStampNanos()).isLessThan(instant - 1);
    assertThat(page(directory, 0, 1, instant)).containsExactly("a");
    bed.at(instant - 1);
    bed.create(directory, "c");
    assertThat(page(directory, 0, 3, instant)).containsExactly("a", "b", "c");
  }

  private long cookie(long directory, String name, long instant) {
    Query query = new Query.ListDirectory(directory, 0, 0, 9, false);
    Reply.Listing all = (Reply.Listing) bed.namespace.query(Caller.ROOT, query, instant);
    for (Dentry entry : all.entries()) {
      if (entry.name().toStringUtf8().equals(name)) {
        return entry.cookie();
      }
    }
    throw new AssertionError("no " + name);
  }
}
