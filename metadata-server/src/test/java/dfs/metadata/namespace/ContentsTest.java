package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.commit;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static dfs.metadata.namespace.NamespaceBed.extent;
import static dfs.metadata.namespace.NamespaceBed.inline;
import static dfs.metadata.namespace.NamespaceBed.name;
import static dfs.metadata.namespace.NamespaceBed.wish;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.BlockEnd;
import dfs.protocol.metadata.Change.SetAttributes;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What files consist of: commits, truncation, blocks and their owners. */
class ContentsTest {
  private static final long UNIT = 4096;
  private final NamespaceBed bed = NamespaceBed.inMemory();
  private final long file = bed.create(ROOT, "f");

  @AfterEach
  void agrees() {
    bed.check();
  }

  private List<Extent> extents() {
    return bed.map(file).extents();
  }

  private static Change.Commit withEnds(
      Change.Commit of, List<BlockEnd> ends, Change.BlockWish next) {
    return new Change.Commit(
        of.ino(),
        of.map(),
        of.extents(),
        of.hasInline(),
        of.inline(),
        of.sizeBytes(),
        of.modifyNanos(),
        of.killPrivileges(),
        ends,
        next);
  }

  @Test
  void inlineContentsAreReplacedAndTruncated() {
    bed.writeInline(file, "0123456789");
    Attributes attributes = bed.attributes(file);
    assertThat(attributes.isInline()).isTrue();
    assertThat(attributes.sizeBytes()).isEqualTo(10);
    assertThat(attributes.allocatedBytes()).isEqualTo(10);
    bed.truncate(file, 4);
    assertThat(bed.map(file).inline()).isEqualTo(name("0123"));
    bed.truncate(file, 100);
    assertThat(bed.attributes(file).sizeBytes()).isEqualTo(100);
    assertThat(bed.attributes(file).allocatedBytes()).isEqualTo(4);
    bed.truncate(file, 0);
    assertThat(bed.attributes(file).isInline()).isFalse();
    assertThat(bed.attributes(file).map()).isNotEqualTo(attributes.map());
    assertThat(errno(bed.change(inline(file, attributes.map(), "late")))).isEqualTo(Errno.ESTALE);
    assertThat(bed.map(file).inline()).isEqualTo(ByteString.EMPTY);
  }

  @Test
  void contiguousExtentsBecomeOne() {
    long block = bed.allocate();
    bed.write(file, extent(0, UNIT, block, 0));
    bed.write(file, extent(UNIT, UNIT, block, UNIT));
    assertThat(extents()).containsExactly(extent(0, 2 * UNIT, block, 0));
    bed.write(file, extent(2 * UNIT, UNIT, block, 9 * UNIT));
    assertThat(extents()).hasSize(2);
    assertThat(bed.attributes(file).sizeBytes()).isEqualTo(3 * UNIT);
    assertThat(bed.map(file).blocks().getFirst().servers()).containsExactly(1L, 2L);
  }

  @Test
  void overwritingCutsWhatLiesThere() {
    long block = bed.allocate();
    long other = bed.allocate();
    bed.write(file, extent(0, 10 * UNIT, block, 0));
    bed.write(file, extent(4 * UNIT, 2 * UNIT, other, 0));
    assertThat(extents())
        .containsExactly(
            extent(0, 4 * UNIT, block, 0),
            extent(4 * UNIT, 2 * UNIT, other, 0),
            extent(6 * UNIT, 4 * UNIT, block, 6 * UNIT));
    bed.write(file, extent(2 * UNIT, 6 * UNIT, other, 10 * UNIT));
    assertThat(extents())
        .containsExactly(
            extent(0, 2 * UNIT, block, 0),
            extent(2 * UNIT, 6 * UNIT, other, 10 * UNIT),
            extent(8 * UNIT, 2 * UNIT, block, 8 * UNIT));
    assertThat(bed.attributes(file).allocatedBytes()).isEqualTo(10 * UNIT);
    Reply page = bed.query(new Query.ReadMap(file, 3 * UNIT, UNIT));
    assertThat(((Reply.MapPage) page).extents())
        .containsExactly(extent(2 * UNIT, 6 * UNIT, other, 10 * UNIT));
  }

