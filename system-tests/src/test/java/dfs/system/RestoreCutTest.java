package dfs.system;

import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.SECOND;
import static dfs.metadata.namespace.NamespaceBed.extent;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.client.block.ChunkBlockStore;
import dfs.client.file.OpenFiles;
import dfs.client.path.At;
import dfs.client.path.PathCalls;
import dfs.client.path.Restoring;
import dfs.metadata.namespace.NamespaceBed;
import dfs.protocol.Limits;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Reply.Dentry;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.RealTime;
import dfs.system.CutSession.Cut;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What puts back the past ends after each of its calls: the old or the new is there, whole, and
 * nothing else is left.
 */
class RestoreCutTest {
  /** Pieces of a file: more than one command restores. */
  private static final int PIECES = 300;

  private static final int PIECES_OF_A_COMMIT = 50;

  /** Entries of a directory: more than one command copies. */
  private static final int SMALL_FILES = 120;

  private static final long LENGTH = 1L << 40;

  /** What is put back. */
  enum What {
    TREE("/d", "/d", true),
    FILE("/d/f", "/d/f", true),
    FILE_OF_MANY_PIECES("/d/many", "/d/many", true),
    BESIDE("/d/many", "/beside", false),
    TREE_BESIDE("/d", "/beside", false),
    GONE("/gone", "/gone", false);

    private final String from;
    private final String to;
    private final boolean replace;

    What(String from, String to, boolean replace) {
      this.from = from;
      this.to = to;
      this.replace = replace;
    }

    At source() {
      return At.root(ByteString.copyFromUtf8(from));
    }

    At target() {
      return At.root(ByteString.copyFromUtf8(to));
    }
  }

  /** A namespace with a past, in which somebody puts something back. */
  private static final class Bed implements AutoCloseable {
    final NamespaceBed bed = NamespaceBed.inMemory();
    final long old = bed.allocate();
    final long young = bed.allocate();
    final long instant;
    private @Nullable CutSession session;

    Bed() {
      tree("d");
      tree("gone");
      bed.seal(old, 1L << 20, true);
      bed.tick(2 * SECOND);
      instant = bed.instantAt(bed.now());
      bed.tick(2 * SECOND);
      long d = lookup(ROOT, "d");
      bed.writeInline(lookup(d, "f"), "two");
      bed.truncate(lookup(d, "many"), 0);
      bed.write(lookup(d, "many"), extent(0, 5000, young, 0));
      bed.seal(young, 5000, true);
      bed.unlink(lookup(d, "sub"), "hard");
      bed.create(d, "young");
      long gone = lookup(ROOT, "gone");
      bed.unlink(lookup(gone, "sub"), "hard");
      bed.rmdir(gone, "sub");
      for (Dentry entry : list(gone)) {
        bed.unlink(gone, entry.name().toStringUtf8());
      }
      bed.rmdir(ROOT, "gone");
      bed.upkeepAll();
      bed.tick(2 * SECOND);
    }

    private void tree(String name) {
      long top = bed.mkdir(ROOT, name);
      long sub = bed.mkdir(top, "sub");
      long file = bed.create(top, "f");
      bed.writeInline(file, "one");
      bed.link(file, sub, "hard");
      bed.symlink(top, "soft", "f");
      for (int i = 0; i < SMALL_FILES; i++) {
        bed.writeInline(bed.create(top, "small-" + i), "small " + i);
      }
      long many = bed.create(top, "many");
      for (int i = 0; i < PIECES; i += PIECES_OF_A_COMMIT) {
        int from = i;
        Extent[] pieces = new Extent[PIECES_OF_A_COMMIT];
        Arrays.setAll(pieces, j -> extent(10_000L * (from + j), 100, old, 100L * (from + j)));
        bed.write(many, pieces);
      }
    }

    private Attributes found(long parent, ByteString name) {
      return ((Reply.Entry) bed.query(new Query.Lookup(parent, name))).attributes();
    }

    private long lookup(long parent, String name) {
      return found(parent, ByteString.copyFromUtf8(name)).ino();
    }

    private Iterable<Dentry> list(long directory) {
      Query all = new Query.ListDirectory(directory, 0, 0, Limits.LISTING_ENTRIES, true);
      return ((Reply.Listing) bed.query(all)).entries();
    }

    /** All names, with what a restore puts back; numbers and maps are others for copies. */
    String picture() {
      StringBuilder out = new StringBuilder();
      draw("", ROOT, new HashMap<>(), out);
      return out.toString();
    }

    private void draw(String path, long directory, Map<Long, String> firsts, StringBuilder out) {
      TreeMap<String, Attributes> children = new TreeMap<>();
      for (Dentry entry : list(directory)) {
        children.put(entry.name().toStringUtf8(), found(directory, entry.name()));
      }
      children.forEach(
          (name, child) -> {
            String place = path + "/" + name;
            out.append("%s %s %o %d".formatted(place, child.type(), child.mode(), child.links()));
            if (child.isRegular()) {
              Reply.MapPage map =
                  (Reply.MapPage) bed.query(new Query.ReadMap(child.ino(), 0, LENGTH));
              out.append(" of ").append(firsts.computeIfAbsent(child.ino(), ino -> place));
              out.append(" %d %d ".formatted(child.sizeBytes(), child.modifyNanos()));
              out.append(map.inline().toStringUtf8()).append(map.extents());
            }
            out.append('\n');
            if (child.isDirectory()) {
              draw(place, child.ino(), firsts, out);
            }
          });
    }

