package dfs.protocol.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dfs.protocol.seam.Link;
import dfs.protocol.seam.Peer;
import dfs.protocol.seam.Transport;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TcpTransportTest extends GrpcContract {

  @Override
  String freeAddress() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return "tcp:127.0.0.1:" + socket.getLocalPort();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aNetworkPeerIsNobody() throws Exception {
    Transport.Listener listener = listen("tcp:127.0.0.1:0");
    assertThat(listener.address()).matches("tcp:127\\.0\\.0\\.1:[1-9][0-9]*");
    TRANSPORT.connect(listener.address(), NOTES, probe());
    assertThat(nextAccepted().link().peer()).isEqualTo(Peer.TCP);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tcp:0.0.0.0:0", "tcp:10.1.2.3:4000", "tcp::::0"})
  void otherMachinesCannotReachIt(String address) {
    assertThatThrownBy(() -> listen(address))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("not encrypted");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "tcp:", "tcp:127.0.0.1", "tcp:127.0.0.1:x", "tcp:127.0.0.1:70000", "udp:1:2"})
  void whatIsNoAddress(String address) {
    assertThatThrownBy(() -> listen(address)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> TRANSPORT.connect(address, NOTES, probe()))
        .isInstanceOf(IOException.class);
  }

  @Test
  void somebodyWhoSpeaksSomethingElseHarmsNobody() throws Exception {
    Transport.Listener listener = listen("tcp:127.0.0.1:0");
    int port = Integer.parseInt(listener.address().substring("tcp:127.0.0.1:".length()));
    try (Socket stranger = new Socket(InetAddress.getLoopbackAddress(), port)) {
      OutputStream out = stranger.getOutputStream();
      out.write("GET / HTTP/1.1\r\n\r\n".repeat(100).getBytes(StandardCharsets.US_ASCII));
      out.flush();
      Link<Note> link = TRANSPORT.connect(listener.address(), NOTES, probe());
      link.send(note(0, 1));
      assertThat(nextAccepted().probe().next()).isEqualTo(note(0, 1));
    }
  }
}
