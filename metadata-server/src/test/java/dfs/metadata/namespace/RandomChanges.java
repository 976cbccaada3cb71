package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.errno;
import static dfs.metadata.namespace.NamespaceBed.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.metadata.namespace.ReferenceModel.Node;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.SetAttributes;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Random changes of everything that can be changed, each made to a namespace and to the reference,
 * which must agree on how it ends.
 */
final class RandomChanges {
  private static final int FILE_CELLS = 60;
  private static final int INLINE_CELLS = 8;
  private static final int RUN_CELLS = 12;
  private static final String[] NAMES = {"a", "b", "c", "d", "e", "f"};
  private static final Caller[] CALLERS = {Caller.ROOT, NamespaceBed.ANN, NamespaceBed.BOB};
  private static final int[] IDS = {0, 1001, 1002, 7};

  final NamespaceBed bed;
  final ReferenceModel model;
  final Random random;
  final Moves moves = new Moves();
  private final List<Long> everMade = new ArrayList<>();
  private final List<Long> oldMaps = new ArrayList<>();
  private final List<Writer> writers = new ArrayList<>();

  /** A session with the block that it is writing. */
  private final class Writer {
    private final long session;
    private long block;
    private long filled;
    private final List<Change.BlockEnd> full = new ArrayList<>();

    Writer(long session) {
      this.session = session;
      next();
    }

    void next() {
      if (block != 0) {
        full.add(new Change.BlockEnd(block, 1, filled, true));
      }
      block = bed.allocate(session);
      filled = 0;
    }

    /** Room for a run; now and then after a gap, so that runs are not contiguous. */
    long take(long bytes) {
      if (filled + bytes + model.cellBytes > dfs.protocol.Limits.BLOCK_BYTES) {
        next();
      }
      if (random.nextInt(4) == 0) {
        filled += model.cellBytes;
      }
      filled += bytes;
      return filled - bytes;
    }

    void endAll() {
      if (chance(30)) {
        end(List.of(new Change.BlockEnd(block, 1, filled, false)));
      }
      next();
      end(full);
      full.clear();
    }

    private void end(List<Change.BlockEnd> ends) {
      Change seal = new Change.SealBlocks(ends);
      assertThat(errno(bed.change(session, Caller.ROOT, seal))).isEqualTo(Errno.OK);
    }
  }

  RandomChanges(NamespaceBed bed, long seed) {
    this.bed = bed;
    this.random = new Random(seed);
    this.model = new ReferenceModel(new long[] {1, 512, 1 << 20}[random.nextInt(3)]);
    writers.add(new Writer(bed.session));
    writers.add(new Writer(bed.openSession()));
    everMade.add(NamespaceBed.ROOT);
    bed.change(NamespaceBed.setMode(NamespaceBed.ROOT, 0777));
    model.root.mode = 0777;
  }

  boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }

  String anyName() {
    return NAMES[random.nextInt(NAMES.length)];
  }

  private long anyIno() {
    return everMade.get(random.nextInt(everMade.size()));
  }

  /** Some node, often of the wanted kind. */
  long pick(FileType type) {
    long ino = anyIno();
    for (int i = 0; i < 20; i++) {
      Node node = model.node(ino);
      if (node != null && node.type == type && (node.links > 0 || chance(20))) {
        break;
      }
      ino = anyIno();
    }
    return ino;
  }

  void expect(Errno expected, Reply reply, Object what) {
    assertThat(errno(reply)).as("%s: %s", what, reply).isEqualTo(expected);
  }

  /** Nodes that were made in another way can be picked, too. */
  void made(long ino) {
    everMade.add(ino);
  }

  /** One change of any kind. */
  void step() {
    int which = random.nextInt(100);
    if (which < 22) {
      make();
    } else if (which < 28) {
      link();
    } else if (which < 42) {
      remove();
    } else if (which < 54) {
      rename();
    } else if (which < 60) {
      truncate();
    } else if (which < 68) {
      commitInline();
    } else if (which < 86) {
      commitExtents();
    } else if (which < 92) {
      xattr();
    } else {
      owner();
    }
  }

  /** A step of the servers' own upkeep. */
  void upkeep() {
    int which = random.nextInt(100);
    if (which < 30) {
      reap();
    } else if (which < 50) {
      bed.namespace.survey().mapsToReap(2).forEach(map -> bed.upkeep(new Upkeep.ReapMap(map)));
    } else if (which < 75) {
      seal();
    } else if (which < 85) {
      condemn();
    } else if (which < 95) {
      moves.relocate(this);
    } else {
      replaceSession();
    }
  }

  private void make() {
    long parent = pick(FileType.DIRECTORY);
    Node directory = model.node(parent);
    String name = anyName();
    Caller caller = CALLERS[random.nextInt(CALLERS.length)];
    int kind = random.nextInt(10);
    FileType type =
        kind < 6
            ? FileType.REGULAR
            : kind < 8 ? FileType.DIRECTORY : kind < 9 ? FileType.SYMLINK : FileType.FIFO;
    int mode = type == FileType.REGULAR || type == FileType.FIFO ? 0640 : 0777;
    Change change =
        switch (type) {
          case REGULAR -> new Change.CreateFile(parent, name(name), mode, 0, false);
          case DIRECTORY -> new Change.MakeDirectory(parent, name(name), mode, 0);
          case SYMLINK -> new Change.MakeSymlink(parent, name(name), name("to-" + name));
          case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE ->
              new Change.MakeNode(parent, name(name), type, mode, 0, 0);
        };
    Reply reply = bed.change(caller, change);
    if (directory == null) {
      expect(Errno.ESTALE, reply, change);
      return;
    }
    Errno expected = model.mayMake(directory, name);
    expect(expected, reply, change);
    if (expected == Errno.OK) {
      long ino = ((Reply.Entry) reply).attributes().ino();
      Node made = new Node(ino, type, mode, caller.uid(), caller.gid());
      if (type == FileType.SYMLINK) {
        made.target = "to-" + name;
        made.sizeBytes = made.target.length();
      }
      model.make(directory, name, made);
      everMade.add(ino);
    }
  }

  private void link() {
    long ino = pick(FileType.REGULAR);
    long parent = pick(FileType.DIRECTORY);
    String name = anyName();
    Reply reply = bed.link(ino, parent, name);
    Node node = model.node(ino);
    Node directory = model.node(parent);
    Errno expected;
    if (node == null) {
      expected = Errno.ESTALE;
    } else if (directory == null) {
      expected = node.isDirectory() ? Errno.EPERM : node.links == 0 ? Errno.ENOENT : Errno.ESTALE;
    } else {
      expected = model.link(node, directory, name);
    }
    expect(expected, reply, "link");
  }

  private void remove() {
    long parent = pick(FileType.DIRECTORY);
    String name = anyName();
    boolean rmdir = chance(30);
    Reply reply = rmdir ? bed.rmdir(parent, name) : bed.unlink(parent, name);
    Node directory = model.node(parent);
    expect(
        directory == null ? Errno.ESTALE : model.unlink(directory, name, rmdir), reply, "remove");
  }

  private void rename() {
    long parent = pick(FileType.DIRECTORY);
    long newParent = pick(FileType.DIRECTORY);
    String name = anyName();
    String newName = anyName();
    int flags = chance(60) ? 0 : 1 + random.nextInt(2);
    Reply reply = bed.rename(parent, name, newParent, newName, flags);
    Node from = model.node(parent);
    Node to = model.node(newParent);
    if (from == null || to == null) {
      assertThat(errno(reply)).isIn(Errno.ESTALE, Errno.ENOTDIR, Errno.ENOENT);
      return;
    }
    Errno expected = model.rename(from, name, to, newName, flags);
    if (expected == Errno.ENOTDIR || expected == Errno.ENOENT) {
      assertThat(errno(reply)).isIn(Errno.ENOTDIR, Errno.ENOENT);
    } else {
      expect(expected, reply, "rename " + flags);
    }
  }

  private void truncate() {
    long ino = pick(FileType.REGULAR);
    long size = (chance(30) ? 0 : random.nextInt(FILE_CELLS)) * model.cellBytes;
    Node node = model.node(ino);
    if (node != null && node.type == FileType.REGULAR) {
      oldMaps.add(bed.attributes(ino).map());
    }
    int valid = SetAttributes.SET_SIZE | (chance(30) ? SetAttributes.FRESH_MAP : 0);
    Reply reply = bed.change(NamespaceBed.set(ino, valid, 0, 0, 0, size));
    if (node == null) {
      expect(Errno.ESTALE, reply, "truncate");
    } else if (node.type != FileType.REGULAR) {
      expect(node.isDirectory() ? Errno.EISDIR : Errno.EINVAL, reply, "truncate");
    } else {
      expect(Errno.OK, reply, "truncate");
      model.truncate(node, size);
    }
  }

  /** Whether a commit to this inode fails before its contents are looked at. */
  private boolean failsEarly(long ino, long map, Reply reply) {
    Node node = model.node(ino);
    if (node == null) {
      expect(Errno.ESTALE, reply, "commit");
      return true;
    }
    if (node.type != FileType.REGULAR) {
      expect(Errno.EINVAL, reply, "commit");
      return true;
    }
    Attributes now = bed.attributes(ino);
    if (now.map() != map) {
      expect(Errno.ESTALE, reply, "commit to map " + map + " of " + now);
      return true;
    }
    return false;
  }

  private long mapFor(long ino) {
    if (!oldMaps.isEmpty() && chance(3)) {
      return oldMaps.get(random.nextInt(oldMaps.size()));
    }
    return bed.query(new Query.GetAttributes(ino)) instanceof Reply.Entry entry
        ? entry.attributes().map()
        : ino;
  }

  private void commitInline() {
    long ino = pick(FileType.REGULAR);
    long map = mapFor(ino);
    int cells = 1 + random.nextInt(INLINE_CELLS);
    if (cells * model.cellBytes > dfs.protocol.Limits.INLINE_BYTES) {
      return;
    }
    byte[] bytes = new byte[cells * (int) model.cellBytes];
    random.nextBytes(bytes);
    ByteString contents = ByteString.copyFrom(bytes);
    Change change =
        new Change.Commit(
            ino, map, List.of(), true, contents, bytes.length, 0, false, List.of(), null);
    Reply reply = bed.change(change);
    Node node = model.node(ino);
    if (failsEarly(ino, map, reply) || node == null) {
      return;
    }
    if (!node.inline && node.allocatedBytes(1) > 0) {
      expect(Errno.EINVAL, reply, "inline over extents");
      return;
    }
    expect(Errno.OK, reply, "inline");
    List<String> drawn = new ArrayList<>();
    for (int i = 0; i < bytes.length; i += (int) model.cellBytes) {
      drawn.add(Picture.inlineCell(contents, i));
    }
    node.inline = true;
    node.cells.clear();
    model.write(node, 0, drawn);
  }

  /** Runs of cells, by where they begin in the file, and the extents that say the same. */
  private void commitExtents() {
    long ino = pick(FileType.REGULAR);
    long map = mapFor(ino);
    Writer writer = writers.get(random.nextInt(writers.size()));
    TreeMap<Integer, List<String>> runs = new TreeMap<>();
    List<Extent> extents = new ArrayList<>();
    int at = chance(40) ? 0 : random.nextInt(FILE_CELLS / 2);
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      int cells = 1 + random.nextInt(RUN_CELLS);
      runs.put(at, addRun(writer, at, cells, extents));
      at += cells + (chance(50) ? 0 : random.nextInt(5));
      if (chance(5)) {
        writer.next();
      }
    }
    long end = extents.getLast().fileEnd();
    Change change =
        new Change.Commit(
            ino, map, extents, false, ByteString.EMPTY, end, 0, false, List.of(), null);
    Reply reply = bed.change(writer.session, Caller.ROOT, change);
    Node node = model.node(ino);
    if (failsEarly(ino, map, reply) || node == null) {
      return;
    }
    if (node.inline && !covers(runs, node.cells.size())) {
      expect(Errno.EINVAL, reply, "extents that leave inline bytes behind");
      return;
    }
    expect(Errno.OK, reply, change);
    node.inline = false;
    runs.forEach((from, cells) -> model.write(node, from, cells));
  }

  private static boolean covers(SortedMap<Integer, List<String>> runs, int cells) {
    int covered = 0;
    for (var run : runs.entrySet()) {
      if (run.getKey() > covered) {
        break;
      }
      covered = run.getKey() + run.getValue().size();
    }
    return covered >= cells;
  }

  private List<String> addRun(Writer writer, int at, int cells, List<Extent> extents) {
    boolean unwritten = chance(10);
    long bytes = cells * model.cellBytes;
    long from = unwritten ? 0 : writer.take(bytes);
    long block = unwritten ? 0 : writer.block;
    extents.add(new Extent(at * model.cellBytes, bytes, block, from, unwritten));
    List<String> drawn = new ArrayList<>();
    for (int i = 0; i < cells; i++) {
      drawn.add(unwritten ? ReferenceModel.UNWRITTEN : block + "@" + (from + i * model.cellBytes));
    }
    return drawn;
  }

  private void xattr() {
    long ino = pick(FileType.REGULAR);
    String key = "user." + anyName();
    Node node = model.node(ino);
    boolean fits =
        node != null && (node.type == FileType.REGULAR || node.type == FileType.DIRECTORY);
    Errno expected = node == null ? Errno.ESTALE : fits ? Errno.OK : Errno.EPERM;
    if (chance(60)) {
      String value = "v" + random.nextInt(1000);
      expect(expected, bed.setXattr(ino, key, value), "setxattr");
      if (fits && node != null) {
        node.xattrs.put(key, value);
      }
    } else {
      boolean known = fits && node != null && node.xattrs.remove(key) != null;
      Reply reply = bed.change(new Change.RemoveXattr(ino, name(key)));
      expect(expected == Errno.OK && !known ? Errno.ENODATA : expected, reply, "removexattr");
    }
  }

  private void owner() {
    long ino = anyIno();
    Node node = model.node(ino);
    int uid = IDS[random.nextInt(IDS.length)];
    int gid = IDS[random.nextInt(IDS.length)];
    int mode = node != null && node.isDirectory() ? 0777 : random.nextInt(01000);
    int valid = 1 + random.nextInt(7);
    Reply reply = bed.change(NamespaceBed.set(ino, valid, mode, uid, gid, 0));
    expect(node == null ? Errno.ESTALE : Errno.OK, reply, "chmod, chown");
    if (node != null) {
      node.mode = (valid & SetAttributes.SET_MODE) != 0 ? mode : node.mode;
      node.uid = (valid & SetAttributes.SET_UID) != 0 ? uid : node.uid;
      node.gid = (valid & SetAttributes.SET_GID) != 0 ? gid : node.gid;
    }
  }

  private void reap() {
    List<Long> orphans = bed.namespace.survey().orphans(0, 1 + random.nextInt(4));
    List<Long> some = new ArrayList<>(orphans);
    some.add(anyIno());
    bed.upkeep(new Upkeep.Reap(some));
    for (long ino : some) {
      Node node = model.node(ino);
      if (node != null && node.links == 0) {
        model.nodes.remove(ino);
      }
    }
    List<Long> left = bed.namespace.survey().orphans(0, Integer.MAX_VALUE);
    assertThat(left).noneMatch(orphans::contains);
  }

  private void seal() {
    writers.get(random.nextInt(writers.size())).endAll();
  }

  /** No block is written any more but fresh ones. */
  void sealAll() {
    writers.forEach(Writer::endAll);
  }

  private void condemn() {
    List<Long> ownerless = bed.namespace.survey().ownerless(0, 5);
    List<Long> asked = new ArrayList<>(ownerless);
    asked.addAll(model.blocks());
    Reply reply = bed.upkeep(new Upkeep.CondemnBlocks(asked));
    assertThat(((Reply.Progress) reply).ids()).isEqualTo(ownerless);
    if (chance(50)) {
      bed.upkeep(new Upkeep.BlocksGone(ownerless));
    }
  }

  private void replaceSession() {
    Writer old = writers.removeLast();
    bed.upkeep(new Upkeep.FenceSession(old.session));
    List<Change.BlockEnd> ends =
        bed.namespace.survey().blocksOfSession(old.session).stream()
            .map(
                block ->
                    new Change.BlockEnd(
                        block.id(), block.epoch(), dfs.protocol.Limits.BLOCK_BYTES, true))
            .toList();
    bed.upkeep(new Upkeep.SealDead(ends));
    expect(Errno.OK, bed.upkeep(new Upkeep.EndSession(old.session)), "end of a session");
    writers.add(new Writer(bed.openSession()));
  }
}
