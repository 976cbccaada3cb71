package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static dfs.metadata.namespace.NamespaceBed.extent;
import static dfs.metadata.namespace.NamespaceBed.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Order;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Sessions, their slots, and what the servers themselves order. */
class SessionsTest {
  private final NamespaceBed bed = NamespaceBed.inMemory();

  @AfterEach
  void agrees() {
    bed.check();
  }

  private Reply inSlot(int slot, long sequence, Order order) {
    return bed.apply(bed.command(bed.session, slot, sequence, Caller.ROOT, order));
  }

  @Test
  void aRepeatIsAnsweredAndNotRunAgain() {
    Change create = new Change.CreateFile(ROOT, name("f"), 0644, 0, false);
    Reply first = inSlot(3, 1, create);
    assertThat(inSlot(3, 1, create)).isEqualTo(first);
    long ino = ((Reply.Entry) first).attributes().ino();
    Reply linked = inSlot(3, 2, new Change.Link(ino, ROOT, name("g")));
    assertThat(inSlot(3, 2, new Change.Link(ino, ROOT, name("g")))).isEqualTo(linked);
    assertThat(bed.attributes(ino).links()).isEqualTo(2);
    assertThat(errno(inSlot(3, 1, create))).isEqualTo(Errno.ESTALE);
    Change unlink = new Change.Unlink(ROOT, name("g"));
    Reply removed = inSlot(3, 3, unlink);
    assertThat(inSlot(3, 3, unlink)).isEqualTo(removed);
    Reply refused = inSlot(4, 1, unlink);
    assertThat(errno(refused)).isEqualTo(Errno.ENOENT);
    bed.link(ino, ROOT, "g");
    assertThat(errno(inSlot(4, 1, unlink))).isEqualTo(Errno.ENOENT);
    assertThat(errno(inSlot(4, 2, unlink))).isEqualTo(Errno.OK);
    Change rename = new Change.Rename(ROOT, name("f"), ROOT, name("h"), 0);
    assertThat(inSlot(5, 1, rename)).isEqualTo(new Reply.Removed(null));
    assertThat(inSlot(5, 1, rename)).isEqualTo(new Reply.Removed(null));
  }

  /** A refusal becomes the answer to what the session was to do: it must not be one of that. */
  @Test
  void aSessionWithItsNumberBeginsOnce() {
    long id = Limits.SESSION_OF_TERM + 5;
    Upkeep.OpenSession anns = new Upkeep.OpenSession("host", false, false, 1000, id);
    assertThat(bed.upkeep(anns)).isEqualTo(new Reply.Session(id, 1));
    assertThat(bed.upkeep(anns)).isEqualTo(new Reply.Session(id, 1));
    for (Upkeep.OpenSession other :
        List.of(
            new Upkeep.OpenSession("host", false, true, 0, id),
            new Upkeep.OpenSession("host", true, false, 1000, id),
            new Upkeep.OpenSession("host", false, false, 1001, id))) {
      assertThat(errno(bed.upkeep(other))).isEqualTo(Errno.EIO);
    }
    bed.upkeep(new Upkeep.FenceSession(id));
    assertThat(bed.upkeep(anns))
        .isEqualTo(Reply.refused(Errno.EIO, "there is another session " + id));
  }

  @Test
  void repeatsOfBlocksAndCommitsGiveTheSameBlocks() {
    Change allocate = new Change.AllocateBlock(NamespaceBed.wish());
    Reply.Allocated allocated = (Reply.Allocated) inSlot(2, 100, allocate);
    assertThat(inSlot(2, 100, allocate)).isEqualTo(allocated);
    long file = bed.create(ROOT, "f");
    Change commit =
        new Change.Commit(
            file,
            file,
            List.of(extent(0, 9, allocated.grant().block(), 0)),
            false,
            ByteString.EMPTY,
            9,
            0,
            false,
            List.of(new Change.BlockEnd(allocated.grant().block(), 1, 9, true)),
            NamespaceBed.wish());
    Reply committed = inSlot(1, 101, commit);
    assertThat(committed).isInstanceOf(Reply.Committed.class);
    assertThat(inSlot(1, 101, commit)).isEqualTo(committed);
    assertThat(bed.namespace.survey().allocationMark()).isEqualTo(allocated.grant().block() + 2);
  }