  @Test
  void truncationCutsAndOpenTruncTakesAFreshMap() {
    long block = bed.allocate();
    bed.write(file, extent(0, 10 * UNIT, block, 0));
    bed.truncate(file, 3 * UNIT + 5);
    assertThat(extents()).containsExactly(extent(0, 3 * UNIT + 5, block, 0));
    bed.truncate(file, 20 * UNIT);
    assertThat(extents()).containsExactly(extent(0, 3 * UNIT + 5, block, 0));
    long map = bed.attributes(file).map();
    bed.truncate(file, 0);
    assertThat(bed.attributes(file).map()).isNotEqualTo(map);
    assertThat(extents()).isEmpty();
    assertThat(errno(bed.change(commit(file, map, extent(0, 1, block, 0)))))
        .isEqualTo(Errno.ESTALE);
    assertThat(bed.namespace.survey().mapsToReap(9)).containsExactly(map);
    bed.upkeep(new Upkeep.ReapMap(map));
    assertThat(bed.namespace.survey().mapsToReap(9)).isEmpty();
    long fresh = bed.attributes(file).map();
    int valid = SetAttributes.SET_SIZE | SetAttributes.FRESH_MAP | SetAttributes.BY_HANDLE;
    bed.change(NamespaceBed.set(file, valid, 0, 0, 0, 0));
    assertThat(bed.attributes(file).map()).isNotEqualTo(fresh);
    assertThat(errno(bed.truncate(ROOT, 0))).isEqualTo(Errno.EISDIR);
    assertThat(errno(bed.truncate(bed.symlink(ROOT, "l", "t"), 0))).isEqualTo(Errno.EINVAL);
  }

  @Test
  void aFileLeavesTheMetadataWithItsFirstExtents() {
    bed.writeInline(file, "0123456789");
    long block = bed.allocate();
    assertThat(errno(bed.write(file, extent(UNIT, UNIT, block, UNIT)))).isEqualTo(Errno.EINVAL);
    assertThat(bed.map(file).inline()).isEqualTo(name("0123456789"));
    assertThat(errno(bed.write(file, extent(0, UNIT, block, 0), extent(UNIT, 9, block, 2 * UNIT))))
        .isEqualTo(Errno.OK);
    assertThat(bed.attributes(file).isInline()).isFalse();
    assertThat(bed.attributes(file).allocatedBytes()).isEqualTo(UNIT + 9);
    assertThat(errno(bed.writeInline(file, "small again"))).isEqualTo(Errno.EINVAL);
  }

  @Test
  void preallocatedRunsReadAsZerosUntilWritten() {
    Extent unwritten = new Extent(0, 8 * UNIT, 0, 0, true);
    bed.write(file, unwritten);
    assertThat(extents()).containsExactly(unwritten);
    assertThat(bed.map(file).blocks()).isEmpty();
    long block = bed.allocate();
    bed.write(file, extent(2 * UNIT, UNIT, block, 0));
    assertThat(extents())
        .containsExactly(
            new Extent(0, 2 * UNIT, 0, 0, true),
            extent(2 * UNIT, UNIT, block, 0),
            new Extent(3 * UNIT, 5 * UNIT, 0, 0, true));
    Extent tooLong = new Extent(8 * UNIT, Limits.BLOCK_BYTES + 1, 0, 0, true);
    assertThat(errno(bed.write(file, tooLong))).isEqualTo(Errno.EINVAL);
  }

