package dfs.metadata.namespace;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.metadata.store.KeyValueStore;
import dfs.metadata.store.MemoryStore;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Command;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Order;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A namespace to try things on: formatted, with one session, every command a batch of its own at a
 * time that the test sets. Helpers that return an inode or block expect the change to be done.
 */
public final class NamespaceBed implements AutoCloseable {
  public static final long SECOND = 1_000_000_000L;
  public static final long MINUTE = 60 * SECOND;
  public static final long HOUR = 60 * MINUTE;

  /** 2027-01-15T08:00:00Z: an hour begins. */
  public static final long START = 1_800_000_000L * SECOND;

  public static final long ROOT = Attributes.ROOT_INO;

  /** Two users with a group each, who share group 100. */
  public static final Caller ANN = new Caller(1001, 2001, List.of(100));

  public static final Caller BOB = new Caller(1002, 2002, List.of(100));

  final StoredNamespace namespace;
  final List<Command> log = new ArrayList<>();
  final List<Long> placement = new ArrayList<>(List.of(1L, 2L));
  private final Map<Long, Long> sequences = new HashMap<>();
  private long now = START;
  private long index;

  /** The session that orders changes where no other is named. */
  final long session;

  NamespaceBed(KeyValueStore store) {
    namespace = new StoredNamespace(store);
    upkeep(new Upkeep.Format(ByteString.copyFromUtf8("a volume"), 0, 0));
    session = openSession();
  }

  public static NamespaceBed inMemory() {
    return new NamespaceBed(new MemoryStore());
  }

  public long now() {
    return now;
  }

  /** Time passes; without it each command is stamped a nanosecond after the one before. */
  public void tick(long nanos) {
    now += nanos;
  }

  /** The state itself. */
  public StoredNamespace namespace() {
    return namespace;
  }

  /** The next command is stamped with this time. */
  void at(long nanos) {
    now = nanos - 1;
  }

  /** Applies a command and keeps it. */
  Reply apply(Command command) {
    log.add(command);
    return namespace.apply(++index, List.of(command)).getFirst();
  }

  Command command(long by, int slot, long sequence, Caller caller, Order order) {
    return new Command(++now, by, slot, sequence, caller, placement, ByteString.EMPTY, order);
  }

  public Reply upkeep(Upkeep order) {
    return apply(command(0, 0, 0, Caller.ROOT, order));
  }

  public Reply change(long by, Caller caller, Change order) {
    long sequence = sequences.merge(by, 1L, Long::sum);
    return apply(command(by, 0, sequence, caller, order));
  }

  Reply change(Caller caller, Change order) {
    return change(session, caller, order);
  }

  Reply change(Change order) {
    return change(session, Caller.ROOT, order);
  }

  public long openSession() {
    Reply reply = upkeep(new Upkeep.OpenSession("host", true, true, 0));
    return ((Reply.Session) reply).id();
  }

  /** The kept instant that is read of a time. */
  public long instantAt(long nanos) {
    return ((Reply.Instant) namespace.query(Caller.ROOT, new Query.GetInstant(), nanos)).nanos();
  }

  public Reply query(Query query) {
    return namespace.query(Caller.ROOT, query, 0);
  }

  /** How a reply ended; OK if it is no refusal. */
  public static Errno errno(Reply reply) {
    return reply instanceof Reply.Refused refused ? refused.errno() : Errno.OK;
  }

  static ByteString name(String name) {
    return ByteString.copyFromUtf8(name);
  }

  private static long ino(Reply reply) {
    assertThat(reply).isInstanceOf(Reply.Entry.class);
    return ((Reply.Entry) reply).attributes().ino();
  }

  public long create(long parent, String name) {
    return create(Caller.ROOT, parent, name, 0644);
  }

  long create(Caller caller, long parent, String name, int mode) {
    return ino(change(caller, new Change.CreateFile(parent, name(name), mode, 0, false)));
  }

  public long mkdir(long parent, String name) {
    return mkdir(Caller.ROOT, parent, name, 0755);
  }

  long mkdir(Caller caller, long parent, String name, int mode) {
    return ino(change(caller, new Change.MakeDirectory(parent, name(name), mode, 0)));
  }

  public long symlink(long parent, String name, String target) {
    return ino(change(new Change.MakeSymlink(parent, name(name), name(target))));
  }

  long mknod(long parent, String name, FileType type) {
    return ino(change(new Change.MakeNode(parent, name(name), type, 0600, 0, 7)));
  }

  public Reply link(long ino, long parent, String name) {
    return change(new Change.Link(ino, parent, name(name)));
  }

