package dfs.client.file;

import static dfs.client.file.Volume.attributes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.BlockEnd;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What open files promise, over a volume and blocks that do as they are told. */
@Timeout(60)
class OpenFilesTest {
  private static final byte[] DATA = new byte[10_000];

  private final Volume volume = new Volume();
  private final Blocks blocks = new Blocks();
  private final StillTime time = new StillTime();
  private final OpenFiles files = new OpenFiles(volume, blocks, time);

  private long open(long ino) {
    return files.open(attributes(ino, 0, 1, 0));
  }

  private void write(long handle, long offset, byte[] bytes) throws IOException {
    files.write(handle, offset, ByteBuffer.wrap(bytes), false, false);
  }

  /** Two files share a block; the flush of one fails, and the other's comes right after it. */
  @Test
  void aBlockThatBrokeForOneFileIsNamedForNoOther() throws Exception {
    for (int round = 0; round < 50; round++) {
      Volume session = new Volume();
      Blocks breaking = new Blocks();
      breaking.breaks = true;
      try (OpenFiles shared = new OpenFiles(session, breaking, new StillTime());
          ExecutorService threads = Executors.newFixedThreadPool(2)) {
        List<Future<?>> syncs = new ArrayList<>();
        for (long ino : new long[] {7, 8}) {
          long handle = shared.open(attributes(ino, 0, 1, 0));
          shared.write(handle, 0, ByteBuffer.wrap(DATA), false, false);
          syncs.add(
              threads.submit(
                  () -> {
                    shared.sync(handle);
                    return null;
                  }));
        }
        for (Future<?> sync : syncs) {
          sync.get();
        }
      }
      assertThat(session.commits).isNotEmpty();
      for (Change.Commit commit : session.commits) {
        assertThat(commit.extents()).noneMatch(extent -> extent.block() == 1);
      }
    }
  }

  /** What it holds is committed, and no commit is left to say that it ended. */
  @Test
  void aBlockThatBreaksIsEndedWhereItWasDurable() throws Exception {
    long handle = open(7);
    write(handle, 0, DATA);
    files.sync(handle);
    blocks.refuses = 1;
    write(handle, DATA.length, DATA);
    files.sync(handle);
    assertThat(volume.ends).containsExactly(new BlockEnd(1, 1, DATA.length, true));
    assertThat(volume.commits.getLast().extents().getFirst().block()).isEqualTo(2);
  }

  /** Its server is away: nobody ever writes it. */
  @Test
  void aBlockThatCannotBeStartedEndsEmpty() throws Exception {
    blocks.absent = 1;
    long handle = open(7);
    write(handle, 0, DATA);
    files.sync(handle);
    assertThat(volume.ends).containsExactly(new BlockEnd(1, 1, 0, true));
    assertThat(volume.commits.getLast().extents().getFirst().block()).isEqualTo(2);
  }

  /** Its servers have no room, and heartbeats have not said so yet: others may have some. */
  @Test
  void aBlockWithoutRoomIsNotTheEnd() throws Exception {
    blocks.full = 1;
    long handle = open(7);
    write(handle, 0, DATA);
    files.sync(handle);
    assertThat(volume.ends).containsExactly(new BlockEnd(1, 1, 0, true));
    assertThat(volume.commits.getLast().extents().getFirst().block()).isEqualTo(2);
  }