  @Test
  void theLongestExtentIsFoundFromItsEnd() {
    long block = bed.allocate();
    bed.write(file, extent(5, Limits.BLOCK_BYTES, block, 0));
    Reply page = bed.query(new Query.ReadMap(file, Limits.BLOCK_BYTES + 4, 1));
    assertThat(((Reply.MapPage) page).extents()).hasSize(1);
    page = bed.query(new Query.ReadMap(file, Limits.BLOCK_BYTES + 5, 1));
    assertThat(((Reply.MapPage) page).extents()).isEmpty();
    bed.truncate(file, Limits.BLOCK_BYTES + 4);
    assertThat(extents()).containsExactly(extent(5, Limits.BLOCK_BYTES - 1, block, 0));
  }

  @Test
  void badCommitsAreRefusedWhole() {
    long block = bed.allocate();
    long map = bed.attributes(file).map();
    Attributes before = bed.attributes(file);
    assertThat(errno(bed.write(file, extent(9, 9, block, 0), extent(0, 3, block, 20))))
        .isEqualTo(Errno.EINVAL);
    assertThat(errno(bed.write(file, extent(0, 9, block, Limits.BLOCK_BYTES - 8))))
        .isEqualTo(Errno.EINVAL);
    assertThat(errno(bed.write(file, extent(0, 9, block, 0), extent(9, 9, 555, 0))))
        .isEqualTo(Errno.EINVAL);
    Change beyond =
        new Change.Commit(
            file,
            map,
            List.of(extent(0, 9, block, 0)),
            false,
            ByteString.EMPTY,
            8,
            0,
            false,
            List.of(),
            null);
    assertThat(errno(bed.change(beyond))).isEqualTo(Errno.EINVAL);
    assertThat(bed.attributes(file)).isEqualTo(before);
    assertThat(extents()).isEmpty();
  }

  /** What was written is durable; that there is no server for what comes next is no reason. */
  @Test
  void aCommitCountsAlsoWhenNoServerTakesTheNextBlock() {
    long block = bed.allocate();
    bed.placement.clear();
    Change wishing =
        withEnds(
            commit(file, bed.attributes(file).map(), extent(0, 9, block, 0)), List.of(), wish());
    Reply reply = bed.change(wishing);
    assertThat(reply).isInstanceOf(Reply.Committed.class);
    assertThat(((Reply.Committed) reply).next()).isNull();
    assertThat(extents()).containsExactly(extent(0, 9, block, 0));
    assertThat(errno(bed.change(new Change.AllocateBlock(wish())))).isEqualTo(Errno.ENOSPC);
  }

  /** The least key above all of such a map is shorter than the map's own. */
  @Test
  void aMapWhoseNumberEndsWithOnesIsReaped() {
    long number = file;
    while ((bed.attributes(number).map() & 0xff) != 0xff) {
      number = bed.create(ROOT, "n" + number);
    }
    bed.write(number, extent(0, UNIT, bed.allocate(), 0));
    long map = bed.attributes(number).map();
    bed.truncate(number, 0);
    assertThat(bed.namespace.survey().mapsToReap(9)).containsExactly(map);
    bed.upkeep(new Upkeep.ReapMap(map));
    assertThat(bed.namespace.survey().mapsToReap(9)).isEmpty();
  }

  @Test
  void aForeignSessionsBlockIsRefused() {
    long other = bed.openSession();
    long block = bed.allocate(other);
    assertThat(errno(bed.write(file, extent(0, 9, block, 0)))).isEqualTo(Errno.EPERM);
    assertThat(errno(bed.seal(block, 9, true))).isEqualTo(Errno.EPERM);
    Change commit = commit(file, bed.attributes(file).map(), extent(0, 9, block, 0));
    assertThat(errno(bed.change(other, Caller.ROOT, commit))).isEqualTo(Errno.OK);
    bed.upkeep(new Upkeep.FenceSession(other));
    assertThat(errno(bed.change(other, Caller.ROOT, commit))).isEqualTo(Errno.ESTALE);
    assertThat(errno(bed.upkeep(new Upkeep.EndSession(other)))).isEqualTo(Errno.EBUSY);
    bed.upkeep(new Upkeep.SealDead(List.of(new BlockEnd(block, 1, 9, true))));
    assertThat(errno(bed.upkeep(new Upkeep.EndSession(other)))).isEqualTo(Errno.OK);
    assertThat(bed.namespace.survey().session(other)).isNull();
    assertThat(extents()).containsExactly(extent(0, 9, block, 0));
  }

