package dfs.metadata.gateway;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.metadata.gateway.GatewayBed.Client;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Peer;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.KeyProof;
import dfs.protocol.session.LeaseMode;
import dfs.protocol.session.ServerMessage;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who may speak for whom, and how the lease on the volume moves between mounts. */
class SessionGatewayTest {
  private static final Query.GetAttributes READ = new Query.GetAttributes(Attributes.ROOT_INO);
  private final GatewayBed bed;

  SessionGatewayTest() throws Exception {
    bed = new GatewayBed();
  }

  private static Change makeDirectory(String name) {
    return new Change.MakeDirectory(Attributes.ROOT_INO, ByteString.copyFromUtf8(name), 0777, 0);
  }

  private static Change openToAll() {
    return new Change.SetAttributes(
        Attributes.ROOT_INO, Change.SetAttributes.SET_MODE, 0777, 0, 0, 0, 0, 0, 0);
  }

  private static Attributes attributes(@Nullable Reply made) {
    assertThat(made).isInstanceOf(Reply.Entry.class);
    return requireNonNull((Reply.Entry) made).attributes();
  }

  private static LeaseMode welcomed(Client client) {
    return requireNonNull(client.last(ServerMessage.Welcome.class)).granted();
  }

  private static long recalled(Client client, LeaseMode to) {
    ServerMessage.Recall recall = requireNonNull(client.last(ServerMessage.Recall.class));
    assertThat(recall.to()).isEqualTo(to);
    return recall.recall();
  }

  private void wait(int seconds, Client... alive) {
    for (int i = 0; i < seconds; i++) {
      bed.clock.nanos += 1_000_000_000L;
      for (Client client : alive) {
        client.heartbeat(LeaseMode.NONE);
      }
    }
  }

  /** Numbers of sessions are no secret. */
  @Test
  void nobodyGoesOnWithTheSessionOfAnotherUser() {
    Peer ann = new Peer(Peer.Kind.UNIX, 1000, 100, List.of());
    Peer bob = new Peer(Peer.Kind.UNIX, 1001, 100, List.of());
    ServerMessage.Welcome hers = welcome(bed.client(ann).greet(false, ByteString.EMPTY));
    ServerMessage.Welcome mounts = welcome(bed.mount());
    for (ServerMessage.Welcome of : List.of(hers, mounts)) {
      Client other = bed.client(bob);
      other.resume(of.session(), of.epoch(), false, ByteString.EMPTY);
      assertThat(other.last(ServerMessage.Welcome.class)).isNull();
      assertThat(other.isClosed()).isTrue();
    }
    Client again = bed.client(ann).resume(hers.session(), hers.epoch(), false, ByteString.EMPTY);
    assertThat(welcome(again).session()).isEqualTo(hers.session());
  }

  private static ServerMessage.Welcome welcome(Client client) {
    return Objects.requireNonNull(client.last(ServerMessage.Welcome.class));
  }

  @Test
  void aClaimedIdentityWithoutTheKeyIsIgnored() {
    bed.client(Peer.LOCAL).greet(false, GatewayBed.KEY).ask(Caller.ROOT, openToAll());
    Client liar = bed.client(new Peer(Peer.Kind.UNIX, 1000, 100, List.of(7)));
    liar.greet(false, ByteString.EMPTY);
    Reply made = liar.ask(Caller.ROOT, makeDirectory("mine"));
    assertThat(made).isInstanceOf(Reply.Entry.class);
    assertThat(attributes(made).uid()).isEqualTo(1000);
    Change steal =
        new Change.SetAttributes(
            Attributes.ROOT_INO, Change.SetAttributes.SET_UID, 0, 1000, 0, 0, 0, 0, 0);
    assertThat(liar.ask(Caller.ROOT, steal))
        .isInstanceOfSatisfying(
            Reply.Refused.class, r -> assertThat(r.errno()).isEqualTo(Errno.EPERM));
  }

  @Test
  void withoutTheKeyNobodyComesInOverTheNetworkAndAWrongKeyNever() {
    Client network = bed.client(Peer.TCP).greet(false, ByteString.EMPTY);
    assertThat(network.last(ServerMessage.Fenced.class)).isNotNull();
    assertThat(network.isClosed()).isTrue();
    Client wrong =
        bed.client(new Peer(Peer.Kind.UNIX, 0, 0, List.of()))
            .greet(false, ByteString.copyFromUtf8("another key"));
    assertThat(wrong.last(ServerMessage.Fenced.class)).isNotNull();
    assertThat(bed.client(Peer.TCP).greet(false, GatewayBed.KEY).isClosed()).isFalse();
  }

