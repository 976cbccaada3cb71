package dfs.metadata.consensus;

import com.alipay.sofa.jraft.entity.PeerId;
import com.alipay.sofa.jraft.entity.RaftOutter.SnapshotMeta;
import com.alipay.sofa.jraft.option.RaftOptions;
import com.alipay.sofa.jraft.storage.snapshot.SnapshotWriter;
import com.alipay.sofa.jraft.storage.snapshot.local.LocalSnapshotStorage;
import java.io.IOException;

/**
 * The library's snapshots, with one taken at start of what the state holds already. The library
 * reads the log from the last snapshot on, and what the state holds would be read for nothing: a
 * second for each 100 MB. Extends the library's class because the library casts to it.
 */
final class FlushedSnapshotStorage extends LocalSnapshotStorage {
  /** Reading fewer entries costs less than a snapshot. */
  private static final long SKIPPED_ENTRIES_MIN = 1000;

  private final Applier applier;
  private final GuardedLogStorage log;
  private final PeerId self;

  FlushedSnapshotStorage(
      String path, RaftOptions options, Applier applier, GuardedLogStorage log, PeerId self) {
    super(path, null, options);
    this.applier = applier;
    this.log = log;
    this.self = self;
  }

  @Override
  public boolean init(Void nothing) {
    if (!super.init(null)) {
      return false;
    }
    long flushed = applier.flushedIndex();
    long known = Math.max(getLastSnapshotIndex(), log.first() - 1);
    // A snapshot that got lost is made again: the copy is the state itself.
    boolean lost = getLastSnapshotIndex() < log.first() - 1;
    if (flushed < log.first() || (!lost && flushed - known < SKIPPED_ENTRIES_MIN)) {
      return true;
    }
    try {
      take(flushed);
      return true;
    } catch (IOException e) {
      applier.refuse("the snapshot cannot be written", e);
      return false;
    }
  }

  @SuppressWarnings("deprecation") // a term costs least by getTerm
  private void take(long flushed) throws IOException {
    SnapshotMeta meta =
        SnapshotMeta.newBuilder()
            .setLastIncludedIndex(flushed)
            .setLastIncludedTerm(log.getTerm(flushed))
            .addPeers(self.toString())
            .build();
    SnapshotWriter writer = create();
    if (writer == null) {
      throw new IOException("no room for a snapshot");
    }
    try {
      applier.writeManifest(writer);
      writer.saveMeta(meta);
    } finally {
      writer.close();
    }
    if (getLastSnapshotIndex() != flushed) {
      throw new IOException("the snapshot at entry " + flushed + " was not kept");
    }
  }
}