  @Test
  void aCommitSealsItsBlockAndTakesTheNext() {
    long block = bed.allocate();
    Change.Commit commit = commit(file, file, extent(0, UNIT, block, 0));
    Reply reply =
        bed.change(withEnds(commit, List.of(new BlockEnd(block, 1, 2 * UNIT, false)), wish()));
    Reply.Committed committed = (Reply.Committed) reply;
    assertThat(committed.next()).isNotNull();
    assertThat(committed.attributes()).isEqualTo(bed.attributes(file));
    assertThat(errno(bed.write(file, extent(UNIT, UNIT, block, UNIT)))).isEqualTo(Errno.OK);
    assertThat(errno(bed.write(file, extent(UNIT, 1, block, 2 * UNIT)))).isEqualTo(Errno.EINVAL);
    bed.seal(block, 2 * UNIT + 7, true);
    assertThat(bed.namespace.survey().block(block))
        .satisfies(
            b -> {
              assertThat(b).isNotNull();
              assertThat(b.state()).isEqualTo(Survey.BlockState.CLOSED);
              assertThat(b.lengthBytes()).isEqualTo(2 * UNIT);
            });
    assertThat(errno(bed.write(file, extent(UNIT, UNIT, block, UNIT)))).isEqualTo(Errno.EINVAL);
  }

  @Test
  void sizesGrowWithoutBytesToo() {
    Change grow =
        new Change.Commit(
            file, file, List.of(), false, ByteString.EMPTY, 77, 0, false, List.of(), null);
    assertThat(((Reply.Committed) bed.change(grow)).attributes().sizeBytes()).isEqualTo(77);
    assertThat(bed.attributes(file).sizeBytes()).isEqualTo(77);
  }

  @Test
  void onlyClosedBlocksThatNothingNamesDie() {
    long block = bed.allocate();
    long idle = bed.allocate();
    bed.write(file, extent(0, UNIT, block, 0));
    bed.seal(block, UNIT, true);
    assertThat(condemn(block, idle)).isEmpty();
    bed.seal(idle, 0, false);
    assertThat(condemn(block, idle)).isEmpty();
    bed.seal(idle, 0, true);
    assertThat(bed.namespace.survey().ownerless(0, 9)).containsExactly(idle);
    assertThat(condemn(block, idle)).containsExactly(idle);
    bed.truncate(file, 0);
    assertThat(condemn(block)).isEmpty();
    bed.reapMaps();
    assertThat(condemn(block)).containsExactly(block);
    bed.upkeep(new Upkeep.BlocksGone(List.of(block)));
    assertThat(bed.namespace.survey().block(block)).isNull();
    assertThat(bed.allocate()).isGreaterThan(idle);
  }

  private List<Long> condemn(Long... blocks) {
    return ((Reply.Progress) bed.upkeep(new Upkeep.CondemnBlocks(List.of(blocks)))).ids();
  }

  @Test
  void aWriteByOrdinaryUsersTakesSetuidAway() {
    bed.change(NamespaceBed.setMode(file, 06777));
    Change write =
        new Change.Commit(file, file, List.of(), true, name("x"), 1, 4711, true, List.of(), null);
    bed.change(write);
    assertThat(bed.attributes(file).mode()).isEqualTo(0777);
    assertThat(bed.attributes(file).modifyNanos()).isEqualTo(4711);
    assertThat(bed.attributes(file).changeNanos()).isEqualTo(bed.now());
  }
}
