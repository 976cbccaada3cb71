package dfs.fuse.vfs;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Inodes without extended attributes. The kernel asks for them again and again (listing with
 * attributes asks for two of each file) and remembers no refusal; under a lease the answer is known
 * here. An answer holds in the epoch of {@link KnownInodes} in which its question was asked.
 * Thread-safe.
 */
final class PlainInodes {
  private static final int INODES_MAX = 50_000;

  /** The epoch in which each was found to have none. */
  private final Cache<Long, Long> epochs =
      Caffeine.newBuilder().maximumSize(INODES_MAX).executor(Runnable::run).build();

  /** Grows when this mount begins to set an attribute, and when it has been answered. */
  private final AtomicLong settings = new AtomicLong();

  /** What a question for extended attributes is answered with, or null if that is not known. */
  @Nullable Reply answer(Operation operation, long epoch) {
    return switch (operation) {
      case Query.GetXattr o when isPlain(o.ino(), epoch) ->
          Reply.refused(Errno.ENODATA, "no such attribute");
      case Query.ListXattrs o when isPlain(o.ino(), epoch) -> new Reply.Names(List.of());
      default -> null;
    };
  }

  private boolean isPlain(long ino, long epoch) {
    Long known = epochs.getIfPresent(ino);
    return known != null && known == epoch;
  }

  /** To be called before an operation is sent. */
  Question begin(Operation operation, long epoch) {
    long set = operation instanceof Change.SetXattr change ? change.ino() : 0;
    if (set != 0) {
      settings.incrementAndGet();
    }
    return new Question(epoch, settings.get(), set);
  }

  /** One operation on its way. */
  final class Question {
    private final long epoch;
    private final long settingsBefore;
    private final long set;

    private Question(long epoch, long settingsBefore, long set) {
      this.epoch = epoch;
      this.settingsBefore = settingsBefore;
      this.set = set;
    }

    /** Learns from the attributes in an answer, unless an attribute was set meanwhile. */
    void answered(Reply reply) {
      switch (reply) {
        case Reply.Entry entry -> learn(entry.attributes());
        case Reply.Listing listing -> {
          for (Reply.Dentry entry : listing.entries()) {
            Attributes attributes = entry.attributes();
            if (attributes != null) {
              learn(attributes);
            }
          }
        }
        default -> {}
      }
    }

    private void learn(Attributes attributes) {
      if ((attributes.flags() & Attributes.FLAG_XATTRS) != 0) {
        return;
      }
      epochs
          .asMap()
          .compute(
              attributes.ino(),
              (ino, known) -> settings.get() == settingsBefore ? (Long) epoch : known);
    }

    /** The operation was answered, or failed: what is not known of it may have happened. */
    void end() {
      if (set != 0) {
        settings.incrementAndGet();
        epochs.invalidate(set);
      }
    }
  }
}
