package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ANN;
import static dfs.metadata.namespace.NamespaceBed.BOB;
import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.extent;
import static org.assertj.core.api.Assertions.assertThat;

import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Query.Place;
import dfs.protocol.metadata.Reply;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is found of the files below a path and of the blocks that they lie in. */
class LookTest {
  private static final long UNIT = 4096;

  private final NamespaceBed bed = NamespaceBed.inMemory();
  private final Survey survey = bed.namespace.survey();

  private Looked look(Caller caller, Place... places) {
    Looked looked = new Looked();
    assertThat(survey.look(caller, List.of(places), looked)).isEqualTo(Reply.Done.DONE);
    return looked;
  }

  /** A file with so many units of a new block; the block. */
  private long file(long parent, String name, int units) {
    long block = bed.allocate();
    bed.write(bed.create(parent, name), extent(0, units * UNIT, block, 0));
    return block;
  }

  @Test
  void onlyWhatIsBelowAPathIsLookedAtThere() {
    long outside = bed.allocate();
    long twice = bed.create(ROOT, "outside");
    bed.write(twice, extent(0, UNIT, outside, 0));
    long a = bed.mkdir(ROOT, "a");
    long b = bed.mkdir(a, "b");
    long empty = bed.mkdir(a, "empty");
    long first = file(a, "first", 2);
    long deep = file(b, "deep", 3);
    bed.mknod(b, "fifo", FileType.FIFO);
    bed.symlink(b, "link", "../../outside");
    long small = bed.create(b, "small");
    bed.writeInline(small, "contents");
    long last = file(a, "last", 1);
    bed.link(twice, a, "2");
    Looked below = look(Caller.ROOT, new Place(a, "/a"));
    assertThat(below.blocks)
        .containsExactly(
            "/a/b/deep in %d up to %d".formatted(deep, 3 * UNIT),
            "/a/first in %d up to %d".formatted(first, 2 * UNIT),
            "/a/last in %d up to %d".formatted(last, UNIT),
            "/a/2 in %d up to %d".formatted(outside, UNIT));
    assertThat(below.files).isEqualTo(5);
    assertThat(below.named).as("blocks of others").isEmpty();
    assertThat(look(Caller.ROOT, new Place(empty, "e")).files).isZero();
    assertThat(look(Caller.ROOT, new Place(b, "b/"), new Place(small, "s")).blocks)
        .containsExactly("b/deep in %d up to %d".formatted(deep, 3 * UNIT));
    Looked whole = look(Caller.ROOT);
    assertThat(whole.files).isEqualTo(6);
    assertThat(whole.named).containsExactly(outside, first, deep, last);
    assertThat(survey.look(Caller.ROOT, List.of(new Place(99, "x")), new Looked()))
        .isInstanceOfSatisfying(
            Reply.Refused.class, no -> assertThat(no.errno()).isEqualTo(Errno.ESTALE));
  }

  @Test
  void aBlockThatOnlyThePastHasIsFoundWithoutAPath() {
    long a = bed.mkdir(ROOT, "a");
    long block = file(a, "f", 1);
    bed.tick(2 * NamespaceBed.SECOND);
    bed.unlink(a, "f");
    assertThat(look(Caller.ROOT, new Place(a, "/a")).blocks).isEmpty();
    Looked whole = look(Caller.ROOT);
    assertThat(whole.blocks).isEmpty();
    assertThat(whole.named).containsExactly(block);
  }