  @Test
  void whoWritesHearsThatThereIsNoRoom() throws Exception {
    blocks.full = Long.MAX_VALUE;
    long handle = open(7);
    write(handle, 0, DATA);
    assertThatThrownBy(() -> files.sync(handle))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC));
    assertThatThrownBy(() -> write(handle, 0, DATA)).hasRootCauseInstanceOf(RefusedException.class);
    assertThat(volume.commits).isEmpty();
  }

  /** What was removed a moment ago is room for what is written now. */
  @Test
  void whoWritesWaitsWhileRoomIsMade() throws Exception {
    volume.busy = 5;
    long handle = open(7);
    write(handle, 0, DATA);
    files.sync(handle);
    assertThat(volume.commits).hasSize(1);
    assertThat(volume.busy).isZero();
    volume.busy = Integer.MAX_VALUE;
    long large = open(8);
    assertThatThrownBy(() -> write(large, 0, new byte[(int) FileWriter.SPILL_BYTES]))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC));
  }

  /** Somebody may start a chunk server meanwhile. */
  @Test
  void whoWritesWithTooFewServersWaitsThenHearsWhy() throws Exception {
    volume.few = 1000;
    long handle = open(7);
    write(handle, 0, DATA);
    assertThatThrownBy(() -> files.sync(handle))
        .hasMessageStartingWith("no block: too few chunk servers are here");
    assertThat(volume.few).as("asked twenty times").isEqualTo(980);
    assertThat(time.monotonicNanos()).as("a second between").isEqualTo(1 + 18_000_000_000L);
    assertThatThrownBy(() -> write(handle, 0, DATA))
        .rootCause()
        .hasMessageStartingWith("too few chunk servers are here");
    volume.few = 19;
    long other = open(8);
    write(other, 0, DATA);
    files.sync(other);
    assertThat(volume.few).isZero();
    assertThat(volume.commits).hasSize(1);
  }

  /** Nobody else would hear of it: the descriptor is closed and its writer gone. */
  @Test
  void closingWaitsWhenSpaceIsShort() throws Exception {
    long handle = open(7);
    write(handle, 0, DATA);
    files.flushSoon(handle);
    assertThat(volume.commits).isEmpty();
    volume.scarce = true;
    files.flushSoon(handle);
    assertThat(volume.commits).hasSize(1);
  }

  /** Bytes that are not committed yet are durable in the block that ends, and stay there. */
  @Test
  void blocksOnServersThatAreLeftEnd() throws Exception {
    long handle = open(7);
    write(handle, 0, DATA);
    files.sync(handle);
    files.endBlocksOn(Set.of(2L, 3L));
    assertThat(volume.ends).isEmpty();
    files.endBlocksOn(Set.of(1L, 2L));
    assertThat(volume.ends).containsExactly(new BlockEnd(1, 1, DATA.length, true));
    write(handle, DATA.length, DATA);
    files.sync(handle);
    assertThat(volume.commits.getLast().extents().getFirst().block()).isEqualTo(2);
    long large = open(8);
    write(large, 0, new byte[(int) FileWriter.SPILL_BYTES]);
    files.endBlocksOn(Set.of(1L));
    assertThat(volume.ends).as("not before all is committed").hasSize(2);
    files.sync(large);
    assertThat(volume.commits.getLast().ends())
        .containsExactly(new BlockEnd(3, 1, FileWriter.SPILL_BYTES, true));
  }

  /** The recall comes between a write's look at the lease and its bytes' arrival in memory. */
  @Test
  void aWriteBesideARecallIsFlushedByIt() throws Exception {
    long handle = open(7);
    CountDownLatch lowered = new CountDownLatch(1);
    try (ExecutorService recall = Executors.newSingleThreadExecutor()) {
      List<Future<?>> recalled = new ArrayList<>();
      volume.onLook =
          () -> {
            recalled.add(
                recall.submit(
                    () -> {
                      volume.lease = LeaseMode.NONE;
                      lowered.countDown();
                      files.syncAll();
                      assertThat(files.isDirty()).as("dirty when acknowledged").isFalse();
                      return null;
                    }));
            Blocks.await(lowered);
          };
      write(handle, 0, DATA);
      for (Future<?> each : recalled) {
        each.get();
      }
    }
    assertThat(volume.commits).hasSize(1);
  }

  @Test
  void aFileThatOutgrowsTheMetadataIsCommittedAtOnce() throws Exception {
    volume.inline = ByteString.copyFrom(new byte[Limits.INLINE_BYTES]);
    blocks.roomBytes = Limits.BLOCK_BYTES - 16;
    long handle = files.open(attributes(7, Limits.INLINE_BYTES, 1, Attributes.FLAG_INLINE));
    write(handle, Limits.INLINE_BYTES, DATA);
    files.sync(handle);
    assertThat(volume.commits).hasSize(1);
    assertThat(volume.commits.getFirst().extents().getLast().fileEnd())
        .isEqualTo(Limits.INLINE_BYTES + DATA.length);
  }

  /** The file was committed and forgotten while the answer was on its way. */
  @Test
  void anAnswerFromBeforeACommitIsNotWhatTheFileIs() throws Exception {
    Attributes before = attributes(7, 0, 1, 0);
    OpenFiles.Look look = files.look();
    long handle = files.open(before);
    write(handle, 0, DATA);
    files.sync(handle);
    assertThat(files.seen(before).sizeBytes()).as("while it is open").isEqualTo(DATA.length);
    files.release(handle);
    files.syncAll();
    files.close();
    assertThat(files.inUse(7)).isFalse();
    assertThat(files.seen(before).sizeBytes()).as("when it is closed").isEqualTo(DATA.length);
    long again = files.open(before);
    assertThat(files.seen(before).sizeBytes()).as("open again").isEqualTo(DATA.length);
    files.release(again);
    Attributes others = attributes(7, 5, 100, 0);
    assertThat(files.seen(others)).as("changed elsewhere since").isEqualTo(others);
    look.close();
    assertThat(files.seen(before)).as("a look that begins now").isEqualTo(before);
  }

  @Test
  void anAppendThatBuildsOnTheEndIsCommittedAtOnce() throws Exception {
    volume.lease = LeaseMode.NONE;
    blocks.roomBytes = Limits.BLOCK_BYTES - 16;
    long handle = open(7);
    files.write(handle, 0, ByteBuffer.wrap(DATA), true, false);
    assertThat(volume.commits).hasSize(1);
    assertThat(volume.commits.getFirst().expectedChange()).isNotZero();
    assertThat(volume.commits.getFirst().extents()).hasSize(2);
  }

  /** The file was emptied by somebody: what is written goes into what it is now. */
  @Test
  void whatIsWrittenGoesIntoTheNewMapOfAnEmptiedFile() throws Exception {
    long handle = open(7);
    write(handle, 0, DATA);
    volume.map = 99;
    files.sync(handle);
    assertThat(volume.commits.getLast().map()).isEqualTo(99);
    assertThat(files.isDirty()).isFalse();
    write(handle, 0, new byte[10]);
    volume.map = 100;
    files.sync(handle);
    assertThat(volume.commits.getLast().map()).isEqualTo(100);
    assertThat(files.isDirty()).isFalse();
  }

  /** Somebody emptied it and wrote a little. */
  @Test
  void whatIsWrittenGoesBesideWhatIsInTheNewMapOfAnEmptiedFile() throws Exception {
    long handle = open(7);
    write(handle, 6, utf8(" and this").toByteArray());
    volume.map = 99;
    volume.inline = utf8("others");
    volume.flags = Attributes.FLAG_INLINE;
    files.sync(handle);
    assertThat(volume.commits.getLast().map()).isEqualTo(99);
    assertThat(volume.commits.getLast().inline()).isEqualTo(utf8("others and this"));
  }

  /** Without a lease it may be filled between the look at it and the commit. */
  @Test
  void whatOthersWriteIntoTheNewMapOfAnEmptiedFileIsNotReplaced() throws Exception {
    volume.lease = LeaseMode.NONE;
    long handle = files.open(attributes(7, 10_000, 1, 0));
    volume.sizeBytes = 10_000;
    volume.onCommit = () -> volume.map = 99;
    files.write(handle, 0, ByteBuffer.wrap(new byte[10]), false, false);
    assertThat(volume.commits.getLast().map()).isEqualTo(99);
    assertThat(volume.commits.getLast().expectedChange()).isNotZero();
  }

  @Test
  void whatIsWrittenBesideTheEmptyingCountsAsWrittenBefore() throws Exception {
    long handle = open(7);
    write(handle, 0, DATA);
    Reply reply =
        files.empty(
            7,
            () -> {
              assertThat(volume.commits).as("what was written before").hasSize(1);
              write(handle, DATA.length, DATA);
              volume.map = 99;
              return new Reply.Entry(volume.now(7));
            });
    assertThat(reply).isInstanceOf(Reply.Entry.class);
    assertThat(files.isDirty()).isFalse();
    assertThat(files.seen(volume.now(7)).sizeBytes()).isZero();
  }

  /** Whoever opens it next begins anew; nothing of it is held on to. */
  @Test
  void anErrorEndsWithTheLastHandle() throws Exception {
    long handle = open(7);
    write(handle, 0, DATA);
    volume.refusal = Errno.ENOSPC;
    assertThatThrownBy(() -> files.sync(handle)).isInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> write(handle, 0, DATA)).hasMessageContaining("earlier write");
    files.release(handle);
    assertThat(files.inUse(7)).isFalse();
    volume.refusal = Errno.OK;
    long next = open(7);
    write(next, 0, DATA);
    files.sync(next);
  }

  /** Its block has not ended, and it is kept here for that alone. */
  @Test
  void whatIsClosedAndWrittenIsNotSaidToBeOpen() throws Exception {
    long handle = open(7);
    write(handle, 0, new byte[(int) FileWriter.SPILL_BYTES]);
    assertThat(files.opened()).containsOnly(Map.entry(7L, 1));
    files.sync(handle);
    files.release(handle);
    assertThat(files.inUse(7)).isTrue();
    assertThat(files.opened()).isEmpty();
  }

  @Test
  void whatIsLostWithItsSessionIsNamedAndLetGo() throws Exception {
    long handle = open(7);
    open(8);
    write(handle, 0, DATA);
    assertThat(files.fail(new IOException("the session is over"))).containsExactly(7L);
    assertThatThrownBy(() -> files.sync(handle)).hasMessageContaining("the session is over");
    files.abandon();
    assertThat(files.bytesInMemory()).isZero();
    assertThatThrownBy(() -> files.sync(handle)).hasMessageContaining("the session is over");
    assertThat(volume.commits).isEmpty();
    files.release(handle);
    assertThat(files.inUse(7)).isFalse();
  }

  /** Who asks for it to be durable hears that it is not, however late it was written. */
  @Test
  void whatIsWrittenBeforeItIsAbandonedIsNotTakenForDurable() throws Exception {
    OpenFiles late = new OpenFiles(volume, blocks, new StillTime());
    long handle = late.open(attributes(7, 0, 1, 0));
    late.writeLater(handle, 0, ByteBuffer.wrap(DATA), false);
    late.abandon();
    assertThatThrownBy(() -> late.sync(handle)).hasMessageContaining("the session is over");
    assertThat(volume.commits).isEmpty();
  }

  /** The lease came back before what the kernel wrote back without it was committed. */
  @Test
  void whatWasWrittenBackIsOlderThanWhatIsWrittenUnderANewLease() throws Exception {
    volume.lease = LeaseMode.NONE;
    long handle = open(7);
    files.writeBack(handle, 0, utf8("old").asReadOnlyByteBuffer());
    volume.lease = LeaseMode.EXCLUSIVE;
    write(handle, 0, utf8("new").toByteArray());
    ByteBuffer read = ByteBuffer.allocate(3);
    files.read(handle, 0, read);
    assertThat(ByteString.copyFrom(read.flip())).isEqualTo(utf8("new"));
    files.sync(handle);
    assertThat(volume.commits.getLast().inline()).isEqualTo(utf8("new"));
  }

  @Test
  void whatIsWrittenBackUnderANewLeaseIsTheNewest() throws Exception {
    volume.lease = LeaseMode.NONE;
    long handle = open(7);
    files.writeBack(handle, 0, utf8("old").asReadOnlyByteBuffer());
    volume.lease = LeaseMode.EXCLUSIVE;
    files.writeBack(handle, 0, utf8("new").asReadOnlyByteBuffer());
    files.sync(handle);
    assertThat(volume.commits.getLast().inline()).isEqualTo(utf8("new"));
  }

  /** Somebody else filled it while this one had no lease and looked at nothing. */
  @Test
  void whatOthersWroteWithoutALeaseStaysWhenItIsBack() throws Exception {
    long handle = open(7);
    volume.inline = utf8("others");
    volume.sizeBytes = volume.inline.size();
    volume.flags = Attributes.FLAG_INLINE;
    files.expire(null);
    write(handle, volume.inline.size(), utf8(" and this").toByteArray());
    files.sync(handle);
    assertThat(volume.commits.getLast().inline()).isEqualTo(utf8("others and this"));
  }

  /** Without a lease, between a write and its commit. */
  @Test
  void whatOthersCutMeanwhileIsNotFilledWithZeros() throws Exception {
    volume.lease = LeaseMode.NONE;
    long handle = files.open(attributes(7, 4000, 1, Attributes.FLAG_INLINE));
    files.writeLater(handle, 0, utf8("new").asReadOnlyByteBuffer(), false);
    volume.inline = utf8("old and short");
    volume.sizeBytes = volume.inline.size();
    volume.flags = Attributes.FLAG_INLINE;
    files.sync(handle);
    assertThat(volume.commits.getLast().inline()).isEqualTo(utf8("new and short"));
    assertThat(volume.commits.getLast().sizeBytes()).isEqualTo(volume.inline.size());
  }

  @Test
  void whatWasWrittenBackIsLostWithItsSession() throws Exception {
    volume.lease = LeaseMode.NONE;
    long handle = open(7);
    files.writeBack(handle, 0, ByteBuffer.wrap(DATA));
    assertThat(files.fail(new IOException("the session is over"))).containsExactly(7L);
    files.abandon();
    assertThat(files.bytesInMemory()).isZero();
    files.release(handle);
    assertThat(files.inUse(7)).isFalse();
  }

  /** The commit that was to tell its end is refused. */
  @Test
  void aFullBlockIsEndedThoughNothingInItCounts() throws Exception {
    blocks.roomBytes = Limits.BLOCK_BYTES - 16;
    long handle = open(7);
    write(handle, 0, DATA);
    volume.map = 99;
    files.sync(handle);
    assertThat(volume.commits.getLast().map()).isEqualTo(99);
    List<BlockEnd> ends = new ArrayList<>(volume.ends);
    volume.commits.forEach(commit -> ends.addAll(commit.ends()));
    assertThat(ends).contains(new BlockEnd(1, 1, Limits.BLOCK_BYTES, true));
  }

  private static ByteString utf8(String text) {
    return ByteString.copyFromUtf8(text);
  }
}