    /** What it ended with; null: it is done. */
    @Nullable IOException putBack(What what, int good, Cut cut) throws IOException {
      CutSession opened = CutSession.open(bed, good, cut);
      session = opened;
      try (OpenFiles files = files(opened);
          OpenFiles then = files(opened.asOf(instant))) {
        PathCalls calls = new PathCalls(opened, files, Caller.ROOT, 0);
        PathCalls past = new PathCalls(opened.asOf(instant), then, Caller.ROOT, 0);
        Restoring restoring =
            calls.restoring(past, instant, what.source(), what.target(), what.replace);
        boolean more;
        do {
          more = restoring.step();
        } while (more);
        return null;
      } catch (IOException e) {
        return e;
      }
    }

    private static OpenFiles files(CutSession session) {
      return new OpenFiles(
          session, new ChunkBlockStore(new BlockServices(), session::id), new RealTime());
    }

    void endSession() {
      if (session != null) {
        bed.upkeep(new Upkeep.FenceSession(session.id()));
      }
    }

    void is(String picture, String when) {
      assertThat(picture()).as(when).isEqualTo(picture);
    }

    /** Blocks are owned by what is there, and by nothing else. */
    void nothingElseIsLeft() {
      bed.upkeepAll();
      bed.check();
      String picture = picture();
      bed.tick(2 * SECOND);
      bed.upkeep(new Upkeep.ReleaseHistory(bed.now(), true));
      bed.upkeepAll();
      bed.check();
      assertThat(bed.namespace().survey().treesToDrop(1)).isEmpty();
      for (long block : new long[] {old, young}) {
        assertThat(bed.namespace().survey().isOwned(block))
            .as("block %d of\n%s", block, picture)
            .isEqualTo(picture.contains("block=" + block + ","));
      }
    }

    @Override
    public void close() {
      bed.close();
    }
  }

  private static String whole(What what) throws IOException {
    try (Bed bed = new Bed()) {
      assertThat(bed.putBack(what, Integer.MAX_VALUE, Cut.BEFORE)).isNull();
      bed.endSession();
      bed.nothingElseIsLeft();
      return bed.picture();
    }
  }

  @ParameterizedTest
  @EnumSource(What.class)
  void theOldOrTheNewIsThereWhereverItIsCut(What what) throws IOException {
    String whole = whole(what);
    for (Cut cut : new Cut[] {Cut.BEFORE, Cut.AFTER}) {
      try (Bed bed = new Bed()) {
        String old = bed.picture();
        assertThat(old).isNotEqualTo(whole);
        boolean isDone = false;
        for (int good = 0; !isDone; good++) {
          IOException end = bed.putBack(what, good, cut);
          // Nobody heard of it if the last call of all was cut.
          isDone = end == null || (cut == Cut.AFTER && bed.picture().equals(whole));
          bed.is(isDone ? whole : old, "%s call %d".formatted(cut, good));
          bed.endSession();
          bed.bed.upkeepAll();
          bed.bed.check();
          assertThat(bed.bed.namespace().survey().treesToDrop(1)).isEmpty();
          bed.is(isDone ? whole : old, "%s call %d, later".formatted(cut, good));
        }
        bed.nothingElseIsLeft();
      }
    }
  }

  /** It says so, and what was begun goes while the session lives. */
  @ParameterizedTest
  @EnumSource(
      value = What.class,
      names = {"TREE", "FILE_OF_MANY_PIECES", "GONE"})
  void anInstantThatIsGivenUpMeanwhileLeavesTheOld(What what) throws IOException {
    String whole = whole(what);
    int done = 0;
    int refused = 0;
    for (int good = 0; done == 0; good++) {
      try (Bed bed = new Bed()) {
        String old = bed.picture();
        IOException end = bed.putBack(what, good, Cut.PAST);
        String now = end == null ? whole : old;
        assertThat(bed.picture()).as("call %d", good).isEqualTo(now);
        if (end == null) {
          done++;
        } else {
          refused++;
          assertThat(end).as("call %d", good).hasMessageContaining("kept");
        }
        bed.nothingElseIsLeft();
        assertThat(bed.picture()).as("call %d, later", good).isEqualTo(now);
      }
    }
    assertThat(refused).isPositive();
  }

  /** Whoever may not put it there has made nothing. */
  @ParameterizedTest
  @EnumSource(
      value = What.class,
      names = {"BESIDE", "TREE_BESIDE", "GONE"})
  void whatIsRefusedAtTheEndLeavesNothing(What what) throws IOException {
    try (Bed bed = new Bed()) {
      CutSession session = CutSession.open(bed.bed, Integer.MAX_VALUE, Cut.BEFORE);
      try (OpenFiles files = Bed.files(session);
          OpenFiles then = Bed.files(session.asOf(bed.instant))) {
        PathCalls calls = new PathCalls(session, files, Caller.ROOT, 0);
        PathCalls past = new PathCalls(session.asOf(bed.instant), then, Caller.ROOT, 0);
        Restoring restoring =
            calls.restoring(past, bed.instant, what.source(), what.target(), false);
        assertThat(restoring.step()).isTrue();
        // Somebody else takes the name.
        bed.bed.mkdir(ROOT, what.to.substring(1));
        IOException refused = null;
        while (refused == null) {
          try {
            restoring.step();
          } catch (IOException e) {
            refused = e;
          }
        }
        assertThat(refused).hasMessageContaining(Errno.EEXIST.text());
      }
      bed.nothingElseIsLeft();
    }
  }
}
