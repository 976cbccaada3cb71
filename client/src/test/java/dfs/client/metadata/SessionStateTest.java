package dfs.client.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.ServerMessage;
import dfs.protocol.transport.InProcessTransport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a client's state directory tells the next process, and the server through it. */
@Timeout(60)
class SessionStateTest {
  private final InProcessTransport transport = new InProcessTransport();
  private final ManualTime time = new ManualTime();
  private ScriptedServer server;

  @TempDir private Path directory;

  @BeforeEach
  void start() throws IOException {
    server = new ScriptedServer(transport, time);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private StreamSession open() throws IOException {
    return StreamSession.open(
        new StreamSession.Config(
            ScriptedServer.ADDRESS,
            ByteString.EMPTY,
            "host",
            true,
            Optional.of(directory.resolve("state"))),
        transport,
        time,
        new Random(1));
  }

  private long replaces() throws InterruptedException {
    return ScriptedServer.take(server.hellos).replaces();
  }

  /** The files of a process that died, without its lock. */
  private void dieWith(long session) throws IOException {
    try (StateDirectory state = StateDirectory.take(directory.resolve("state"))) {
      state.remember(session, 3);
    }
  }

  @Test
  void theSessionOfADeadProcessIsReplaced() throws Exception {
    dieWith(77);
    try (StreamSession session = open()) {
      ClientMessage.Hello hello = ScriptedServer.take(server.hellos);
      assertThat(hello.replaces()).isEqualTo(77);
      assertThat(hello.session()).isZero();
      assertThat(session.id()).isEqualTo(ScriptedServer.SESSION);
    }
  }

  @Test
  void aSessionThatSaidGoodbyeIsNot() throws Exception {
    open().close();
    assertThat(replaces()).isZero();
    open().close();
    assertThat(replaces()).isZero();
  }

  @Test
  void aSessionThatCouldNotSayGoodbyeIs() throws Exception {
    StreamSession session = open();
    assertThat(replaces()).isZero();
    server.stop();
    session.close();
    server.restart();
    open().close();
    assertThat(replaces()).isEqualTo(ScriptedServer.SESSION);
  }

  @Test
  void aRefusedProcessKeepsWhatItShouldReplace() throws Exception {
    dieWith(77);
    server.greeting = hello -> new ServerMessage.Fenced("not now");
    assertThatThrownBy(this::open).isInstanceOf(SessionEndedException.class);
    assertThat(replaces()).isEqualTo(77);
    server.greeting = server::welcome;
    open().close();
    assertThat(replaces()).isEqualTo(77);
  }

  @Test
  void aLivingProcessKeepsItsDirectory() throws Exception {
    try (StreamSession session = open()) {
      assertThatThrownBy(this::open)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("state")
          .hasMessageContaining("in use by process " + ProcessHandle.current().pid());
      assertThat(server.hellos).as("only the first one came to the server").hasSize(1);
      assertThat(session.id()).isEqualTo(ScriptedServer.SESSION);
    }
    open().close();
  }

  @Test
  void theFileHasTheLatestSession() throws Exception {
    try (StreamSession session = open()) {
      assertThat(session.id()).isEqualTo(ScriptedServer.SESSION);
      byte[] file = Files.readAllBytes(directory.resolve("state/session"));
      assertThat(file).hasSize(32);
      assertThat(file[8]).isEqualTo((byte) ScriptedServer.SESSION);
      assertThat(file[16]).isEqualTo((byte) 7);
    }
    assertThat(directory.resolve("state/session")).doesNotExist();
  }

  @Test
  void anyDamageIsNoticed() throws Exception {
    dieWith(77);
    Path file = directory.resolve("state/session");
    byte[] good = Files.readAllBytes(file);
    for (int bit = 0; bit < good.length * 8; bit++) {
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << (bit % 8));
      Files.write(file, bad);
      try (StateDirectory state = StateDirectory.take(directory.resolve("state"))) {
        assertThat(state.remembered()).as("bit %d", bit).isEmpty();
      }
    }
    for (int length = 0; length < good.length; length++) {
      Files.write(file, java.util.Arrays.copyOf(good, length));
      try (StateDirectory state = StateDirectory.take(directory.resolve("state"))) {
        assertThat(state.remembered()).as("length %d", length).isEmpty();
      }
    }
    Files.write(file, good);
    open().close();
    assertThat(replaces()).isEqualTo(77);
  }
}
