package dfs.metadata.namespace;

import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A file system as simple as can be: nodes with children, contents cell by cell. A cell is a run of
 * {@code cellBytes} bytes, and says which block it lies in and where, or what it is inline. Every
 * change answers with the error that it must end with.
 */
final class ReferenceModel {
  static final String HOLE = ".";
  static final String UNWRITTEN = "0";

  /** One inode. */
  static final class Node {
    final long ino;
    final FileType type;
    int mode;
    int uid;
    int gid;
    int links;
    long sizeBytes;
    boolean inline;
    String target = "";
    Node parent;
    final TreeMap<String, Node> children = new TreeMap<>();
    final TreeMap<String, String> xattrs = new TreeMap<>();
    final List<String> cells = new ArrayList<>();

    Node(long ino, FileType type, int mode, int uid, int gid) {
      this.ino = ino;
      this.type = type;
      this.mode = mode;
      this.uid = uid;
      this.gid = gid;
      this.parent = this;
    }

    /** All that is restored of a node: its names are not. */
    void become(Node was) {
      mode = was.mode;
      uid = was.uid;
      gid = was.gid;
      sizeBytes = was.sizeBytes;
      inline = was.inline;
      target = was.target;
      xattrs.clear();
      xattrs.putAll(was.xattrs);
      cells.clear();
      cells.addAll(was.cells);
    }

    boolean isDirectory() {
      return type == FileType.DIRECTORY;
    }

    int linkCount() {
      if (!isDirectory() || links == 0) {
        return links;
      }
      return 2 + (int) children.values().stream().filter(Node::isDirectory).count();
    }

    long allocatedBytes(long cellBytes) {
      return cells.stream().filter(cell -> !cell.equals(HOLE)).count() * cellBytes;
    }

    long size() {
      return isDirectory() ? children.size() : sizeBytes;
    }
  }

  final long cellBytes;
  final Node root = new Node(NamespaceBed.ROOT, FileType.DIRECTORY, 0755, 0, 0);
  final Map<Long, Node> nodes = new HashMap<>();

  ReferenceModel(long cellBytes) {
    this.cellBytes = cellBytes;
    root.links = 1;
    nodes.put(root.ino, root);
  }

  @Nullable Node node(long ino) {
    return nodes.get(ino);
  }

  private Errno place(Node directory, String name) {
    if (!directory.isDirectory()) {
      return Errno.ENOTDIR;
    }
    if (directory.links == 0) {
      return Errno.ENOENT;
    }
    return directory.children.containsKey(name) ? Errno.EEXIST : Errno.OK;
  }

  /** How making a node must end; if well, {@link #make} is to follow with the number it got. */
  Errno mayMake(Node directory, String name) {
    return place(directory, name);
  }

  Node make(Node directory, String name, Node made) {
    made.links = 1;
    made.parent = directory;
    directory.children.put(name, made);
    nodes.put(made.ino, made);
    return made;
  }

  Errno link(Node node, Node directory, String name) {
    if (node.isDirectory()) {
      return Errno.EPERM;
    }
    if (node.links == 0) {
      return Errno.ENOENT;
    }
    Errno place = place(directory, name);
    if (place == Errno.OK) {
      directory.children.put(name, node);
      node.links++;
    }
    return place;
  }

  private static Errno findable(Node directory, String name) {
    if (!directory.isDirectory()) {
      return Errno.ENOTDIR;
    }
    return directory.links == 0 || !directory.children.containsKey(name) ? Errno.ENOENT : Errno.OK;
  }

  static Node child(Node directory, String name) {
    Node node = directory.children.get(name);
    if (node == null) {
      throw new IllegalStateException("no " + name);
    }
    return node;
  }

  private static void drop(Node directory, String name) {
    Node node = child(directory, name);
    directory.children.remove(name);
    node.links--;
  }

  Errno unlink(Node directory, String name, boolean rmdir) {
    Errno found = findable(directory, name);
    if (found != Errno.OK) {
      return found;
    }
    Node node = child(directory, name);
    if (rmdir != node.isDirectory()) {
      return rmdir ? Errno.ENOTDIR : Errno.EISDIR;
    }
    if (!node.children.isEmpty()) {
      return Errno.ENOTEMPTY;
    }
    drop(directory, name);
    return Errno.OK;
  }

  /** A name goes, with all that is below it. */
  void removeTree(Node directory, String name) {
    Node node = child(directory, name);
    for (String below : List.copyOf(node.children.keySet())) {
      removeTree(node, below);
    }
    drop(directory, name);
  }

  /** The same file system, which changes no more when this one does. */
  ReferenceModel copy() {
    ReferenceModel copy = new ReferenceModel(cellBytes);
    for (Node node : nodes.values()) {
      copy.copyOf(node).become(node);
    }
    for (Node node : nodes.values()) {
      Node made = copy.copyOf(node);
      made.links = node.links;
      made.parent = copy.copyOf(node.parent);
      node.children.forEach((name, child) -> made.children.put(name, copy.copyOf(child)));
    }
    return copy;
  }

