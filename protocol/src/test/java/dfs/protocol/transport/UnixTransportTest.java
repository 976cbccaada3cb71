package dfs.protocol.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dfs.protocol.seam.Link;
import dfs.protocol.seam.Peer;
import dfs.protocol.seam.Transport;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixTransportTest extends TransportContract {
  private static final Transports TRANSPORT = new Transports();
  private static final AtomicInteger NEXT = new AtomicInteger();

  @TempDir private Path directory;

  @Override
  Transport transport() {
    return TRANSPORT;
  }

  @Override
  String freeAddress() {
    return "unix:" + directory.resolve("s" + NEXT.incrementAndGet());
  }

  @AfterAll
  static void close() {
    TRANSPORT.close();
  }

  @Test
  void thePeerIsWhoTheKernelSays() throws Exception {
    Transport.Listener listener = listen(freeAddress());
    TRANSPORT.connect(listener.address(), NOTES, probe());
    Peer peer = nextAccepted().link().peer();
    assertThat(peer.kind()).isEqualTo(Peer.Kind.UNIX);
    Path self = Path.of("/proc/self");
    assertThat(peer.uid()).isEqualTo(Files.getAttribute(self, "unix:uid"));
    assertThat(peer.gid()).isEqualTo(Files.getAttribute(self, "unix:gid"));
  }

  @Test
  void everybodyMayConnect() throws Exception {
    String address = freeAddress();
    listen(address);
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(Path.of(address.substring("unix:".length())))))
        .isEqualTo("rw-rw-rw-");
  }

  @Test
  void aStaleSocketIsNotInTheWay() throws Exception {
    String address = freeAddress();
    Path path = Path.of(address.substring("unix:".length()));
    ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    dead.bind(UnixDomainSocketAddress.of(path));
    dead.close();
    assertThat(path).exists();
    listen(address);
    Link<Note> link = TRANSPORT.connect(address, NOTES, probe());
    link.send(note(0, 1));
    assertThat(nextAccepted().probe().next()).isEqualTo(note(0, 1));
  }

  @Test
  void aFileIsNeverRemoved() throws Exception {
    String address = freeAddress();
    Path path = Path.of(address.substring("unix:".length()));
    Files.writeString(path, "precious");
    assertThatThrownBy(() -> listen(address))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("not a socket");
    assertThat(path).hasContent("precious");
  }

  @Test
  void theSocketFileGoesWithTheListener() throws Exception {
    String address = freeAddress();
    listen(address).close();
    assertThat(Path.of(address.substring("unix:".length()))).doesNotExist();
  }

  @Test
  void pathsHaveBounds() {
    assertThatThrownBy(() -> listen("unix:/" + "x".repeat(200)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("107 bytes");
    assertThatThrownBy(() -> listen("unix:relative")).isInstanceOf(IOException.class);
  }
}
