package dfs.cli.volume;

import com.google.protobuf.ByteString;
import dfs.cli.daemon.ChunkAddress;
import dfs.cli.data.ClusterKeyFile;
import dfs.cli.data.Credentials;
import dfs.cli.data.DataDirectory;
import dfs.client.block.ChunkBlockStore;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.StreamSession;
import dfs.client.path.VolumeTree;
import dfs.protocol.block.BlockService;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.RealTime;
import dfs.protocol.transport.Transports;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * A session of a command with the processes of a data directory. Who may read the cluster's key
 * speaks with it; anybody else is who the socket says.
 */
public final class Volume implements AutoCloseable {
  private static final String HOST = "dfs command";

  private final Transports transport;
  private final BlockServices services;
  private final StreamSession session;
  private final OpenFiles files;
  private final VolumeTree tree;
  private final Caller caller;

  private Volume(DataDirectory data, Transports transport, BlockServices services)
      throws IOException {
    this.transport = transport;
    this.services = services;
    this.caller = Credentials.ofThisProcess();
    RandomGenerator random = new SecureRandom();
    RealTime time = new RealTime();
    StreamSession.Config config =
        new StreamSession.Config(
            "unix:" + data.metadataSocket(),
            ClusterKeyFile.ifReadable(data).orElse(ByteString.EMPTY),
            HOST,
            false,
            Optional.empty());
    this.session = StreamSession.open(config, transport, time, random);
    this.files = new OpenFiles(session, new ChunkBlockStore(services, session::id), time);
    this.tree = new VolumeTree(session, files, caller, Credentials.umask(), random);
  }

  /**
   * Whether somebody serves the directory. A process that was killed leaves its addresses and its
   * socket; what else may be wrong shows when a session is opened.
   */
  public static boolean isUp(DataDirectory data) throws IOException {
    if (!Files.exists(data.addresses()) || !Files.exists(data.metadataSocket())) {
      return false;
    }
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      // a server that does not answer now has a queue that may be full
      channel.configureBlocking(false);
      channel.connect(UnixDomainSocketAddress.of(data.metadataSocket()));
      return true;
    } catch (ConnectException e) {
      return false;
    } catch (SocketException e) {
      return true;
    }
  }

  /**
   * Opens a session.
   *
   * @throws NotUpException when nobody serves the directory
   */
  public static Volume open(DataDirectory data) throws IOException {
    if (!isUp(data)) {
      throw new NotUpException(data);
    }
    Transports transport = new Transports();
    BlockServices services = new BlockServices();
    boolean opened = false;
    try {
      ChunkAddress.reachFromOutside(data, services, List.of());
      Volume volume = new Volume(data, transport, services);
      opened = true;
      return volume;
    } finally {
      if (!opened) {
        services.close();
        transport.close();
      }
    }
  }

  public VolumeTree tree() {
    return tree;
  }

  /**
   * What the metadata server reports, as JSON.
   *
   * @param what "status", or "fsck" of everything
   */
  public String report(String what) throws IOException {
    return report(caller, new Query.GetReport(what));
  }

  /**
   * How the blocks of files at and below some paths are, or all blocks if there are no paths, as
   * JSON.
   *
   * @param all those that are as they should be, too
   * @throws IOException also when there is nothing at a path, or this caller may not know
   */
  public String check(List<Query.Place> places, boolean all) throws IOException {
    return report(Caller.ROOT, new Query.GetReport("fsck", places, all));
  }

  private String report(Caller by, Query.GetReport query) throws IOException {
    return switch (session.call(by, query)) {
      case Reply.Report report -> report.json();
      case Reply.Refused refused -> throw refusal(refused);
      case Reply reply -> throw new IOException("unexpected answer " + reply);
    };
  }

  private static IOException refusal(Reply.Refused refused) {
    return new IOException(refused.errno().text() + ": " + refused.detail());
  }

  /**
   * A page of blocks, as {@link Query.ListBlocks} says.
   *
   * @throws IOException also unless this is root, or the cluster's key is known
   */
  public Reply.BlockPage blocks(Query.ListBlocks query) throws IOException {
    return switch (session.call(Caller.ROOT, query)) {
      case Reply.BlockPage page -> page;
      case Reply.Refused refused -> throw refusal(refused);
      case Reply reply -> throw new IOException("unexpected answer " + reply);
    };
  }

  /** The chunk server at an address, as {@link Reply.BlockPlace} names it. */
  public BlockService chunkServer(String address) throws IOException {
    return services.connect(address);
  }

  /**
   * Lets a chunk server be drained, or take blocks again.
   *
   * @throws IOException also when there is none, or who asks does not have the cluster's key
   */
  public void drain(long server, boolean draining) throws IOException {
    order(new Change.DrainServer(server, draining));
  }

  /**
   * Forgets a chunk server that will not come back.
   *
   * @throws IOException also when it is here, or a block has no other copy
   */
  public void forgetServer(long server) throws IOException {
    order(new Change.ForgetServer(server));
  }

  private void order(Change change) throws IOException {
    Reply reply = session.call(Caller.ROOT, change);
    if (reply instanceof Reply.Refused refused) {
      throw refusal(refused);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      files.close();
    } finally {
      session.close();
      services.close();
      transport.close();
    }
  }
}
