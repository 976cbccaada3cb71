package dfs.protocol.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Where to connect to or to listen, as {@link GrpcTransport} understands it. */
sealed interface Address {
  /** Longest path of a Unix socket: sockaddr_un has 108 bytes with the 0 at the end. */
  int SOCKET_PATH_BYTES_MAX = 107;

  String UNIX_SCHEME = "unix:";
  String TCP_SCHEME = "tcp:";
  int PORT_MAX = 65_535;

  /** A Unix socket. */
  record Unix(Path path) implements Address {}

  /** A host, resolved, and a port. */
  record Tcp(InetSocketAddress socket) implements Address {}

  static Address parse(String text) throws IOException {
    if (text.startsWith(UNIX_SCHEME)) {
      Path path = Path.of(text.substring(UNIX_SCHEME.length()));
      if (!path.isAbsolute()) {
        throw new IOException(text + ": the path of a Unix socket must be absolute");
      }
      if (path.toString().getBytes(StandardCharsets.UTF_8).length > SOCKET_PATH_BYTES_MAX) {
        throw new IOException(
            text + ": the path of a Unix socket has at most " + SOCKET_PATH_BYTES_MAX + " bytes");
      }
      return new Unix(path);
    }
    int colon = text.lastIndexOf(':');
    if (text.startsWith(TCP_SCHEME) && colon > TCP_SCHEME.length()) {
      InetAddress host = InetAddress.getByName(text.substring(TCP_SCHEME.length(), colon));
      return new Tcp(new InetSocketAddress(host, port(text, text.substring(colon + 1))));
    }
    throw new IOException(
        "not an address: " + text + "; known are unix:/path, tcp:127.0.0.1:port and local:NAME");
  }

  private static int port(String text, String port) throws IOException {
    try {
      int number = Integer.parseInt(port);
      if (number >= 0 && number <= PORT_MAX) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new IOException(text + ": the port is not a number", e);
    }
    throw new IOException(text + ": there is no such port");
  }
}
