package dfs.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * That an inode has no extended attributes is believed only as long as nothing can have set one.
 */
class PlainInodesTest {
  private static final long INO = 7;
  private static final ByteString NAME = ByteString.copyFromUtf8("user.x");
  private static final Operation STAT = new Query.GetAttributes(INO);
  private static final Operation GET = new Query.GetXattr(INO, NAME);
  private static final Operation SET =
      new Change.SetXattr(INO, NAME, ByteString.copyFromUtf8("1"), 0);

  private final PlainInodes plain = new PlainInodes();

  private static Reply entry(int flags) {
    return new Reply.Entry(
        new Attributes(INO, FileType.REGULAR, 0644, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, flags));
  }

  private void learn(Operation operation, Reply reply) {
    PlainInodes.Question question = plain.begin(operation, 1);
    question.answered(reply);
    question.end();
  }

  @Test
  void answersForAnInodeThatHasNone() {
    assertThat(plain.answer(GET, 1)).isNull();
    learn(STAT, entry(0));
    assertThat(plain.answer(GET, 1)).isInstanceOf(Reply.Refused.class);
    assertThat(plain.answer(new Query.ListXattrs(INO), 1)).isEqualTo(new Reply.Names(List.of()));
    assertThat(plain.answer(new Query.GetXattr(8, NAME), 1)).isNull();
    assertThat(plain.answer(STAT, 1)).isNull();
  }

  @Test
  void knowsNothingOfOneThatHasSome() {
    learn(STAT, entry(Attributes.FLAG_XATTRS));
    assertThat(plain.answer(GET, 1)).isNull();
  }

  @Test
  void forgetsWithTheEpoch() {
    learn(STAT, entry(0));
    assertThat(plain.answer(GET, 2)).isNull();
  }

  @Test
  void forgetsWhenOneIsSet() {
    learn(STAT, entry(0));
    learn(SET, Reply.Done.DONE);
    assertThat(plain.answer(GET, 1)).isNull();
  }

  /** The attributes were read before one was set, and come after that was answered. */
  @Test
  void believesNoAttributesThatWereAskedForBeforeOneWasSet() {
    PlainInodes.Question slow = plain.begin(STAT, 1);
    learn(SET, Reply.Done.DONE);
    slow.answered(entry(0));
    slow.end();
    assertThat(plain.answer(GET, 1)).isNull();
  }

  /** Asked for while one was being set: read before it or after, nobody knows. */
  @Test
  void believesNoAttributesThatWereAskedForWhileOneWasBeingSet() {
    PlainInodes.Question setting = plain.begin(SET, 1);
    PlainInodes.Question slow = plain.begin(STAT, 1);
    setting.answered(Reply.Done.DONE);
    setting.end();
    slow.answered(entry(0));
    slow.end();
    assertThat(plain.answer(GET, 1)).isNull();
  }
}
