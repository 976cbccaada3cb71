package dfs.metadata.gateway;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.metadata.gateway.GatewayBed.Client;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Peer;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.LeaseMode;
import dfs.protocol.session.ServerMessage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** At which instants sessions look, as far as the metadata server knows. */
class LooksTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Peer ANN = new Peer(Peer.Kind.UNIX, 1000, 100, List.of());
  private static final Peer BOB = new Peer(Peer.Kind.UNIX, 1001, 101, List.of());
  private static final long CLAIMED_NANOS = 8 * SECOND;
  private static final Query LOOK = new Query.GetAttributes(Attributes.ROOT_INO);

  private GatewayBed bed;
  private Client tool;
  private long first;

  @BeforeEach
  void begin() throws Exception {
    bed = new GatewayBed();
    bed.areToolsUnlogged = true;
    tool = tool();
    first = bed.clock.nanos / SECOND * SECOND;
    for (int i = 0; i < 100; i++) {
      bed.clock.nanos += SECOND;
      // So that each second is over.
      change(i);
    }
  }

  private Client tool() {
    return bed.client(Peer.LOCAL).greet(false, GatewayBed.KEY);
  }

  private Client of(Peer user) {
    return bed.client(user).greet(false, ByteString.EMPTY);
  }

  private void change(int mode) {
    Reply done =
        tool.ask(
            Caller.ROOT,
            new Change.SetAttributes(
                Attributes.ROOT_INO, Change.SetAttributes.SET_MODE, mode, 0, 0, 0, 0, 0, 0));
    assertThat(done).isInstanceOf(Reply.Entry.class);
  }

  private long second(int number) {
    return first + number * SECOND;
  }

  private List<Long> looked() {
    return bed.looked().orElseThrow();
  }

  private void ask(Client by, Query query, long asOf) {
    assertThat(by.askAsOf(Caller.ROOT, query, asOf)).isNotInstanceOf(Reply.Refused.class);
  }

  @Test
  void whoAsksAsOfAnInstantLooksAtIt() {
    ask(tool, LOOK, second(10));
    ask(tool, new Query.GetInstant(), second(20) + SECOND / 2);
    Client other = tool();
    ask(other, LOOK, second(10));
    ask(other, LOOK, second(30));
    assertThat(tool.askAsOf(Caller.ROOT, LOOK, second(40) + 1)).isInstanceOf(Reply.Refused.class);
    assertThat(looked()).containsExactly(second(10), second(20), second(30));
    tool.say(new ClientMessage.Goodbye());
    assertThat(looked()).containsExactly(second(10), second(30));
    other.close();
    assertThat(looked()).as("it may come back").containsExactly(second(10), second(30));
  }

  @Test
  void whoSaysThatItGoesOnDoesAndWhoDoesNotStopsAfterAMinute() {
    ask(tool, LOOK, second(10));
    ask(tool, LOOK, second(20));
    for (int i = 0; i < 62; i++) {
      bed.clock.nanos += SECOND;
      tool.heartbeat(LeaseMode.NONE, List.of(second(10)));
    }
    assertThat(looked()).containsExactly(second(10));
    for (int i = 0; i < 59; i++) {
      bed.clock.nanos += SECOND;
      tool.heartbeat(LeaseMode.NONE, List.of());
    }
    assertThat(looked()).containsExactly(second(10));
    bed.clock.nanos += 2 * SECOND;
    tool.heartbeat(LeaseMode.NONE, List.of());
    assertThat(looked()).isEmpty();
  }

  /** Nothing is trimmed while somebody may still have to say at what it looks. */
  @Test
  void afterARestartItIsNotKnownForAWhile() {
    ask(tool, LOOK, second(10));
    ServerMessage.Welcome known = requireNonNull(tool.last(ServerMessage.Welcome.class));
    bed.restart();
    assertThat(bed.looked()).isEmpty();
    Client again = bed.client(Peer.LOCAL);
    again.resume(known.session(), known.epoch(), false, GatewayBed.KEY);
    again.heartbeat(LeaseMode.NONE, List.of(second(10)));
    assertThat(bed.looked()).as("others may come").isEmpty();
    bed.clock.nanos += CLAIMED_NANOS;
    assertThat(looked()).containsExactly(second(10));
  }

  @Test
  void aSessionLooksAtTheLastOfTooMany() {
    for (int i = 0; i <= Limits.SESSION_INSTANTS; i++) {
      bed.clock.nanos++;
      ask(tool, LOOK, second(i + 1));
    }
    assertThat(looked())
        .hasSize(Limits.SESSION_INSTANTS)
        .doesNotContain(second(1))
        .contains(second(2), second(Limits.SESSION_INSTANTS + 1));
    long many = Limits.LOOKED_INSTANTS / Limits.SESSION_INSTANTS;
    for (int i = 1; i <= many; i++) {
      bed.clock.nanos++;
      long of = i * 1_000_000L;
      List<Long> instants = LongStream.range(of, of + Limits.SESSION_INSTANTS).boxed().toList();
      tool().heartbeat(LeaseMode.NONE, instants);
    }
    assertThat(looked())
        .hasSize(Limits.LOOKED_INSTANTS)
        .doesNotContain(second(2))
        .contains(second(Limits.SESSION_INSTANTS + 1));
  }

  /** What a heartbeat names at its end was used last, so that it is not the one that goes. */
  @Test
  void ofTooManyTheOneUsedLongestAgoGoes() {
    for (int turn = 0; turn < 3; turn++) {
      List<Long> named =
          new ArrayList<>(
              IntStream.rangeClosed(1, Limits.SESSION_INSTANTS).mapToObj(this::second).toList());
      Collections.rotate(named, turn * 20);
      bed.clock.nanos += 1000;
      tool.heartbeat(LeaseMode.NONE, named);
      assertThat(looked()).containsExactlyInAnyOrderElementsOf(named);
      bed.clock.nanos += 1000;
      ask(tool, LOOK, second(90 + turn));
      assertThat(looked())
          .contains(second(90 + turn))
          .doesNotContain(named.getFirst())
          .containsAll(named.subList(1, named.size()));
    }
  }

  /** However many sessions he has, and however often he says so. */
  @Test
  void nobodyTakesFromOthersByLookingAtMore() {
    Client mount = bed.mount();
    mount.heartbeat(LeaseMode.NONE, List.of(second(10)));
    tool.heartbeat(LeaseMode.NONE, List.of(second(20)));
    of(BOB).heartbeat(LeaseMode.NONE, List.of(second(30)));
    for (int i = 1; i <= 40; i++) {
      bed.clock.nanos++;
      long of = i * 1_000_000L;
      of(ANN)
          .heartbeat(
              LeaseMode.NONE, LongStream.range(of, of + Limits.SESSION_INSTANTS).boxed().toList());
    }
    assertThat(looked())
        .hasSize(Limits.LOOKED_INSTANTS)
        .contains(second(10), second(20), second(30));
  }

  @Test
  void whatIsNoInstantIsNotLookedAt() {
    long toCome = second(3600);
    of(ANN).heartbeat(LeaseMode.NONE, List.of(Long.MIN_VALUE, -1L, 0L, toCome, second(10)));
    Client other = bed.client(ANN);
    other.instants = List.of(0L, toCome, second(20));
    other.greet(false, ByteString.EMPTY);
    bed.clock.nanos = toCome + SECOND;
    assertThat(looked()).containsExactly(second(10), second(20));
  }

  /** What it looks at may be trimmed as soon as all are back. */
  @Test
  void whoComesBackSaysSoWithItsGreeting() {
    ask(tool, LOOK, second(10));
    ServerMessage.Welcome known = requireNonNull(tool.last(ServerMessage.Welcome.class));
    Client mount = bed.mount();
    ServerMessage.Welcome mounted = requireNonNull(mount.last(ServerMessage.Welcome.class));
    bed.restart();
    bed.clock.nanos += CLAIMED_NANOS * 7 / 8;
    Client again = bed.client(Peer.LOCAL);
    again.instants = List.of(second(10));
    again.resume(known.session(), known.epoch(), false, GatewayBed.KEY);
    Client mountAgain = bed.client(Peer.LOCAL);
    mountAgain.instants = List.of(second(20));
    mountAgain.resumeMount(mounted, LeaseMode.NONE);
    bed.clock.nanos += CLAIMED_NANOS / 8;
    assertThat(looked()).containsExactly(second(10), second(20));
  }

  /** A mount that was away goes on with another session. */
  @Test
  void whatAMountLooksAtOutlivesItsSessionForAMoment() {
    Client mount = bed.mount();
    mount.heartbeat(LeaseMode.NONE, List.of(second(10)));
    bed.clock.nanos += Limits.SESSION_NANOS + SECOND;
    bed.tick();
    assertThat(mount.last(ServerMessage.Fenced.class)).isNotNull();
    assertThat(looked()).containsExactly(second(10));
    bed.clock.nanos += 61 * SECOND;
    assertThat(looked()).isEmpty();
  }

  /** It would be gone before anybody said that it is looked at. */
  @Test
  void whoRemovesASnapshotTakesItFromNobodyWhoLooksAtIt() {
    Reply made = tool.ask(Caller.ROOT, new Change.CreateSnapshot("name", Attributes.ROOT_INO, 0));
    long instant = requireNonNull((Reply.Instant) made).nanos();
    change(0700);
    Client other = tool();
    ask(other, LOOK, instant);
    assertThat(tool.ask(Caller.ROOT, new Change.RemoveSnapshot("name"))).isEqualTo(Reply.Done.DONE);
    assertThat(bed.namespace.survey().viewed()).contains(instant);
    ask(other, LOOK, instant);
    ask(other, new Query.GetInstant(), instant);
  }

  private long snapshot(String name) {
    Reply made = tool.ask(Caller.ROOT, new Change.CreateSnapshot(name, Attributes.ROOT_INO, 0));
    return requireNonNull((Reply.Instant) made).nanos();
  }

  /** Who looks has had no time to say so. */
  @Test
  void whatIsRemovedSoonAfterARestartStaysForAWhile() {
    long instant = snapshot("name");
    Client other = tool();
    ask(other, LOOK, instant);
    ServerMessage.Welcome known = requireNonNull(other.last(ServerMessage.Welcome.class));
    bed.restart();
    tool = tool();
    assertThat(tool.ask(Caller.ROOT, new Change.RemoveSnapshot("name"))).isEqualTo(Reply.Done.DONE);
    Client again = bed.client(Peer.LOCAL);
    again.resume(known.session(), known.epoch(), false, GatewayBed.KEY);
    ask(again, LOOK, instant);
  }

  private long cost(Client by, String name) {
    by.begin();
    long before = bed.entries();
    by.ask(Caller.ROOT, new Change.RemoveSnapshot(name));
    return bed.entries() - before;
  }

  @Test
  void whoRemovesNothingCostsNoMoreThanThat() {
    long instant = snapshot("looked");
    snapshot("other");
    tool.heartbeat(LeaseMode.NONE, List.of(instant));
    Client unlogged = of(ANN);
    long before = bed.entries();
    unlogged.say(
        new ClientMessage.Request(
            0, 1_000_000, 0, Caller.ROOT, new Change.RemoveSnapshot("looked")));
    assertThat(unlogged.answer(1_000_000)).isInstanceOf(Reply.Refused.class);
    assertThat(bed.entries()).isEqualTo(before);
    assertThat(cost(of(ANN), "looked")).as("it is not hers").isOne();
    assertThat(cost(of(ANN), "none")).isOne();
    assertThat(cost(tool, "none")).isOne();
    assertThat(cost(tool, "other")).as("nobody looks at it").isOne();
    assertThat(bed.namespace.survey().viewed()).isEmpty();
    assertThat(cost(tool, "looked")).isEqualTo(2);
    assertThat(bed.namespace.survey().viewed()).containsExactly(instant);
  }
}
