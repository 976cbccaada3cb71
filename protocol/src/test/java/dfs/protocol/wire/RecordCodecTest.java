package dfs.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.ServerMessage;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RecordCodecTest {
  private static final Command COMMAND =
      new Command(
          1_700_000_000_000_000_001L,
          7,
          3,
          42,
          new Caller(1000, -2, List.of(0, 27)),
          List.of(5L, 0L),
          ByteString.copyFromUtf8("salt"),
          new Change.Commit(
              9,
              9,
              List.of(new Extent(0, 10, 4, 100, false), new Extent(10, 1, 0, 0, true)),
              false,
              ByteString.EMPTY,
              11,
              -1,
              true,
              List.of(new Change.BlockEnd(4, 1, 110, true)),
              new Change.BlockWish(true, false, 9, 0),
              0));

  @Test
  void commandsComeBackAsTheyWent() throws MalformedMessageException {
    assertThat(Command.CODEC.decode(Command.CODEC.encode(COMMAND))).isEqualTo(COMMAND);
  }

  @Test
  void nestedSealedMessagesComeBack() throws MalformedMessageException {
    ClientMessage request =
        new ClientMessage.Request(
            0, 1, 0, Caller.ROOT, new Query.Lookup(1, ByteString.copyFrom(new byte[] {-1, 10})));
    assertThat(ClientMessage.CODEC.decode(ClientMessage.CODEC.encode(request))).isEqualTo(request);
    ServerMessage answer =
        new ServerMessage.Answer(0, 1, Reply.refused(Errno.ENOENT, "no name \"x\" in inode 1"));
    assertThat(ServerMessage.CODEC.decode(ServerMessage.CODEC.encode(answer))).isEqualTo(answer);
  }

  /** Changing these bytes changes what lies in every log. */
  @Test
  void theBytesAreThoseOfTheFirstDay() {
    Change.MakeDirectory make = new Change.MakeDirectory(1, ByteString.copyFromUtf8("d"), 493, 18);
    Command command = new Command(1, 2, 3, 4, Caller.ROOT, List.of(), ByteString.EMPTY, make);
    assertThat(HexFormat.of().formatHex(Command.CODEC.encode(command)))
        .isEqualTo("08011002180320042a00420c120a0801120164" + "18ed032012");
  }

  @Test
  void fieldsOfANewerWriterAreSkipped() throws MalformedMessageException {
    byte[] known = RecordCodec.of(Change.AccessTime.class).encode(new Change.AccessTime(3, 4));
    ByteString longer =
        ByteString.copyFrom(known).concat(ByteString.copyFrom(new byte[] {0x7a, 2, 1, 1}));
    assertThat(RecordCodec.of(Change.AccessTime.class).decode(longer))
        .isEqualTo(new Change.AccessTime(3, 4));
  }

  @Test
  void damagedBytesAreRefusedAndNothingElse() {
    byte[] good = Command.CODEC.encode(COMMAND);
    long seed = 20_261_124;
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < 2000; i++) {
      byte[] bad = good.clone();
      bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
      try {
        Command.CODEC.decode(bad);
      } catch (MalformedMessageException e) {
        refused++;
      }
    }
    assertThat(refused).as("refused of 2000, seed %d", seed).isPositive();
    for (int length = 0; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      try {
        assertThat(Command.CODEC.decode(cut)).isNotEqualTo(COMMAND);
      } catch (MalformedMessageException e) {
        assertThat(e).hasMessageContaining("Command");
      }
    }
  }

  @Test
  void aRecordWithoutATagIsNoMessage() {
    assertThatThrownBy(() -> RecordCodec.of(Untagged.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("@Tag");
  }

  /** A sealed interface that forgot its tag. */
  public sealed interface Untagged {
    /** The record in it. */
    record Lonely(int x) implements Untagged {}
  }
}