  /** Nor what was shown on another stream, or by an older build, which asks for nothing. */
  @Test
  void aProofOfAServerIsNoMounts() {
    ByteString key = GatewayBed.KEY;
    Client mount = bed.mount();
    assertThat(welcome(mount).proof())
        .as("who has shown the key is shown it")
        .isEqualTo(KeyProof.TO_SESSION.of(key, mount.challenge(), mount.nonce));
    List<Function<Client, ByteString>> proofs =
        List.of(
            client -> KeyProof.OF_CHUNK_SERVER.of(key, client.challenge(), client.nonce),
            client -> KeyProof.TO_SESSION.of(key, client.challenge(), client.nonce),
            client -> KeyProof.OF_SESSION.of(key, client.nonce, client.challenge()),
            client -> KeyProof.OF_SESSION.of(key, mount.challenge(), client.nonce));
    for (Peer peer : List.of(Peer.LOCAL, new Peer(Peer.Kind.UNIX, 0, 0, List.of()), Peer.TCP)) {
      for (Function<Client, ByteString> proof : proofs) {
        Client client = bed.client(peer);
        assertRefused(client.show(proof.apply(client), client.nonce), "the cluster key is wrong");
      }
      Client older = bed.client(peer);
      assertRefused(older.show(proofs.getFirst().apply(older), ByteString.EMPTY), "older build");
    }
    Client over = bed.client(Peer.TCP).resume(welcome(mount).session(), 77, true, key);
    assertThat(requireNonNull(over.last(ServerMessage.Fenced.class)).proof())
        .as("a refusal is believed")
        .isEqualTo(KeyProof.TO_SESSION.of(key, over.challenge(), over.nonce));
  }

  private static void assertRefused(Client client, String why) {
    ServerMessage.Fenced refused = requireNonNull(client.last(ServerMessage.Fenced.class));
    assertThat(refused.reason()).contains(why);
    assertThat(refused.proof()).isEqualTo(ByteString.EMPTY);
    assertThat(client.isClosed()).isTrue();
    assertThat(client.last(ServerMessage.Welcome.class)).isNull();
  }

  /** No block is made of fewer copies than writing needs; the client asks again for a while. */
  @Test
  void aBlockForWhichThereAreTooFewServersIsRefusedByName() {
    Client mount = bed.mount();
    for (int copies : new int[] {0, 1, 2}) {
      Reply reply =
          mount.ask(
              Caller.ROOT, new Change.AllocateBlock(new Change.BlockWish(false, false, 0, copies)));
      assertThat(reply)
          .isInstanceOfSatisfying(
              Reply.Refused.class,
              refused -> {
                assertThat(refused.errno()).isEqualTo(Errno.EAGAIN);
                assertThat(refused.detail()).startsWith("too few chunk servers are here");
              });
    }
  }

  /** It could hold up everybody, and keep what is unlinked. */
  @Test
  void withoutTheKeyNobodyIsAMount() {
    Peer ann = new Peer(Peer.Kind.UNIX, 1000, 100, List.of());
    Client mount = bed.client(ann).greet(true, ByteString.EMPTY);
    assertThat(requireNonNull(mount.last(ServerMessage.Fenced.class)).reason())
        .contains("the cluster key", "uid 1000");
    assertThat(mount.isClosed()).isTrue();
    assertThat(mount.last(ServerMessage.Welcome.class)).isNull();
    ServerMessage.Welcome tools = welcome(bed.client(ann).greet(false, ByteString.EMPTY));
    bed.restart();
    Client turned = bed.client(ann).resume(tools.session(), tools.epoch(), true, ByteString.EMPTY);
    assertThat(turned.last(ServerMessage.Fenced.class)).isNotNull();
  }

  /** A tool is none after a restart, whatever it says then. */
  @Test
  void whoGoesOnIsWhatItWas() {
    ServerMessage.Welcome tool = welcome(bed.client(Peer.LOCAL).greet(false, GatewayBed.KEY));
    bed.restart();
    Client turned =
        bed.client(Peer.LOCAL).resume(tool.session(), tool.epoch(), true, GatewayBed.KEY);
    assertThat(welcomed(turned)).isEqualTo(LeaseMode.NONE);
  }

