package dfs.protocol.transport;

import dfs.protocol.Limits;
import dfs.protocol.seam.Peer;
import io.grpc.Attributes;
import io.grpc.ServerCredentials;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.InternalProtocolNegotiationEvent;
import io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.ProtocolNegotiationEvent;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import io.netty.channel.unix.RawUnixChannelOption;
import io.netty.util.AsciiString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Asks the kernel who is at the other end of an accepted Unix socket and hands that to the calls of
 * the connection as an attribute. The kernel noted it when the peer connected: what the peer's
 * process, or another one under its number, becomes later does not matter. gRPC shows the socket to
 * its protocol negotiators only, so this is one, in front of the plain-text one.
 */
final class UnixPeers {
  /** Who made the connection of a call; missing on anything but a Unix socket. */
  static final Attributes.Key<Peer> PEER = Attributes.Key.create("dfs-peer");

  // asm-generic/socket.h
  private static final int SOL_SOCKET = 1;
  private static final int SO_PEERGROUPS = 59;

  private UnixPeers() {}

  /** No encryption, and peers that are known by the kernel's word. */
  static ServerCredentials credentials() {
    return InternalNettyServerCredentials.create(
        new Negotiator(InternalProtocolNegotiators.serverPlaintext()));
  }

  private record Negotiator(InternalProtocolNegotiator.ProtocolNegotiator plain)
      implements InternalProtocolNegotiator.ProtocolNegotiator {
    @Override
    public AsciiString scheme() {
      return plain.scheme();
    }

    @Override
    public ChannelHandler newHandler(GrpcHttp2ConnectionHandler connection) {
      return new Introduction(plain.newHandler(connection));
    }

    @Override
    public void close() {
      plain.close();
    }
  }

  /** Adds the peer to what negotiation knows, then makes way for the plain-text negotiation. */
  private static final class Introduction extends ChannelInboundHandlerAdapter {
    private final ChannelHandler next;

    Introduction(ChannelHandler next) {
      this.next = next;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws IOException {
      if (!(event instanceof ProtocolNegotiationEvent negotiation)) {
        context.fireUserEventTriggered(event);
        return;
      }
      Attributes known = InternalProtocolNegotiationEvent.getAttributes(negotiation);
      if (context.channel() instanceof EpollDomainSocketChannel socket) {
        known = known.toBuilder().set(PEER, peer(socket)).build();
      }
      context.pipeline().addAfter(context.name(), null, next);
      context.fireUserEventTriggered(
          InternalProtocolNegotiationEvent.withAttributes(negotiation, known));
      context.pipeline().remove(this);
    }
  }

  static Peer peer(EpollDomainSocketChannel socket) throws IOException {
    PeerCredentials credentials = socket.peerCredentials();
    int[] gids = credentials.gids();
    if (gids.length == 0) {
      throw new IOException("the kernel named no group of the peer");
    }
    return new Peer(Peer.Kind.UNIX, credentials.uid(), gids[0], groups(socket));
  }

  /**
   * Supplementary groups of the peer (SO_PEERGROUPS, since Linux 4.13; none before). Netty does not
   * tell how many the kernel wrote, but the kernel refuses a buffer that is too small: the smallest
   * that it takes tells.
   */
  private static List<Integer> groups(EpollDomainSocketChannel socket) {
    int enough = 1;
    while (enough < Limits.CALLER_GROUPS && read(socket, enough) == null) {
      enough *= 2;
    }
    byte[] groups = read(socket, enough);
    if (groups == null) {
      return List.of();
    }
    int tooFew = enough / 2;
    while (enough - tooFew > 1) {
      int middle = (enough + tooFew) / 2;
      byte[] fits = read(socket, middle);
      if (fits == null) {
        tooFew = middle;
      } else {
        enough = middle;
        groups = fits;
      }
    }
    ByteBuffer numbers = ByteBuffer.wrap(groups).order(ByteOrder.nativeOrder());
    List<Integer> found = new ArrayList<>(enough);
    while (numbers.remaining() >= Integer.BYTES) {
      found.add(numbers.getInt());
    }
    // One that reads 0 is either the group 0 or no group at all; who doubts takes the lesser.
    return found.equals(List.of(0)) ? List.of() : found;
  }

  /** This many groups at most; null if there are more, or if the kernel can't tell. */
  private static byte @Nullable [] read(EpollDomainSocketChannel socket, int count) {
    try {
      ByteBuffer value =
          socket
              .config()
              .getOption(
                  new RawUnixChannelOption(
                      "SO_PEERGROUPS", SOL_SOCKET, SO_PEERGROUPS, count * Integer.BYTES));
      byte[] groups = new byte[count * Integer.BYTES];
      value.clear().get(groups);
      return groups;
    } catch (ChannelException e) {
      return null;
    }
  }
}
