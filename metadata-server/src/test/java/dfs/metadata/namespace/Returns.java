package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.SECOND;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static dfs.metadata.namespace.NamespaceBed.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.metadata.namespace.ReferenceModel.Node;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.PastEntry;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Instants that are remembered, snapshots of them, and what is put back from them. */
final class Returns {
  private static final int MEMORIES_MAX = 4;
  private static final int BATCH = 3;

  private final RandomChanges changes;
  private final NamespaceBed bed;
  private final boolean withSnapshots;
  private final List<Memory> memories = new ArrayList<>();
  private int restored;
  private int putBack;
  private int names;

  /** What all was at an instant; with the name of a snapshot, or an empty one. */
  private record Memory(long instant, ReferenceModel model, String snapshot) {}

  /** A tree that is put together: the copies, by the inodes that they are of. */
  private final class Copying {
    final Memory of;
    final Map<Long, Node> copies = new HashMap<>();
    final List<Node> made = new ArrayList<>();

    Copying(Memory of) {
      this.of = of;
    }

    private Node made(Node was, long ino) {
      Node copy = new Node(ino, was.type, was.mode, was.uid, was.gid);
      copy.become(was);
      copies.put(was.ino, copy);
      made.add(copy);
      return copy;
    }

    /** The copy; null: the instant is not kept any more. */
    @Nullable Node top(Node was) {
      Reply reply = copy(0, List.of(new PastEntry(ByteString.EMPTY, was.ino, 0)));
      if (!(reply instanceof Reply.Progress progress)) {
        changes.expect(Errno.ENODATA, reply, "copy of what is not kept");
        return null;
      }
      Node top = made(was, progress.ids().getFirst());
      goOn(was, top);
      below(was, top);
      return top;
    }

    private Reply copy(long parent, List<PastEntry> entries) {
      return bed.change(new Change.CopyPast(parent, of.instant, entries));
    }

    private void goOn(Node was, Node copy) {
      Change more = new Change.CopyExtents(copy.ino, was.ino, of.instant);
      while (((Reply.Progress) bed.change(more)).more()) {
        bed.tick(1);
      }
    }

    private void below(Node was, Node copy) {
      List<String> left = new ArrayList<>(was.children.keySet());
      while (!left.isEmpty()) {
        List<PastEntry> batch = new ArrayList<>();
        for (String name : left.subList(0, Math.min(left.size(), BATCH))) {
          Node child = ReferenceModel.child(was, name);
          Node known = copies.get(child.ino);
          if (known == null && batch.stream().anyMatch(entry -> entry.from() == child.ino)) {
            break;
          }
          batch.add(new PastEntry(name(name), child.ino, known == null ? 0 : known.ino));
        }
        List<Long> ids = ((Reply.Progress) copy(copy.ino, batch)).ids();
        assertThat(ids).isNotEmpty();
        for (long ino : ids) {
          String name = left.removeFirst();
          Node child = ReferenceModel.child(was, name);
          Node known = copies.get(child.ino);
          Node made = known == null ? made(child, ino) : known;
          assertThat(made.ino).isEqualTo(ino);
          made.links++;
          made.parent = child.isDirectory() ? copy : made.parent;
          copy.children.put(name, made);
        }
      }
      was.children.forEach(
          (name, child) -> {
            if (child.isDirectory()) {
              below(child, ReferenceModel.child(copy, name));
            }
          });
    }
  }

  /**
   * @param withSnapshots makes and removes them, too
   */
  Returns(RandomChanges changes, boolean withSnapshots) {
    this.changes = changes;
    this.bed = changes.bed;
    this.withSnapshots = withSnapshots;
  }

  /** Files restored, trees put back. */
  int count() {
    return Math.min(restored, putBack);
  }

  void step() {
    int which = changes.random.nextInt(10);
    if (memories.isEmpty() || which < 3) {
      remember();
    } else if (which < 6) {
      restore();
    } else if (which < 9) {
      putBack();
    } else {
      forget(memories.get(changes.random.nextInt(memories.size())));
    }
  }

  private void remember() {
    if (memories.size() == MEMORIES_MAX) {
      forget(memories.getFirst());
    }
    if (withSnapshots && changes.chance(50)) {
      String name = "s" + names++;
      Change.CreateSnapshot create = new Change.CreateSnapshot(name, NamespaceBed.ROOT, 0);
      Reply made = bed.change(create);
      memories.add(new Memory(((Reply.Instant) made).nanos(), changes.model.copy(), name));
      changes.expect(Errno.EEXIST, bed.change(create), create);
      return;
    }
    long instant = (bed.now() / SECOND + 1) * SECOND;
    bed.at(instant + 1);
    memories.add(new Memory(instant, changes.model.copy(), ""));
  }

