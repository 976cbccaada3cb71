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
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnixTransportTest extends GrpcContract {
  private static final AtomicInteger NEXT = new AtomicInteger();

  @TempDir private Path directory;

  @Override
  String freeAddress() {
    return "unix:" + directory.resolve("s" + NEXT.incrementAndGet());
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

  @ParameterizedTest
  @ValueSource(strings = {"7", "0", "0,7", "3,4,5,6,7,8,9,10,11,12,13", "4294967294,1"})
  void theGroupsAreWhatTheKernelSays(String groups) throws Exception {
    List<Integer> expected =
        Arrays.stream(groups.split(",")).map(Integer::parseUnsignedInt).sorted().toList();
    peerInGroups("--groups=" + groups, expected.equals(List.of(0)) ? List.of() : expected);
  }

  @Test
  void aPeerMayHaveNoGroups() throws Exception {
    peerInGroups("--clear-groups", List.of());
  }

  @Test
  void aPeerMayHaveManyGroups() throws Exception {
    List<Integer> many = IntStream.rangeClosed(1, 3000).map(i -> 3 * i).boxed().toList();
    peerInGroups(
        "--groups=" + many.stream().map(String::valueOf).collect(Collectors.joining(",")), many);
  }

  private void peerInGroups(String option, List<Integer> expected) throws Exception {
    Path setpriv = Path.of("/usr/bin/setpriv");
    Assumptions.assumeTrue(
        Files.isExecutable(setpriv)
            && Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0));
    Transport.Listener listener = listen(freeAddress());
    Process process =
        ConnectingProcess.start(listener.address(), setpriv.toString(), "--regid=12", option);
    try {
      Peer peer = nextAccepted().link().peer();
      assertThat(peer.gid()).isEqualTo(12);
      assertThat(peer.groups()).containsExactlyInAnyOrderElementsOf(expected);
    } finally {
      process.destroyForcibly().waitFor();
    }
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
