package dfs.fuse.driver.kernel;

import com.google.protobuf.ByteString;
import dfs.fuse.vfs.Vfs;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Reply.Dentry;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Requests about open directories. Offsets given to the kernel: 1 after ".", 2 after "..", 2 +
 * cookie after an entry. A listing ends at the counter that its first page saw, so that it ends
 * even while entries are added.
 *
 * <p>Attributes go out in the request for which they were fetched, or not at all: the kernel takes
 * those of an answer to be no older than its request, whatever their validity, and on an older size
 * it cuts its pages of the file, stored to by mappings or not. What a request had no room for is
 * kept for its names alone; asked for attributes, it is fetched again.
 */
final class DirectoryRequests {
  private static final int OFFSET_OF_COOKIES = 2;
  private static final int DIRENT_BYTES = 24;
  private static final int ENTRY_ESTIMATE_BYTES = 48;

  private final Vfs vfs;
  private final Gate gate;
  private final InodeRequests inodes;
  private final Map<Long, OpenDirectory> open = new ConcurrentHashMap<>();
  private final AtomicLong handles = new AtomicLong();

  /**
   * A listing under way: the page that was fetched and not yet handed out. The kernel serialises
   * requests of one handle.
   */
  private static final class OpenDirectory {
    long stop;
    boolean end;
    List<Dentry> page = List.of();
    int next;
    long cookie = -1;

    boolean hasLeft() {
      return next < page.size();
    }
  }

  DirectoryRequests(Vfs vfs, Gate gate, InodeRequests inodes) {
    this.vfs = vfs;
    this.gate = gate;
    this.inodes = inodes;
  }

  int open(Request in, Answer out) {
    long handle = handles.incrementAndGet();
    open.put(handle, new OpenDirectory());
    return out.start().openOut(handle, 0).finish(in.unique());
  }

  int release(Request in, Answer out) {
    open.remove(in.u64(0));
    return out.start().finish(in.unique());
  }

  /** struct fuse_read_in: 0 fh | 8 offset | 16 size. */
  int list(Request in, Answer out, boolean plus) {
    OpenDirectory directory = open.get(in.u64(0));
    if (directory == null) {
      return out.fail(in.unique(), Errno.EBADF);
    }
    synchronized (directory) {
      return list(in, out, directory, plus);
    }
  }

  private int list(Request in, Answer out, OpenDirectory directory, boolean plus) {
    int limit = Answer.HEADER_BYTES + in.u32(16);
    long offset = in.u64(8);
    if (offset == 0) {
      directory.stop = 0;
    }
    long cookie = Math.max(0, offset - OFFSET_OF_COOKIES);
    if (offset == 0 || directory.cookie != cookie || (plus && directory.hasLeft())) {
      Reply failure = fetch(in, directory, cookie, plus);
      if (failure != null) {
        return InodeRequests.failed(in, out, failure);
      }
    }
    gate.enter();
    ByteBuffer body = out.start().body();
    body.limit(limit);
    long validity = vfs.validityNanos(in.node(), in.epoch());
    if (offset < 1 && !dots(out, in.node(), ".", 1, plus)) {
      return finish(in, out);
    }
    if (offset < 2 && !dots(out, in.node(), "..", 2, plus)) {
      return finish(in, out);
    }
    while (directory.hasLeft()) {
      Dentry entry = directory.page.get(directory.next);
      if (!put(out, entry, validity, plus)) {
        break;
      }
      directory.next++;
      directory.cookie = entry.cookie();
    }
    if (!directory.hasLeft() && !directory.end) {
      directory.cookie = -1;
    }
    return finish(in, out);
  }

  private static int finish(Request in, Answer out) {
    out.body().limit(out.body().capacity());
    return out.finish(in.unique());
  }

  /** Gets the page after {@code cookie}; returns the refusal, or null. */
  private @Nullable Reply fetch(Request in, OpenDirectory directory, long cookie, boolean plus) {
    int entries = Math.clamp(in.u32(16) / ENTRY_ESTIMATE_BYTES, 1, Limits.LISTING_ENTRIES);
    if (plus) {
      entries = Math.clamp(in.u32(16) / (ENTRY_ESTIMATE_BYTES + Answer.ENTRY_BYTES), 1, entries);
    }
    Reply reply =
        inodes.call(in, new Query.ListDirectory(in.node(), cookie, directory.stop, entries, plus));
    if (!(reply instanceof Reply.Listing listing)) {
      return reply;
    }
    directory.stop = listing.stop();
    directory.end = listing.end();
    directory.page = listing.entries();
    directory.next = 0;
    directory.cookie = cookie;
    return null;
  }

  private static boolean dots(Answer out, long ino, String name, long offset, boolean plus) {
    ByteString text = ByteString.copyFromUtf8(name);
    if (out.body().remaining() < size(text, plus)) {
      return false;
    }
    if (plus) {
      out.absentEntry(0);
    }
    dirent(out, ino, offset, FileType.DIRECTORY, text);
    return true;
  }

  private boolean put(Answer out, Dentry entry, long validity, boolean plus) {
    if (out.body().remaining() < size(entry.name(), plus)) {
      return false;
    }
    if (plus) {
      Attributes attributes = entry.attributes();
      if (attributes == null) {
        out.absentEntry(0);
      } else {
        vfs.remember(attributes, 1);
        out.entry(attributes, validity);
      }
    }
    dirent(out, entry.ino(), entry.cookie() + OFFSET_OF_COOKIES, entry.type(), entry.name());
    return true;
  }

  private static int size(ByteString name, boolean plus) {
    return ((DIRENT_BYTES + name.size() + 7) & ~7) + (plus ? Answer.ENTRY_BYTES : 0);
  }

  /** struct fuse_dirent: 0 ino | 8 off | 16 namelen | 20 type | 24 name, padded to 8 bytes. */
  private static void dirent(Answer out, long ino, long offset, FileType type, ByteString name) {
    out.u64(ino).u64(offset).u32(name.size()).u32(type.modeBits() >> 12);
    name.copyTo(out.body());
    while ((out.body().position() - Answer.HEADER_BYTES) % 8 != 0) {
      out.body().put((byte) 0);
    }
  }
}