  private void forget(Memory memory) {
    memories.remove(memory);
    if (!memory.snapshot.isEmpty()) {
      Change remove = new Change.RemoveSnapshot(memory.snapshot);
      changes.expect(Errno.OK, bed.change(remove), remove);
      changes.expect(Errno.ENOENT, bed.change(remove), remove);
    }
  }

  private Memory any() {
    return memories.get(changes.random.nextInt(memories.size()));
  }

  private boolean isKept(Memory memory) {
    Query query = new Query.GetInstant();
    boolean kept =
        bed.namespace.query(Caller.ROOT, query, memory.instant) instanceof Reply.Instant instant
            && instant.nanos() == memory.instant;
    if (!kept) {
      assertThat(memory.snapshot).as("a snapshot is kept").isEmpty();
    }
    return kept;
  }

  /** A file becomes what it was. */
  private void restore() {
    Memory memory = any();
    long ino = changes.pick(FileType.REGULAR);
    boolean kept = isKept(memory);
    Change change = new Change.Restore(ino, memory.instant, 0);
    Reply reply = bed.change(change);
    if (!kept) {
      changes.expect(Errno.ENODATA, reply, change);
      forget(memory);
      return;
    }
    Node was = memory.model.node(ino);
    Node now = changes.model.node(ino);
    if (was == null) {
      changes.expect(Errno.ENOENT, reply, change);
    } else if (now == null && was.links == 0) {
      // Its past ends where it lost its name, unless it was changed after that.
      assertThat(NamespaceBed.errno(reply)).isIn(Errno.ENOENT, Errno.ESTALE);
    } else if (now == null) {
      changes.expect(Errno.ESTALE, reply, change);
    } else if (now.isDirectory() || now.links == 0) {
      changes.expect(now.isDirectory() ? Errno.EISDIR : Errno.ENOENT, reply, change);
    } else {
      changes.expect(Errno.OK, reply, change);
      now.become(was);
      restored++;
    }
  }

  private Node anyOf(Memory memory) {
    List<Node> nodes = new ArrayList<>(memory.model.nodes.values());
    nodes.removeIf(node -> node == memory.model.root || node.links == 0);
    nodes.sort(Comparator.comparingLong(node -> node.ino));
    return nodes.isEmpty() ? memory.model.root : nodes.get(changes.random.nextInt(nodes.size()));
  }

  /** A tree is put together, and gets a name; now and then not. */
  private void putBack() {
    Memory memory = any();
    boolean kept = isKept(memory);
    Copying copying = new Copying(memory);
    Node top = copying.top(anyOf(memory));
    if (top == null) {
      assertThat(kept).isFalse();
      forget(memory);
      return;
    }
    assertThat(kept).isTrue();
    if (changes.chance(20) || !isNamed(copying, top)) {
      changes.expect(Errno.OK, bed.change(new Change.DropCopy(top.ino)), "drop of a copy");
    }
    for (long tree : bed.namespace.survey().treesToDrop(Integer.MAX_VALUE)) {
      while (((Reply.Progress) bed.upkeep(new Upkeep.DropTree(tree))).more()) {
        bed.tick(1);
      }
    }
  }

  private boolean isNamed(Copying copying, Node top) {
    long parent = changes.pick(FileType.DIRECTORY);
    String name = changes.anyName();
    boolean replace = changes.chance(50);
    Change change = new Change.PutBack(top.ino, parent, name(name), replace);
    Reply reply = bed.change(change);
    Node directory = changes.model.node(parent);
    if (directory == null) {
      changes.expect(Errno.ESTALE, reply, change);
      return false;
    }
    Errno expected = changes.model.mayMake(directory, name);
    if (expected == Errno.EEXIST && replace) {
      changes.model.removeTree(directory, name);
      expected = Errno.OK;
    }
    changes.expect(expected, reply, change);
    if (expected != Errno.OK) {
      return false;
    }
    changes.model.make(directory, name, top);
    for (Node node : copying.made) {
      changes.model.nodes.put(node.ino, node);
      changes.made(node.ino);
    }
    putBack++;
    return errno(reply) == Errno.OK;
  }

  /** Every snapshot shows what was. */
  void compare() {
    for (Memory memory : memories) {
      if (!memory.snapshot.isEmpty()) {
        assertThat(
                Picture.of(bed.namespace, memory.instant, changes.model.cellBytes, changes.moves))
            .as("snapshot %s", memory.snapshot)
            .isEqualTo(memory.model.picture());
      }
    }
  }
}