  public Reply unlink(long parent, String name) {
    return change(new Change.Unlink(parent, name(name)));
  }

  public Reply rmdir(long parent, String name) {
    return change(new Change.RemoveDirectory(parent, name(name)));
  }

  Reply rename(long parent, String name, long newParent, String newName, int flags) {
    return change(new Change.Rename(parent, name(name), newParent, name(newName), flags));
  }

  Reply rename(long parent, String name, long newParent, String newName) {
    return rename(parent, name, newParent, newName, 0);
  }

  long allocate(long by) {
    Reply reply = change(by, Caller.ROOT, new Change.AllocateBlock(wish()));
    assertThat(reply).isInstanceOf(Reply.Allocated.class);
    return ((Reply.Allocated) reply).grant().block();
  }

  public long allocate() {
    return allocate(session);
  }

  static Change.BlockWish wish() {
    return new Change.BlockWish(false, false, 0, 0);
  }

  public static Extent extent(long offset, long length, long block, long blockOffset) {
    return new Extent(offset, length, block, blockOffset, false);
  }

  /** A commit of extents; the size is where the last of them ends, at least. */
  static Change.Commit commit(long ino, long map, Extent... extents) {
    long end = extents.length == 0 ? 0 : extents[extents.length - 1].fileEnd();
    return new Change.Commit(
        ino, map, List.of(extents), false, ByteString.EMPTY, end, 0, false, List.of(), null);
  }

  static Change.Commit inline(long ino, long map, String contents) {
    return new Change.Commit(
        ino, map, List.of(), true, name(contents), contents.length(), 0, false, List.of(), null);
  }

  /** Writes to a file: its present map is asked for first. */
  public Reply write(long ino, Extent... extents) {
    return change(commit(ino, attributes(ino).map(), extents));
  }

  public Reply writeInline(long ino, String contents) {
    return change(inline(ino, attributes(ino).map(), contents));
  }

  static Change.SetAttributes setSize(long ino, long size) {
    return set(ino, Change.SetAttributes.SET_SIZE, 0, 0, 0, size);
  }

  static Change.SetAttributes setMode(long ino, int mode) {
    return set(ino, Change.SetAttributes.SET_MODE, mode, 0, 0, 0);
  }

  static Change.SetAttributes set(long ino, int valid, int mode, int uid, int gid, long size) {
    return new Change.SetAttributes(ino, valid, mode, uid, gid, size, 0, 0, 0);
  }

  public Reply truncate(long ino, long size) {
    return change(setSize(ino, size));
  }

  Reply setXattr(long ino, String name, String value) {
    return change(new Change.SetXattr(ino, name(name), name(value), 0));
  }

  public Reply seal(long block, long length, boolean closed) {
    return change(new Change.SealBlocks(List.of(new Change.BlockEnd(block, 1, length, closed))));
  }

  Attributes attributes(long ino) {
    Reply reply = query(new Query.GetAttributes(ino));
    assertThat(reply).isInstanceOf(Reply.Entry.class);
    return ((Reply.Entry) reply).attributes();
  }

  Reply.MapPage map(long ino) {
    Reply reply = query(new Query.ReadMap(ino, 0, 1L << 40));
    assertThat(reply).isInstanceOf(Reply.MapPage.class);
    return (Reply.MapPage) reply;
  }

  /** Everything that is due by now, until nothing is. */
  public void upkeepAll() {
    for (long tree : namespace.survey().treesToDrop(Integer.MAX_VALUE)) {
      dropTree(tree);
    }
    List<Long> orphans = namespace.survey().orphans(0, Integer.MAX_VALUE);
    if (!orphans.isEmpty()) {
      upkeep(new Upkeep.Reap(orphans));
    }
    while (namespace.survey().historyDue(now + 1)) {
      upkeep(new Upkeep.AdvanceHistory());
    }
    reapMaps();
  }

  private void dropTree(long top) {
    while (upkeep(new Upkeep.DropTree(top)) instanceof Reply.Progress progress && progress.more()) {
      check();
    }
  }

  void reapMaps() {
    for (List<Long> maps = namespace.survey().mapsToReap(10);
        !maps.isEmpty();
        maps = namespace.survey().mapsToReap(10)) {
      maps.forEach(map -> upkeep(new Upkeep.ReapMap(map)));
    }
  }

  /** The state agrees with itself. */
  public void check() {
    assertThat(namespace.survey().check(100)).isEmpty();
  }

  @Override
  public void close() {
    namespace.close();
  }
}