  @Test
  void theOnlyMountHasTheVolumeForItself() {
    Client first = bed.mount();
    assertThat(welcomed(first)).isEqualTo(LeaseMode.EXCLUSIVE);
    assertThat(welcomed(bed.mount())).isEqualTo(LeaseMode.NONE);
    assertThat(first.last(ServerMessage.Recall.class)).isNull();
  }

  @Test
  void aReadOfAnotherWaitsUntilTheHolderHasFlushed() {
    Client holder = bed.mount();
    Client reader = bed.mount();
    assertThat(reader.ask(Caller.ROOT, READ)).isNull();
    long recall = recalled(holder, LeaseMode.SHARED);
    // What the holder flushes passes while it owes the acknowledgement.
    assertThat(holder.ask(Caller.ROOT, makeDirectory("flushed"))).isInstanceOf(Reply.Entry.class);
    assertThat(reader.answer(reader.asked())).isNull();
    holder.say(new ClientMessage.Acknowledge(recall, false));
    assertThat(reader.answer(reader.asked())).isInstanceOf(Reply.Entry.class);
  }

  @Test
  void aChangeOfAnotherEmptiesTheHoldersCachesFirst() {
    Client holder = bed.mount();
    Client writer = bed.mount();
    assertThat(writer.ask(Caller.ROOT, makeDirectory("a"))).isNull();
    holder.say(new ClientMessage.Acknowledge(recalled(holder, LeaseMode.NONE), false));
    assertThat(writer.answer(writer.asked())).isInstanceOf(Reply.Entry.class);
    assertThat(holder.ask(Caller.ROOT, makeDirectory("b"))).isInstanceOf(Reply.Entry.class);
  }

  @Test
  void whatAClientWaitedForWhenItDiedIsNotDoneLater() {
    Client holder = bed.mount();
    Client dead = bed.mount();
    assertThat(dead.ask(Caller.ROOT, makeDirectory("a"))).isNull();
    dead.close();
    holder.say(new ClientMessage.Acknowledge(recalled(holder, LeaseMode.NONE), false));
    assertThat(holder.ask(Caller.ROOT, makeDirectory("a"))).isInstanceOf(Reply.Entry.class);
    wait(11, holder);
    assertThat(requireNonNull(holder.last(ServerMessage.Grant.class)).mode())
        .as("nobody's change is under way")
        .isNotEqualTo(LeaseMode.NONE);
  }

  @Test
  void theLeaseComesBackTenSecondsAfterTheLastOperationOfAnother() {
    Client first = bed.mount();
    Client second = bed.mount();
    second.ask(Caller.ROOT, makeDirectory("a"));
    first.say(new ClientMessage.Acknowledge(recalled(first, LeaseMode.NONE), false));
    wait(9, first, second);
    first.ask(Caller.ROOT, READ);
    first.heartbeat(LeaseMode.NONE);
    assertThat(first.last(ServerMessage.Grant.class)).isNull();
    wait(3, first, second);
    ServerMessage.Grant grant = requireNonNull(first.last(ServerMessage.Grant.class));
    assertThat(grant.mode()).isNotEqualTo(LeaseMode.NONE);
  }

  @Test
  void aSilentHolderIsFencedByWhoConflictsAndIsRefusedFromThenOn() {
    Client holder = bed.mount();
    Client writer = bed.mount();
    wait(6, writer);
    assertThat(writer.ask(Caller.ROOT, makeDirectory("a"))).isInstanceOf(Reply.Entry.class);
    assertThat(holder.last(ServerMessage.Fenced.class)).isNotNull();
    assertThat(holder.isClosed()).isTrue();
    assertThat(holder.ask(Caller.ROOT, makeDirectory("late"))).isNull();
    assertThat(writer.ask(Caller.ROOT, makeDirectory("late"))).isInstanceOf(Reply.Entry.class);
  }

