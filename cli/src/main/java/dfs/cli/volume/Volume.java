package dfs.cli.volume;

import dfs.cli.data.DataDirectory;
import dfs.client.metadata.MetadataSession;
import dfs.client.path.VolumeTree;
import dfs.client.volume.Reached;
import dfs.protocol.block.BlockService;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A session of a command with the processes of a data directory. Who may read the cluster's key
 * speaks with it; anybody else is who the socket says.
 */
public final class Volume implements AutoCloseable {
  private static final String HOST = "dfs command";

  private final Reached reached;

  /** Of the same, by which answers are waited for as long as is wanted. */
  private final MetadataSession session;

  private final VolumeTree tree;

  private Volume(Reached reached, Optional<Duration> limit) {
    this.reached = reached;
    MetadataSession own = reached.session();
    this.session = limit.<MetadataSession>map(most -> new PatientSession(own, most)).orElse(own);
    this.tree =
        new VolumeTree(
            session, reached.files(), reached.caller(), reached.umask(), reached.random());
  }

  /**
   * Opens a session.
   *
   * @throws dfs.client.volume.NotUpException when nobody serves the directory
   */
  public static Volume open(DataDirectory data) throws IOException {
    return new Volume(Reached.open(data.entrance(), HOST), Optional.empty());
  }

  /**
   * Opens a session, and waits for the server no longer than this, now and for each answer.
   *
   * @throws dfs.client.volume.NotUpException when nobody serves the directory
   */
  public static Volume open(DataDirectory data, Duration limit) throws IOException {
    Reached reached =
        PatientSession.within(
            limit, () -> Reached.open(data.entrance(), HOST), Volume::closeQuietly);
    return new Volume(reached, Optional.of(limit));
  }

  private static void closeQuietly(Reached late) {
    try {
      late.close();
    } catch (IOException e) {
      // The server ends the session when it hears no more of it.
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
    return report(session, reached.caller(), new Query.GetReport(what));
  }

  /**
   * How the blocks of files at and below some paths are, or all blocks if there are no paths, as
   * JSON.
   *
   * @param all those that are as they should be, too
   * @param limit how long it may take; empty: as long as it does
   * @throws IOException also when there is nothing at a path, or this caller may not know
   */
  public String check(List<Query.Place> places, boolean all, Optional<Duration> limit)
      throws IOException {
    Query.GetReport query = new Query.GetReport("fsck", places, all);
    MetadataSession own = reached.session();
    return report(
        limit.<MetadataSession>map(most -> new PatientSession(own, most)).orElse(own),
        Caller.ROOT,
        query);
  }

  private static String report(MetadataSession through, Caller by, Query.GetReport query)
      throws IOException {
    return switch (through.call(by, query)) {
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
    return reached.services().connect(address);
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
    reached.close();
  }
}
