package dfs.client.block;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockFault.Kind;
import dfs.protocol.metadata.Reply.BlockGrant;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** On whom it is blamed that a block cannot be written, and for how long. */
class SuspectsTest {
  private final Set<String> silent = new HashSet<>();
  private long nanos;

  private final Suspects suspects =
      new Suspects(
          new Time() {
            @Override
            public long monotonicNanos() {
              return nanos;
            }

            @Override
            public long wallNanos() {
              return nanos;
            }

            @Override
            public Timer after(long delay, TimeUnit unit, Runnable task) {
              return () -> {};
            }
          },
          silent::contains);

  private static final BlockGrant GRANT =
      new BlockGrant(
          1,
          1,
          false,
          true,
          List.of(11L, 12L, 13L),
          List.of("unix:/c/1", "unix:/c/2", "unix:/c/21"),
          ByteString.EMPTY);

  @Test
  void whoDoesNotAnswerIsSuspectForTenSeconds() {
    suspects.blame(GRANT, new IOException("the server at /c/1 did not answer in time"));
    assertThat(suspects.now()).containsExactly(11L);
    nanos += TimeUnit.SECONDS.toNanos(10);
    assertThat(suspects.now()).containsExactly(11L);
    nanos++;
    assertThat(suspects.now()).isEmpty();
  }

  @Test
  void whoAnswersNobodyIsSuspectAsLongAsItDoesNot() {
    silent.add("unix:/c/21");
    assertThat(suspects.now()).as("nobody has heard of it").isEmpty();
    suspects.know(GRANT);
    suspects.blame(GRANT, new IOException("the server at /c/1 did not answer in time"));
    assertThat(suspects.now()).containsExactly(11L, 13L);
    silent.clear();
    assertThat(suspects.now()).containsExactly(11L);
  }

  @Test
  void theMemberThatTheFaultNamesIsSuspect() {
    suspects.blame(
        GRANT, new BlockFault(Kind.MEMBER_FAILED, "block 1 failed on unix:/c/21: it is away"));
    assertThat(suspects.now()).containsExactly(13L);
  }

  @Test
  void nobodyIsSuspectForWhatIsWrongWithTheRequest() {
    suspects.blame(GRANT, new BlockFault(Kind.NO_SPACE, "full"));
    suspects.blame(GRANT, new BlockFault(Kind.FORBIDDEN, "expired"));
    suspects.blame(GRANT, new BlockFault(Kind.NOT_WRITABLE, "it is sealed"));
    assertThat(suspects.now()).isEmpty();
  }
}