  @Test
  void aRepeatInTheSameBatchIsAnsweredToo() {
    Change create = new Change.CreateFile(ROOT, name("f"), 0644, 0, false);
    Command first = bed.command(bed.session, 9, 1, Caller.ROOT, create);
    Command again = bed.command(bed.session, 9, 1, Caller.ROOT, create);
    List<Reply> replies = bed.namespace.apply(1000, List.of(first, again));
    assertThat(replies.get(1)).isEqualTo(replies.get(0));
    assertThat(bed.namespace.appliedIndex()).isEqualTo(1000);
  }

  @Test
  void onlyLiveSessionsAndTheirSlotsCount() {
    Change create = new Change.CreateFile(ROOT, name("f"), 0644, 0, false);
    assertThat(errno(bed.change(4711, Caller.ROOT, create))).isEqualTo(Errno.ESTALE);
    assertThat(errno(inSlot(Limits.SESSION_SLOTS, 1, create))).isEqualTo(Errno.EINVAL);
    assertThat(errno(inSlot(-1, 1, create))).isEqualTo(Errno.EINVAL);
    long other = bed.openSession();
    assertThat(bed.namespace.survey().sessions()).hasSize(2);
    assertThat(errno(bed.upkeep(new Upkeep.EndSession(other)))).isEqualTo(Errno.EBUSY);
    bed.change(other, Caller.ROOT, create);
    bed.upkeep(new Upkeep.FenceSession(other));
    assertThat(errno(bed.change(other, Caller.ROOT, create))).isEqualTo(Errno.ESTALE);
    bed.upkeep(new Upkeep.EndSession(other));
    bed.upkeep(new Upkeep.EndSession(other));
    assertThat(bed.namespace.survey().sessions()).hasSize(1);
    assertThat(bed.openSession()).isGreaterThan(other);
  }

  @Test
  void aRefusedCommandInABatchUndoesNoOther() {
    long file = bed.create(ROOT, "f");
    bed.tick(NamespaceBed.SECOND);
    Command grow =
        bed.command(bed.session, 1, 1, Caller.ROOT, NamespaceBed.inline(file, file, "12"));
    Command refused =
        bed.command(
            bed.session,
            2,
            1,
            NamespaceBed.ANN,
            NamespaceBed.set(
                file,
                Change.SetAttributes.SET_SIZE | Change.SetAttributes.SET_MODE,
                0777,
                0,
                0,
                1));
    Command after = bed.command(bed.session, 3, 1, Caller.ROOT, NamespaceBed.setMode(file, 0600));
    List<Reply> replies = bed.namespace.apply(2000, List.of(grow, refused, after));
    assertThat(replies.stream().map(NamespaceBed::errno))
        .containsExactly(Errno.OK, Errno.EPERM, Errno.OK);
    Attributes attributes = bed.attributes(file);
    assertThat(attributes.sizeBytes()).isEqualTo(2);
    assertThat(attributes.mode()).isEqualTo(0600);
  }

  @Test
  void stampsNeverRunBackwards() {
    long file = bed.create(ROOT, "f");
    bed.tick(-5 * NamespaceBed.SECOND);
    bed.change(NamespaceBed.setMode(file, 0600));
    assertThat(bed.attributes(file).changeNanos()).isGreaterThan(bed.attributes(file).birthNanos());
  }

  @Test
  void chunkServersKeepTheirIds() {
    Upkeep first = new Upkeep.RegisterServer("a", "a:1", name("dir-a"));
    Reply.Session a = (Reply.Session) bed.upkeep(first);
    Reply.Session b =
        (Reply.Session) bed.upkeep(new Upkeep.RegisterServer("b", "b:1", name("dir-b")));
    assertThat(b.id()).isNotEqualTo(a.id());
    Reply moved = bed.upkeep(new Upkeep.RegisterServer("c", "c:1", name("dir-a")));
    assertThat(moved).isEqualTo(a);
    assertThat(bed.namespace.survey().servers())
        .extracting(Survey.Server::host)
        .containsExactly("c", "b");
  }

  @Test
  void aVolumeIsFormattedOnce() {
    assertThat(errno(bed.upkeep(new Upkeep.Format(name("other"), 0, 0)))).isEqualTo(Errno.EEXIST);
    assertThat(bed.namespace.survey().cluster()).isEqualTo(name("a volume"));
    assertThat(bed.namespace.survey().sole()).isFalse();
    bed.upkeep(new Upkeep.Sole());
    assertThat(bed.namespace.survey().sole()).isTrue();
  }
}
