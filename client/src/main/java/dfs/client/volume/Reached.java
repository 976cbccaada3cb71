package dfs.client.volume;

import com.google.protobuf.ByteString;
import dfs.client.block.ChunkBlockStore;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.MetadataSession;
import dfs.client.metadata.StreamSession;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.RealTime;
import dfs.protocol.seam.Time;
import dfs.protocol.transport.Transports;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;

/**
 * A volume that was reached through a data directory: a session with its metadata server, the way
 * to its chunk servers, and the files that are open. Who may read the cluster's key speaks with it;
 * anybody else is who the socket says. A session of a tool: it keeps no lease. Thread-safe.
 */
public final class Reached implements AutoCloseable {
  private static final long SECOND_NANOS = 1_000_000_000L;

  private final Transports transport;
  private final BlockServices services;
  private final Time time = new RealTime();
  private final StreamSession session;
  private final OpenFiles files;
  private final Caller caller;
  private final int umask;
  private final RandomGenerator random = new SecureRandom();

  /** Instants that are looked at until the end. */
  private final Set<Long> looked = ConcurrentHashMap.newKeySet();

  private Reached(Entrance entrance, String host, Transports transport, BlockServices services)
      throws IOException {
    this.transport = transport;
    this.services = services;
    this.caller = Credentials.ofThisProcess();
    this.umask = Credentials.umask();
    StreamSession.Config config =
        new StreamSession.Config(
            "unix:" + entrance.metadataSocket(),
            ClusterKeyFile.ifReadable(entrance.clusterKey()).orElse(ByteString.EMPTY),
            host,
            false,
            Optional.empty());
    this.session = StreamSession.open(config, transport, time, random);
    this.files = files(session);
    session.listen(new Following(files, looked));
  }

  private OpenFiles files(MetadataSession through) {
    return new OpenFiles(through, new ChunkBlockStore(services, session::id), time);
  }

  /**
   * A further session with the same servers, as of a kept instant, and the files open in it.
   *
   * @param instantNanos since 1970
   */
  public record Past(MetadataSession session, OpenFiles files, long instantNanos) {}

  /**
   * The volume as it was at the newest kept instant up to a time.
   *
   * @param asOfNanos nanoseconds since 1970
   * @throws IOException unless that is before the current second, which may be going on, and an
   *     instant before it is kept
   */
  public Past asOf(long asOfNanos) throws IOException {
    if (asOfNanos <= 0 || asOfNanos >= session.nowNanos() / SECOND_NANOS * SECOND_NANOS) {
      throw new IOException("the past ends with the second before this one");
    }
    return kept(asOfNanos);
  }

  /**
   * The volume as it was at the instant of a snapshot.
   *
   * @throws IOException if there is none of that name
   */
  public Past asOfSnapshot(String name) throws IOException {
    Reply reply = session.call(caller, new Query.GetSnapshot(name));
    if (!(reply instanceof Reply.Instant instant)) {
      throw new IOException("there is no snapshot \"" + name + "\"");
    }
    return kept(instant.nanos());
  }

  /** An instant that is looked at as long as this is open: what was then is kept. */
  public void keep(long instantNanos) {
    looked.add(instantNanos);
  }

  private Past kept(long asOfNanos) throws IOException {
    Reply reply = session.callAsOf(caller, new Query.GetInstant(), asOfNanos);
    if (!(reply instanceof Reply.Instant kept)) {
      throw new IOException(
          "nothing is kept of what was so long ago: "
              + (reply instanceof Reply.Refused refused ? refused.detail() : reply));
    }
    MetadataSession past = new PastSession(session, kept.nanos());
    return new Past(past, files(past), kept.nanos());
  }

  /**
   * Opens a session.
   *
   * @param host who it is, for people
   * @throws NotUpException when nobody serves the directory
   */
  public static Reached open(Entrance entrance, String host) throws IOException {
    if (!entrance.isUp()) {
      throw new NotUpException(entrance.root());
    }
    Transports transport = new Transports();
    BlockServices services = new BlockServices();
    boolean opened = false;
    try {
      ChunkAddress.reachFromOutside(entrance, services, List.of());
      Reached reached = new Reached(entrance, host, transport, services);
      opened = true;
      return reached;
    } finally {
      if (!opened) {
        services.close();
        transport.close();
      }
    }
  }

  public StreamSession session() {
    return session;
  }

  public BlockServices services() {
    return services;
  }

  public OpenFiles files() {
    return files;
  }

  /** Who this process was when it was reached. */
  public Caller caller() {
    return caller;
  }

  /** The umask of this process then. */
  public int umask() {
    return umask;
  }

  public RandomGenerator random() {
    return random;
  }

  /** Writes everything back and ends the session in good order. */
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