  @Test
  void allOfItIsOfOneSnapshot() {
    long a = bed.mkdir(ROOT, "a");
    List<Long> blocks = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      blocks.add(file(a, "f" + i, 1));
    }
    Looked looked = new Looked();
    looked.meanwhile =
        () -> {
          bed.unlink(a, "f" + (99 - looked.files));
          file(a, "new" + looked.files, 1);
        };
    survey.look(Caller.ROOT, List.of(), looked);
    assertThat(looked.mismatches).isEmpty();
    assertThat(looked.files).isEqualTo(100);
    assertThat(looked.blocks).hasSize(100);
    assertThat(looked.named).isEqualTo(blocks);
  }

  @Test
  void nobodyIsToldWhatIsInADirectoryThatHeMayNotLookInto() {
    long open = bed.mkdir(Caller.ROOT, ROOT, "open", 0755);
    long secret = bed.mkdir(ANN, bed.mkdir(Caller.ROOT, open, "home", 0777), "secret", 0700);
    long block = bed.allocate();
    long plan = bed.create(ANN, secret, "plan", 0600);
    bed.write(plan, extent(0, UNIT, block, 0));
    file(open, "public", 1);
    Looked bobs = look(BOB, new Place(open, "/open"));
    assertThat(bobs.blocks).hasSize(1).allMatch(line -> line.startsWith("/open/public"));
    assertThat(bobs.closed).containsExactly("/open/home/secret");
    assertThat(look(BOB, new Place(secret, "guessed")).closed).containsExactly("guessed");
    assertThat(look(BOB, new Place(secret, "guessed")).blocks).isEmpty();
    assertThat(look(ANN, new Place(open, "/open")).blocks)
        .hasSize(2)
        .contains("/open/home/secret/plan in %d up to %d".formatted(block, UNIT));
    bed.change(NamespaceBed.setMode(secret, 0744));
    assertThat(look(BOB, new Place(open, "/open")).closed)
        .as("to list is not to enter")
        .containsExactly("/open/home/secret");
  }

  private Reply.BlockPage page(Query.ListBlocks query) {
    assertThat(bed.query(query)).isInstanceOf(Reply.BlockPage.class);
    return (Reply.BlockPage) bed.query(query);
  }

  /** All pages; between them {@code meanwhile} runs. */
  private Set<String> pages(long below, Runnable meanwhile) {
    Set<String> found = new LinkedHashSet<>();
    Query.ListBlocks query = new Query.ListBlocks(below, List.of(), 0);
    for (int i = 0; i < 1000; i++) {
      Reply.BlockPage page = page(query);
      for (Reply.FileBlock each : page.blocks()) {
        found.add(each.path() + " " + each.place().block());
      }
      if (page.end()) {
        return found;
      }
      query = new Query.ListBlocks(below, page.way(), page.offset());
      meanwhile.run();
    }
    throw new AssertionError("pages without an end: " + query);
  }

  /** Directories in directories, larger than a page, and a file of more extents than a page. */
  @Test
  void pagesComeToAnEndAndLeaveNothingOut() {
    Set<String> expected = new LinkedHashSet<>();
    long top = bed.mkdir(ROOT, "top");
    long at = top;
    String path = "";
    for (int depth = 0; depth < 4; depth++) {
      for (int i = 0; i < 700; i++) {
        String name = "f" + i;
        expected.add(path + "/" + name + " " + file(at, name, 1));
      }
      at = bed.mkdir(at, "d" + depth);
      path += "/d" + depth;
    }
    long many = bed.create(at, "many");
    for (int i = 0; i < 3000; i += 500) {
      Extent[] extents = new Extent[500];
      for (int j = 0; j < 500; j++) {
        long block = j == 0 ? bed.allocate() : extents[0].block();
        extents[j] = extent(2L * (i + j) * UNIT, UNIT, block, 2L * j * UNIT);
      }
      bed.write(many, extents);
      expected.add(path + "/many " + extents[0].block());
    }
    for (int i = 0; i < 700; i++) {
      expected.add("/g" + i + " " + file(top, "g" + i, 1));
    }
    assertThat(pages(top, () -> {})).isEqualTo(expected);
    assertThat(pages(many, () -> {})).hasSize(6).allMatch(line -> line.startsWith(" "));
    assertThat(pages(0, () -> {}))
        .hasSize(expected.size())
        .containsAll(Stream.of(1, 2).map(id -> " " + id).toList());
    int[] gone = {700};
    Set<String> changed =
        pages(
            top,
            () -> {
              for (int i = 0; i < 100; i++) {
                bed.unlink(top, "g" + --gone[0]);
              }
            });
    assertThat(changed).as("what stayed").containsAll(stayed(expected, gone[0]));
  }

  private static List<String> stayed(Set<String> all, int gone) {
    return all.stream().filter(line -> !line.startsWith("/g") || number(line) < gone).toList();
  }

  private static int number(String line) {
    return Integer.parseInt(line.substring(2, line.indexOf(' ')));
  }

  @Test
  void onlyRootIsToldWhereBlocksLie() {
    Query query = new Query.ListBlocks(0, List.of(), 0);
    assertThat(NamespaceBed.errno(bed.namespace.query(ANN, query, 0))).isEqualTo(Errno.EACCES);
  }
}
