package dfs.metadata.gateway;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.metadata.gateway.GatewayBed.Client;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Peer;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.LeaseMode;
import dfs.protocol.session.ServerMessage;
import org.junit.jupiter.api.Test;

/** After a restart nobody passes by what a mount holds that has not come back yet. */
class AbsenteesTest {
  private static final long CLAIMED_NANOS = 8_000_000_000L;
  private static final Query READ = new Query.GetAttributes(Attributes.ROOT_INO);

  private final GatewayBed bed = new GatewayBed();
  private final ServerMessage.Welcome holder = welcome(bed.mount());
  private final ServerMessage.Welcome other = welcome(bed.mount());

  AbsenteesTest() throws Exception {
    assertThat(holder.granted()).isEqualTo(LeaseMode.EXCLUSIVE);
    bed.restart();
  }

  private static ServerMessage.Welcome welcome(Client client) {
    return requireNonNull(client.last(ServerMessage.Welcome.class));
  }

  private Client back(ServerMessage.Welcome known, LeaseMode held) {
    return bed.client(Peer.LOCAL).resumeMount(known, held);
  }

  private static Change makeDirectory(String name) {
    return new Change.MakeDirectory(Attributes.ROOT_INO, ByteString.copyFromUtf8(name), 0777, 0);
  }

  private static void expectAnswer(Client client) {
    assertThat(client.answer(client.asked())).isInstanceOf(Reply.Entry.class);
  }

  /** It flushes first, as if the server had not been started again. */
  @Test
  void whatIsHeldIsRecalledWhenItsHolderIsBack() {
    Client early = back(other, LeaseMode.NONE);
    assertThat(early.ask(Caller.ROOT, makeDirectory("a"))).isNull();
    Client late = back(holder, LeaseMode.EXCLUSIVE);
    assertThat(welcome(late).granted()).isEqualTo(LeaseMode.EXCLUSIVE);
    assertThat(early.answer(early.asked())).isNull();
    ServerMessage.Recall recall = requireNonNull(late.last(ServerMessage.Recall.class));
    assertThat(recall.to()).isEqualTo(LeaseMode.NONE);
    assertThat(late.ask(Caller.ROOT, makeDirectory("flushed"))).isInstanceOf(Reply.Entry.class);
    late.say(new ClientMessage.Acknowledge(recall.recall(), false));
    expectAnswer(early);
  }

  /** Tools too would read what is older than what was answered to a mount. */
  @Test
  void aReadOfAToolWaits() {
    Client tool = bed.client(Peer.LOCAL).greet(false, GatewayBed.KEY);
    assertThat(tool.ask(Caller.ROOT, READ)).isNull();
    back(holder, LeaseMode.NONE);
    assertThat(tool.answer(tool.asked())).isNull();
    back(other, LeaseMode.NONE);
    expectAnswer(tool);
  }

  @Test
  void whoDoesNotComeBackIsWaitedForNoLonger() {
    Client early = back(other, LeaseMode.NONE);
    assertThat(early.ask(Caller.ROOT, makeDirectory("a"))).isNull();
    bed.clock.nanos += CLAIMED_NANOS;
    bed.tick();
    expectAnswer(early);
  }

  @Test
  void theHolderWaitsForNobody() {
    Client exclusive = back(holder, LeaseMode.EXCLUSIVE);
    assertThat(exclusive.ask(Caller.ROOT, makeDirectory("a"))).isInstanceOf(Reply.Entry.class);
  }

  /** What nobody changes it may read, but others may rely on what it would change. */
  @Test
  void whoSharesTheVolumeReadsAndDoesNotChange() {
    Client shared = back(holder, LeaseMode.SHARED);
    assertThat(shared.ask(Caller.ROOT, READ)).isInstanceOf(Reply.Entry.class);
    assertThat(shared.ask(Caller.ROOT, makeDirectory("a"))).isNull();
    back(other, LeaseMode.SHARED);
    assertThat(shared.answer(shared.asked())).isNull();
  }

  /** Who asked over a stream that broke asks again over the next. */
  @Test
  void whatABrokenStreamBroughtIsNotDone() {
    Client early = back(other, LeaseMode.NONE);
    assertThat(early.ask(Caller.ROOT, makeDirectory("a"))).isNull();
    early.close();
    Client exclusive = back(holder, LeaseMode.EXCLUSIVE);
    assertThat(exclusive.last(ServerMessage.Recall.class)).isNull();
    assertThat(exclusive.ask(Caller.ROOT, makeDirectory("a"))).isInstanceOf(Reply.Entry.class);
  }
}
