package dfs.client.file;

import dfs.client.block.BlockWriter;
import dfs.protocol.metadata.Change.BlockEnd;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A block that this session writes, and which files have extents in it that are not committed. A
 * sealed block is closed once no commit into it can come any more: by the seal itself, by the last
 * commit, or by a message of its own. Thread-safe.
 */
final class OpenBlock {
  private final BlockWriter writer;
  private final Set<Long> servers;

  /** Guards what follows; held while the block is sealed on its servers. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Map<Long, Integer> uncommitted = new HashMap<>();
  private @Nullable BlockEnd end;
  private boolean closed;
  private boolean reported;
  private boolean failed;

  /**
   * @param servers its members
   */
  OpenBlock(BlockWriter writer, List<Long> servers) {
    this.writer = writer;
    this.servers = Set.copyOf(servers);
  }

  boolean isOnAnyOf(Set<Long> these) {
    return !Collections.disjoint(servers, these);
  }

  long id() {
    return writer.block();
  }

  BlockWriter writer() {
    return writer;
  }

  /** A file has one more extent here to commit. */
  void appended(long ino) {
    lock.lock();
    try {
      uncommitted.merge(ino, 1, Integer::sum);
    } finally {
      lock.unlock();
    }
  }

  /** So many of the file's extents are committed, or will never be. */
  void settled(long ino, int extents) {
    lock.lock();
    try {
      int left = uncommitted.getOrDefault(ino, 0) - extents;
      if (left > 0) {
        uncommitted.put(ino, left);
      } else {
        uncommitted.remove(ino);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Makes everything appended so far durable. In a block that broke, for whomever, it is not known
   * what is.
   */
  void flush() throws BlockFailedException {
    if (isFailed()) {
      throw new BlockFailedException(
          this, new IOException("the block broke before its end was durable"));
    }
    if (isSealed()) {
      return;
    }
    try {
      writer.flush();
    } catch (IOException e) {
      if (!endedMeanwhile()) {
        abandon();
        throw new BlockFailedException(this, e);
      }
    }
  }

  /** Whether it was sealed, with everything in it durable, since somebody looked. */
  private boolean endedMeanwhile() {
    lock.lock();
    try {
      return end != null && !failed;
    } finally {
      lock.unlock();
    }
  }

  /** Fails if the block broke before its bytes up to here were durable. */
  void checkHolds(long offset) throws BlockFailedException {
    lock.lock();
    try {
      BlockEnd known = end;
      if (known != null && known.lengthBytes() < offset) {
        throw new BlockFailedException(
            this, new IOException("the block ends at " + known.lengthBytes()));
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean isSealed() {
    lock.lock();
    try {
      return end != null;
    } finally {
      lock.unlock();
    }
  }

  /** Seals it on its servers, once; nothing can be appended any more. */
  void seal() throws BlockFailedException {
    lock.lock();
    try {
      if (end != null) {
        return;
      }
      try {
        end = writer.seal(false);
      } catch (IOException e) {
        abandon();
        throw new BlockFailedException(this, e);
      }
    } finally {
      lock.unlock();
    }
  }

  /** It broke: it ends where it was durable. */
  void abandon() {
    lock.lock();
    try {
      failed = true;
      if (end == null) {
        end = new BlockEnd(writer.block(), writer.epoch(), writer.durableBytes(), false);
      }
    } finally {
      lock.unlock();
    }
  }

  boolean isFailed() {
    lock.lock();
    try {
      return failed;
    } finally {
      lock.unlock();
    }
  }

  /**
   * What a commit by {@code ino} of all its extents here says of the block's end: closed when
   * nobody else has anything to commit.
   */
  List<BlockEnd> endWith(long ino) {
    lock.lock();
    try {
      BlockEnd known = end;
      boolean last = uncommitted.isEmpty() || uncommitted.keySet().equals(Set.of(ino));
      if (known == null || closed || (reported && !last)) {
        return List.of();
      }
      closed = last;
      reported = true;
      return List.of(new BlockEnd(known.block(), known.epoch(), known.lengthBytes(), last));
    } finally {
      lock.unlock();
    }
  }

  /** What {@link #endWith} said did not get through: it is to be said again. */
  void untold() {
    lock.lock();
    try {
      closed = false;
      reported = false;
    } finally {
      lock.unlock();
    }
  }

  /** What is still to be said of the block's end when no commit is left to say it. */
  List<BlockEnd> endAlone() {
    lock.lock();
    try {
      return uncommitted.isEmpty() ? endWith(0) : List.of();
    } finally {
      lock.unlock();
    }
  }
}
