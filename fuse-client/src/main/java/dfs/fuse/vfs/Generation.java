package dfs.fuse.vfs;

import dfs.client.block.BlockStore;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.util.function.BiConsumer;

/**
 * What a mount has of one session: leases, writers and open files that no other session may go on
 * with. Made and ended by {@link RenewedVfs}. Thread-safe.
 */
final class Generation {
  final long number;
  final VolumeVfs vfs;

  /** What is called: the volume, and its past. */
  final PastVfs past;

  private final MetadataSession session;
  private final BlockStore blocks;
  private final OpenFiles files;

  /**
   * @param number grows with each
   * @param over hears why the session is over
   */
  Generation(
      long number,
      MetadataSession session,
      BlockStore blocks,
      KnownInodes inodes,
      PastNodes nodes,
      Time time,
      BiConsumer<Generation, String> over) {
    this.number = number;
    this.session = session;
    this.blocks = blocks;
    this.files = new OpenFiles(session, blocks, time);
    this.vfs = new VolumeVfs(session, files, inodes, nodes, reason -> over.accept(this, reason));
    this.past = new PastVfs(vfs, session, blocks, time, nodes);
  }

  long session() {
    return session.id();
  }

  /** From then on nothing of it counts. */
  boolean isOver() {
    return session.isOver();
  }

  void syncAll() throws IOException {
    files.syncAll();
  }

  /** Lets go of the session, which is over, so that another can follow it. */
  void closeSession() {
    session.close();
  }

  /** Lets go of the memory of what is lost. */
  void abandon() {
    files.abandon();
    past.abandon();
    blocks.close();
  }

  /** Writes everything back and ends the session in good order. */
  void close() throws IOException {
    try {
      files.close();
    } finally {
      blocks.close();
      session.close();
    }
  }
}
