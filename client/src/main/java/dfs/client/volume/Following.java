package dfs.client.volume;

import com.google.protobuf.ByteString;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.LeaseListener;
import dfs.protocol.Limits;
import dfs.protocol.session.ClientMessage;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a client without a kernel's caches does when the server asks something back: it has nothing
 * to forget but what it knows of open files.
 */
final class Following implements LeaseListener {
  private static final Logger LOG = LoggerFactory.getLogger(Following.class);

  private final OpenFiles files;

  /** Instants of the past at which somebody looks. */
  private final Collection<Long> looked;

  Following(OpenFiles files, Collection<Long> looked) {
    this.files = files;
    this.looked = looked;
  }

  @Override
  public void recall(LeaseMode to) {
    try {
      files.syncAll();
    } catch (IOException e) {
      // The error stays with its file, whose users hear of it.
      LOG.warn("flushing for a recall failed: {}", e.toString());
    }
    files.expire(null);
  }

  @Override
  public void uncertain() {
    files.expire(null);
  }

  @Override
  public void granted(LeaseMode mode) {
    files.expire(null);
  }

  @Override
  public boolean invalidate(long ino, long fromOffset, long parent, ByteString name, boolean gone) {
    files.expire(ino);
    return files.inUse(ino);
  }

  @Override
  public boolean inUse(long ino) {
    return files.inUse(ino);
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
    files.locks().freed(0);
    List<Long> lost = files.fail(new IOException("the session is over: " + reason));
    if (!lost.isEmpty()) {
      LOG.warn("what was not yet written of inodes {} is lost: {}", lost, reason);
    }
  }

  @Override
  public Map<Long, Integer> open() {
    return files.opened();
  }

  @Override
  public List<ClientMessage.Locked> locks() {
    return files.locks().claimed();
  }

  @Override
  public List<Long> instants() {
    return looked.stream().limit(Limits.SESSION_INSTANTS).toList();
  }

  @Override
  public void lockFree(long ino) {
    files.locks().freed(ino);
  }
}
