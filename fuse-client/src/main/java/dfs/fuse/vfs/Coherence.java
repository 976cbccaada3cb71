package dfs.fuse.vfs;

import com.google.protobuf.ByteString;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.LeaseListener;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what the kernel and this mount remember within what the lease allows. Before anything is
 * forgotten the epoch moves on and answers already decided are given out: a read that began before
 * looks again before it answers, so that nothing old enters a cache that was just emptied.
 */
final class Coherence implements LeaseListener {
  private static final Logger LOG = LoggerFactory.getLogger(Coherence.class);
  private static final long VALIDITY_NANOS = 3_600_000_000_000L;
  private static final long CHECK_NANOS = 1_000_000_000L;
  private static final int PAGES = 0;

  private final MetadataSession session;
  private final OpenFiles files;
  private final KnownInodes inodes;
  private final PastNodes past;

  /** Hears why the session is over. */
  private final Consumer<String> over;

  private volatile @Nullable KernelCaches caches;

  /** Whether names can all be forgotten at once, and until when that is believed. */
  private volatile boolean forgettable;

  private volatile long believedUntilNanos;

  Coherence(
      MetadataSession session,
      OpenFiles files,
      KnownInodes inodes,
      PastNodes past,
      Consumer<String> over) {
    this.session = session;
    this.files = files;
    this.inodes = inodes;
    this.past = past;
    this.over = over;
  }

  void attach(KernelCaches kernel) {
    caches = kernel;
  }

  /**
   * How long an answer may be kept: as long as the lease is certain, or for long where the kernel
   * can be made to forget all names at once.
   */
  long validityNanos() {
    long certain = session.lease() == LeaseMode.NONE ? 0 : session.leaseValidNanos();
    return certain > 0 && canForgetNames() ? VALIDITY_NANOS : certain;
  }

  private boolean canForgetNames() {
    KernelCaches kernel = caches;
    long now = System.nanoTime();
    if (kernel != null && now - believedUntilNanos > 0) {
      forgettable = kernel.canForgetNames();
      believedUntilNanos = now + CHECK_NANOS;
    }
    return forgettable;
  }

  @Override
  public void recall(LeaseMode to) {
    if (to == LeaseMode.NONE) {
      forgetEverything();
    } else {
      settle();
      writeMappings();
    }
    try {
      files.syncAll();
    } catch (IOException e) {
      // The error stays with its file; what could not be written is lost, and said so there.
      LOG.warn("flushing for a recall failed: {}", e.toString());
    }
    if (to == LeaseMode.NONE) {
      files.expire(null);
    }
  }

  private void settle() {
    KernelCaches kernel = caches;
    if (kernel != null) {
      kernel.settle();
    }
  }

  /** What was stored through a shared mapping comes as writes when its pages are dropped. */
  private void writeMappings() {
    KernelCaches kernel = caches;
    if (kernel != null) {
      inodes.writable().forEach(ino -> kernel.forgetInode(ino, PAGES));
    }
  }

  void forgetEverything() {
    inodes.nextEpoch();
    settle();
    KernelCaches kernel = caches;
    if (kernel == null) {
      return;
    }
    if (kernel.canForgetNames()) {
      kernel.forgetNames();
    }
    for (long ino : inodes.all()) {
      kernel.forgetInode(ino, PAGES);
    }
  }

  @Override
  public void uncertain() {
    forgetEverything();
    files.expire(null);
  }

  @Override
  public void granted(LeaseMode mode) {
    inodes.nextEpoch();
    files.expire(null);
  }

  @Override
  public boolean invalidate(long ino, long fromOffset, long parent, ByteString name, boolean gone) {
    KernelCaches kernel = caches;
    inodes.nextEpoch();
    files.expire(ino);
    if (kernel != null) {
      kernel.settle();
      kernel.forgetInode(ino, fromOffset);
      if (!name.isEmpty()) {
        kernel.forgetName(parent, name, gone, ino);
      }
    }
    return inUse(ino);
  }

  @Override
  public boolean inUse(long ino) {
    return inodes.isKnown(ino) || files.inUse(ino);
  }

  @Override
  public void leaving(Set<Long> servers) {
    try {
      files.endBlocksOn(servers);
    } catch (IOException e) {
      LOG.warn("ending blocks on chunk servers {} failed: {}", servers, e.toString());
    }
  }

  @Override
  public void fenced(String reason) {
    over.accept(reason);
  }

  @Override
  public List<Long> instants() {
    return past.instants();
  }

  @Override
  public Map<Long, Integer> open() {
    return files.opened();
  }
}
