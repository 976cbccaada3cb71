package dfs.fuse.driver.kernel;

import com.google.protobuf.ByteString;
import dfs.fuse.vfs.KernelCaches;
import dfs.fuse.vfs.Vfs;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A volume in memory, for tests of the driver: names, files, links, extended attributes; nothing is
 * kept by the kernel.
 */
final class MemoryVfs implements Vfs {
  private static final int LISTING_ENTRIES_MAX = 200;
  private static final int O_TRUNC = 01000;

  private final Map<Long, Node> nodes = new HashMap<>();
  private final Map<Long, Long> handles = new HashMap<>();
  private final Map<Long, Long> references = new HashMap<>();
  private long nextIno = 1;
  private long nextHandle;
  private long nextCookie;

  /** An inode. */
  private static final class Node {
    final long ino;
    final FileType type;
    int mode;
    byte[] data = new byte[0];
    int links = 1;
    final Map<ByteString, Long> names = new HashMap<>();
    final TreeMap<Long, ByteString> order = new TreeMap<>();
    final Map<ByteString, ByteString> xattrs = new HashMap<>();

    Node(long ino, FileType type, int mode) {
      this.ino = ino;
      this.type = type;
      this.mode = mode;
    }

    Attributes attributes() {
      return new Attributes(
          ino, type, mode, links, 0, 0, 0, data.length, data.length, 1, 2, 3, 4, 1, ino, 0);
    }
  }

  MemoryVfs() {
    add(FileType.DIRECTORY, 0755);
  }

  private Node add(FileType type, int mode) {
    Node node = new Node(nextIno++, type, mode);
    nodes.put(node.ino, node);
    return node;
  }

  private Node node(long ino) {
    Node node = nodes.get(ino);
    if (node == null) {
      throw new IllegalStateException("inode " + ino + " was never given out");
    }
    return node;
  }

  /** References that the kernel holds. */
  synchronized long references(long ino) {
    return references.getOrDefault(ino, 0L);
  }

  @Override
  public synchronized Reply call(Caller caller, int process, Operation operation) {
    return switch (operation) {
      case Query.Lookup q -> entry(child(q.parent(), q.name()));
      case Query.GetAttributes q -> entry(node(q.ino()));
      case Query.ReadLink q -> new Reply.Value(ByteString.copyFrom(node(q.ino()).data));
      case Query.ListDirectory q -> list(q);
      case Query.GetSpace q -> new Reply.Space(1L << 40, 1L << 39, nodes.size(), 1);
      case Query.GetXattr q -> {
        ByteString value = node(q.ino()).xattrs.get(q.name());
        yield value == null ? Reply.refused(Errno.ENODATA, "") : new Reply.Value(value);
      }
      case Query.ListXattrs q -> new Reply.Names(List.copyOf(node(q.ino()).xattrs.keySet()));
      case Change.CreateFile c -> make(c.parent(), c.name(), add(FileType.REGULAR, c.mode()));
      case Change.MakeDirectory c -> make(c.parent(), c.name(), add(FileType.DIRECTORY, c.mode()));
      case Change.MakeNode c -> make(c.parent(), c.name(), add(c.type(), c.mode()));
      case Change.MakeSymlink c -> {
        Node link = add(FileType.SYMLINK, 0777);
        link.data = c.target().toByteArray();
        yield make(c.parent(), c.name(), link);
      }
      case Change.Link c -> {
        node(c.ino()).links++;
        yield make(c.parent(), c.name(), node(c.ino()));
      }
      case Change.Unlink c -> remove(c.parent(), c.name());
      case Change.RemoveDirectory c -> remove(c.parent(), c.name());
      case Change.Rename c -> {
        Node moved = child(c.parent(), c.name());
        if (moved == null) {
          yield Reply.refused(Errno.ENOENT, "");
        }
        remove(c.parent(), c.name());
        moved.links++;
        remove(c.newParent(), c.newName());
        make(c.newParent(), c.newName(), moved);
        yield new Reply.Removed(null);
      }
      case Change.SetAttributes c -> set(c);
      case Change.SetXattr c -> {
        node(c.ino()).xattrs.put(c.name(), c.value());
        yield Reply.Done.DONE;
      }
      case Change.RemoveXattr c ->
          node(c.ino()).xattrs.remove(c.name()) == null
              ? Reply.refused(Errno.ENODATA, "")
              : Reply.Done.DONE;
      default -> Reply.refused(Errno.ENOSYS, operation.toString());
    };
  }