  /** It would be answered for ever, and refused whatever it asks for. */
  @Test
  void whoIsEndedWhileItComesBackHearsOfIt() {
    Client holder = bed.mount();
    ServerMessage.Welcome known = welcome(holder);
    Client writer = bed.mount();
    wait(6, writer);
    Client again = bed.client(Peer.LOCAL);
    bed.clock.meanwhile = () -> writer.ask(Caller.ROOT, makeDirectory("a"));
    again.resume(known.session(), known.epoch(), true, GatewayBed.KEY);
    assertThat(writer.answer(writer.asked())).isInstanceOf(Reply.Entry.class);
    assertThat(again.last(ServerMessage.Fenced.class)).isNotNull();
    assertThat(again.isClosed()).isTrue();
  }

  @Test
  void whatWasRecalledComesAfterTheNextWelcome() {
    Client holder = bed.mount();
    ServerMessage.Welcome known = welcome(holder);
    Client writer = bed.mount();
    assertThat(writer.ask(Caller.ROOT, makeDirectory("a"))).isNull();
    holder.close();
    Client again =
        bed.client(Peer.LOCAL).resume(known.session(), known.epoch(), true, GatewayBed.KEY);
    assertThat(welcomed(again)).isEqualTo(LeaseMode.EXCLUSIVE);
    again.say(new ClientMessage.Acknowledge(recalled(again, LeaseMode.NONE), false));
    assertThat(writer.answer(writer.asked())).isInstanceOf(Reply.Entry.class);
  }

  private record Shared(Client opener, Client changer, long ino) {}

  /** A mount has a file open, and another one truncates it and waits. */
  private Shared truncatedWhileOpen() {
    Client first = bed.mount();
    Client second = bed.mount();
    Change create =
        new Change.CreateFile(Attributes.ROOT_INO, ByteString.copyFromUtf8("file"), 0644, 0, true);
    Reply made = first.ask(Caller.ROOT, create);
    assertThat(made).isInstanceOf(Reply.Entry.class);
    long ino = attributes(made).ino();
    Change truncate =
        new Change.SetAttributes(ino, Change.SetAttributes.SET_SIZE, 0, 0, 0, 5, 0, 0, 0);
    assertThat(second.ask(Caller.ROOT, truncate)).isNull();
    first.say(new ClientMessage.Acknowledge(recalled(first, LeaseMode.NONE), false));
    assertThat(second.answer(second.asked())).isNull();
    return new Shared(first, second, ino);
  }

  private static ServerMessage.Invalidate invalidated(Client client) {
    return requireNonNull(client.last(ServerMessage.Invalidate.class));
  }

  @Test
  void whoHasAnInodeOpenIsToldBeforeAChangeIsAnswered() {
    Shared file = truncatedWhileOpen();
    assertThat(invalidated(file.opener).ino()).isEqualTo(file.ino);
    long recall = invalidated(file.opener).recall();
    file.opener.say(new ClientMessage.Acknowledge(recall, true));
    assertThat(file.changer.answer(file.changer.asked())).isInstanceOf(Reply.Entry.class);
  }

  @Test
  void whatIsToBeForgottenIsSaidAgainOverTheNextStream() {
    Shared file = truncatedWhileOpen();
    ServerMessage.Welcome known = welcome(file.opener);
    file.opener.close();
    Client again =
        bed.client(Peer.LOCAL).resume(known.session(), known.epoch(), true, GatewayBed.KEY);
    assertThat(invalidated(again)).isEqualTo(invalidated(file.opener));
    assertThat(file.changer.answer(file.changer.asked())).isNull();
    again.say(new ClientMessage.Acknowledge(invalidated(again).recall(), true));
    assertThat(file.changer.answer(file.changer.asked())).isInstanceOf(Reply.Entry.class);
  }

  /** Nobody waits for an answer that does not come, and nobody's lease is held up by it. */
  @Test
  void whatFailsAfterItWaitedEndsTheStream() {
    Client first = bed.mount();
    Client second = bed.mount();
    assertThat(second.ask(Caller.ROOT, makeDirectory("a"))).isNull();
    bed.isStateBroken = true;
    first.say(new ClientMessage.Acknowledge(recalled(first, LeaseMode.NONE), false));
    assertThat(second.isClosed()).isTrue();
    bed.isStateBroken = false;
    bed.clock.nanos += Limits.LEASE_RETURN_NANOS + 1;
    first.heartbeat(LeaseMode.NONE);
    assertThat(first.last(ServerMessage.Grant.class)).isNotNull();
  }
}
