package dfs.protocol.transport;

import dfs.protocol.seam.Link;
import dfs.protocol.seam.Peer;
import dfs.protocol.seam.Transport;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Streams over gRPC, on Unix sockets and on the loopback interface: one method per protocol, one
 * connection per stream. Receivers are called on the event loops, of which there are few: one that
 * blocks stops others. The first message that a connecting side gets comes on another thread than
 * the one that connects. Thread-safe.
 */
public final class GrpcTransport implements Transport, AutoCloseable {
  private static final int EVENT_LOOPS = 2;
  private static final int STREAMS_PER_CONNECTION_MAX = 16;
  private static final long KEEP_ALIVE_SECONDS = 10;
  private static final long KEEP_ALIVE_TIMEOUT_SECONDS = 5;

  /** Least time between two probes of a client; shorter ones are answered with the end. */
  private static final long KEEP_ALIVE_PERMITTED_SECONDS = 5;

  private static final long STOP_SECONDS = 5;

  private @Nullable EventLoopGroup group;

  /** Threads start with the first use: most processes of the command use one or none. */
  private synchronized EventLoopGroup group() throws IOException {
    if (!Epoll.isAvailable()) {
      throw new IOException(
          "unix: and tcp: need Linux: no epoll here", Epoll.unavailabilityCause());
    }
    if (group == null) {
      group =
          new MultiThreadIoEventLoopGroup(
              EVENT_LOOPS,
              Thread.ofPlatform().daemon().name("dfs-grpc-", 0).factory(),
              EpollIoHandler.newFactory());
    }
    return group;
  }

  @Override
  public <C, S> Link<C> connect(String address, Protocol<C, S> protocol, Link.Receiver<S> receiver)
      throws IOException {
    Address where = Address.parse(address);
    // gRPC sets an option of TCP that Unix sockets do not have; null takes it back.
    NettyChannelBuilder builder =
        switch (where) {
          case Address.Unix unix ->
              NettyChannelBuilder.forAddress(new DomainSocketAddress(unix.path().toFile()))
                  .channelType(EpollDomainSocketChannel.class, DomainSocketAddress.class)
                  .withOption(ChannelOption.SO_KEEPALIVE, null);
          case Address.Tcp tcp ->
              NettyChannelBuilder.forAddress(tcp.socket())
                  .channelType(EpollSocketChannel.class, InetSocketAddress.class);
        };
    EventLoopGroup loops = group();
    ManagedChannel channel =
        builder
            .eventLoopGroup(loops)
            .usePlaintext()
            .overrideAuthority("localhost")
            .proxyDetector(target -> null)
            .directExecutor()
            .disableRetry()
            .maxInboundMessageSize(GrpcLink.MESSAGE_BYTES_MAX)
            .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
            .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
            .build();
    Peer peer =
        where instanceof Address.Unix ? new Peer(Peer.Kind.UNIX, -1, -1, List.of()) : Peer.TCP;
    GrpcClientCall<C, S> call =
        new GrpcClientCall<>(
            protocol,
            peer,
            channel,
            channel.newCall(Bytes.method(protocol.name()), CallOptions.DEFAULT),
            loops);
    return call.open(address, receiver);
  }

  @Override
  public Listener listen(String address, List<Service<?, ?>> services) throws IOException {
    Address where = Address.parse(address);
    NettyServerBuilder builder =
        switch (where) {
          case Address.Unix unix -> {
            removeStale(unix.path());
            yield NettyServerBuilder.forAddress(
                    new DomainSocketAddress(unix.path().toFile()), UnixPeers.credentials())
                .channelType(EpollServerDomainSocketChannel.class)
                .withChildOption(ChannelOption.SO_KEEPALIVE, null);
          }
          case Address.Tcp tcp -> {
            if (!tcp.socket().getAddress().isLoopbackAddress()) {
              throw new IOException(
                  address
                      + " can be reached from other machines, and streams are not encrypted and"
                      + " authenticated yet: listen on 127.0.0.1");
            }
            yield NettyServerBuilder.forAddress(tcp.socket(), UnixPeers.credentials())
                .channelType(EpollServerSocketChannel.class);
          }
        };
    EventLoopGroup loops = group();
    builder
        .bossEventLoopGroup(loops)
        .workerEventLoopGroup(loops)
        .directExecutor()
        .maxInboundMessageSize(GrpcLink.MESSAGE_BYTES_MAX)
        .maxConcurrentCallsPerConnection(STREAMS_PER_CONNECTION_MAX)
        .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
        .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .permitKeepAliveTime(KEEP_ALIVE_PERMITTED_SECONDS, TimeUnit.SECONDS);
    services.forEach(service -> builder.addService(definition(service, loops)));
    Server server = builder.build().start();
    if (where instanceof Address.Unix unix) {
      // Everybody may connect: who one is the kernel tells, what one may the server decides.
      Files.setPosixFilePermissions(unix.path(), PosixFilePermissions.fromString("rw-rw-rw-"));
      return new Listening(address, server);
    }
    return new Listening(
        address.substring(0, address.lastIndexOf(':') + 1) + server.getPort(), server);
  }

  private static <C, S> ServerServiceDefinition definition(
      Service<C, S> service, EventLoopGroup loops) {
    Protocol<C, S> protocol = service.protocol();
    return ServerServiceDefinition.builder(protocol.name())
        .addMethod(
            Bytes.method(protocol.name()),
            (call, headers) -> GrpcServerCall.accept(protocol, service.acceptor(), call, loops))
        .build();
  }

  /** A socket file outlives a process that was killed; one that nobody answers on is in the way. */
  private static void removeStale(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .isOther()) {
      throw new IOException(path + " exists and is not a socket");
    }
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.connect(UnixDomainSocketAddress.of(path));
    } catch (ConnectException e) {
      Files.delete(path);
      return;
    }
    throw new IOException(path + " is already listened on");
  }

  /** Lets the threads go; streams that are still open break. */
  @Override
  public synchronized void close() {
    if (group != null) {
      var _ = group.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS);
    }
  }

  /** A server that runs. */
  private record Listening(String address, Server server) implements Listener {
    @Override
    public void close() {
      server.shutdownNow();
      try {
        server.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