  private @Nullable Node child(long parent, ByteString name) {
    Long ino = node(parent).names.get(name);
    return ino == null ? null : node(ino);
  }

  private static Reply entry(@Nullable Node node) {
    return node == null ? Reply.refused(Errno.ENOENT, "") : new Reply.Entry(node.attributes());
  }

  private Reply make(long parent, ByteString name, Node node) {
    Node directory = node(parent);
    if (directory.names.putIfAbsent(name, node.ino) != null) {
      return Reply.refused(Errno.EEXIST, "");
    }
    directory.order.put(++nextCookie, name);
    return entry(node);
  }

  private Reply remove(long parent, ByteString name) {
    Node directory = node(parent);
    Long ino = directory.names.remove(name);
    directory.order.values().remove(name);
    if (ino == null) {
      return Reply.refused(Errno.ENOENT, "");
    }
    node(ino).links--;
    return new Reply.Removed(null);
  }

  private Reply list(Query.ListDirectory query) {
    List<Reply.Dentry> page = new ArrayList<>();
    Node directory = node(query.ino());
    for (Map.Entry<Long, ByteString> entry :
        directory.order.tailMap(query.cookie(), false).entrySet()) {
      if (page.size() == Math.min(query.limitEntries(), LISTING_ENTRIES_MAX)) {
        return new Reply.Listing(page, nextCookie, false);
      }
      Node node = child(query.ino(), entry.getValue());
      if (node != null) {
        page.add(
            new Reply.Dentry(
                entry.getValue(),
                node.ino,
                node.type,
                entry.getKey(),
                query.plus() ? node.attributes() : null));
      }
    }
    return new Reply.Listing(page, nextCookie, true);
  }

  private Reply set(Change.SetAttributes change) {
    Node node = node(change.ino());
    if ((change.valid() & Change.SetAttributes.SET_MODE) != 0) {
      node.mode = change.mode();
    }
    if ((change.valid() & Change.SetAttributes.SET_SIZE) != 0) {
      node.data = Arrays.copyOf(node.data, (int) change.sizeBytes());
    }
    return entry(node);
  }

  @Override
  public boolean isUsable(long handle) {
    return true;
  }

  @Override
  public long validityNanos(long ino, long epoch) {
    return 0;
  }

  @Override
  public synchronized Opened open(Caller caller, int process, long ino, int flags) {
    if ((flags & O_TRUNC) != 0) {
      node(ino).data = new byte[0];
    }
    handles.put(++nextHandle, ino);
    return new Opened(entry(node(ino)), nextHandle, false, false);
  }

  @Override
  public synchronized Opened create(Caller caller, int process, Operation create, int flags) {
    Reply reply = call(caller, process, create);
    return reply instanceof Reply.Entry entry
        ? open(caller, process, entry.attributes().ino(), flags)
        : Opened.refused(reply);
  }

  private Node opened(long handle) {
    Long ino = handles.get(handle);
    if (ino == null) {
      throw new IllegalStateException("handle " + handle + " is not open");
    }
    return node(ino);
  }

  @Override
  public synchronized Errno read(long handle, long offset, ByteBuffer into) {
    byte[] data = opened(handle).data;
    int count = (int) Math.max(0, Math.min(into.remaining(), data.length - offset));
    if (count > 0) {
      into.put(data, (int) offset, count);
    }
    return Errno.OK;
  }

  @Override
  public synchronized Errno write(
      long handle, long offset, ByteBuffer from, boolean append, boolean killPrivileges) {
    Node node = opened(handle);
    int at = append ? node.data.length : (int) offset;
    node.data = Arrays.copyOf(node.data, Math.max(node.data.length, at + from.remaining()));
    from.get(node.data, at, from.remaining());
    return Errno.OK;
  }

  @Override
  public Errno writeBack(long handle, long offset, ByteBuffer from) {
    return write(handle, offset, from, false, false);
  }

  @Override
  public Errno flush(long handle) {
    return Errno.OK;
  }

  @Override
  public Errno sync(long handle) {
    return Errno.OK;
  }

  @Override
  public long cacheEpoch() {
    return 0;
  }

  @Override
  public synchronized void release(long handle, boolean writes) {
    handles.remove(handle);
  }

  /** Handles that are open. */
  synchronized int openHandles() {
    return handles.size();
  }

  @Override
  public synchronized void remember(Attributes attributes, int count) {
    references.merge(attributes.ino(), (long) count, Long::sum);
  }

  @Override
  public synchronized void forget(long ino, long count) {
    references.merge(ino, -count, Long::sum);
  }

  @Override
  public void attach(KernelCaches caches) {}
}