  private Node copyOf(Node node) {
    return node.ino == root.ino
        ? root
        : nodes.computeIfAbsent(
            node.ino, ino -> new Node(ino, node.type, node.mode, node.uid, node.gid));
  }

  static boolean isWithin(Node directory, Node ancestor) {
    for (Node at = directory; ; at = at.parent) {
      if (at == ancestor) {
        return true;
      }
      if (at.parent == at) {
        return false;
      }
    }
  }

  Errno rename(Node from, String name, Node to, String newName, int flags) {
    if (!from.isDirectory() || !to.isDirectory()) {
      return Errno.ENOTDIR;
    }
    if (from.links == 0 || to.links == 0 || findable(from, name) != Errno.OK) {
      return Errno.ENOENT;
    }
    Node source = child(from, name);
    Node target = to.children.get(newName);
    if (flags == Change.Rename.NO_REPLACE && target != null) {
      return Errno.EEXIST;
    }
    if (source == target) {
      return Errno.OK;
    }
    if (source.isDirectory() && from != to && isWithin(to, source)) {
      return Errno.EINVAL;
    }
    if (flags == Change.Rename.EXCHANGE) {
      return exchange(from, name, to, newName, source, target);
    }
    if (target != null) {
      if (source.isDirectory() != target.isDirectory()) {
        return target.isDirectory() ? Errno.EISDIR : Errno.ENOTDIR;
      }
      if (!target.children.isEmpty()) {
        return Errno.ENOTEMPTY;
      }
      drop(to, newName);
    }
    from.children.remove(name);
    to.children.put(newName, source);
    if (source.isDirectory()) {
      source.parent = to;
    }
    return Errno.OK;
  }

  private static Errno exchange(
      Node from, String name, Node to, String newName, Node source, @Nullable Node target) {
    if (target == null) {
      return Errno.ENOENT;
    }
    if (target.isDirectory() && from != to && isWithin(from, target)) {
      return Errno.EINVAL;
    }
    from.children.put(name, target);
    to.children.put(newName, source);
    if (source.isDirectory()) {
      source.parent = to;
    }
    if (target.isDirectory()) {
      target.parent = from;
    }
    return Errno.OK;
  }

  private void fit(Node node, int cells) {
    while (node.cells.size() < cells) {
      node.cells.add(HOLE);
    }
  }

  void truncate(Node node, long size) {
    node.sizeBytes = size;
    int cells = (int) ((size + cellBytes - 1) / cellBytes);
    while (node.cells.size() > cells) {
      node.cells.removeLast();
    }
    if (node.cells.isEmpty()) {
      node.inline = node.inline && size > 0;
    }
  }

  void write(Node node, int at, List<String> cells) {
    fit(node, at + cells.size());
    for (int i = 0; i < cells.size(); i++) {
      node.cells.set(at + i, cells.get(i));
    }
    node.sizeBytes = Math.max(node.sizeBytes, (at + cells.size()) * cellBytes);
  }

  /** What blocks the present names. */
  Set<Long> blocks() {
    Set<Long> blocks = new HashSet<>();
    for (Node node : nodes.values()) {
      for (String cell : node.cells) {
        if (cell.indexOf('@') > 0) {
          blocks.add(Long.parseLong(cell.substring(0, cell.indexOf('@'))));
        }
      }
    }
    return blocks;
  }

  /** Which nodes a sum takes. */
  interface Choice {
    boolean takes(Node node);
  }

  /** Bytes, files and directories of the chosen nodes that have a name; the root is not one. */
  long[] sums(Choice choice) {
    long[] sums = new long[3];
    for (Node node : nodes.values()) {
      if (node != root && node.links > 0 && choice.takes(node)) {
        sums[0] += node.isDirectory() ? 0 : node.sizeBytes;
        sums[node.isDirectory() ? 2 : 1]++;
      }
    }
    return sums;
  }

  /** The whole tree as text, as {@link Picture} draws a namespace. */
  String picture() {
    StringBuilder out = new StringBuilder();
    draw("", root, out);
    return out.toString();
  }

  private void draw(String path, Node node, StringBuilder out) {
    Picture.line(
        out,
        path,
        new Picture.Facts(
            node.ino,
            node.type,
            node.mode,
            node.uid,
            node.gid,
            node.linkCount(),
            node.size(),
            node.allocatedBytes(cellBytes),
            node.target,
            trimmed(node.cells),
            node.xattrs));
    node.children.forEach((name, child) -> draw(path + "/" + name, child, out));
  }

  /** Without the holes at the end. */
  static List<String> trimmed(List<String> cells) {
    int end = cells.size();
    while (end > 0 && cells.get(end - 1).equals(HOLE)) {
      end--;
    }
    return Arrays.asList(cells.subList(0, end).toArray(String[]::new));
  }
}
