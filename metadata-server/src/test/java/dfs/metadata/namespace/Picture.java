package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A namespace as text, drawn by asking it: one line for each name with what can be known of it, by
 * path. Times are left out.
 */
final class Picture {
  private static final int PAGE = 7;
  private final Namespace namespace;
  private final long asOfNanos;
  private final long cellBytes;
  private final Moves moves;
  private final StringBuilder out = new StringBuilder();

  private Picture(Namespace namespace, long asOfNanos, long cellBytes, Moves moves) {
    this.moves = moves;
    this.namespace = namespace;
    this.asOfNanos = asOfNanos;
    this.cellBytes = cellBytes;
  }

  /** What is known of an inode. */
  record Facts(
      long ino,
      FileType type,
      int mode,
      int uid,
      int gid,
      int links,
      long sizeBytes,
      long allocatedBytes,
      String target,
      List<String> cells,
      Map<String, String> xattrs) {}

  static void line(StringBuilder out, String path, Facts facts) {
    out.append(path).append(' ').append(facts).append('\n');
  }

  /** The tree at present (0) or as of an instant. */
  static String of(Namespace namespace, long asOfNanos, long cellBytes, Moves moves) {
    long instant = 0;
    if (asOfNanos != 0) {
      Reply kept = namespace.query(Caller.ROOT, new Query.GetInstant(), asOfNanos);
      if (!(kept instanceof Reply.Instant found)) {
        return kept.toString();
      }
      instant = found.nanos();
    }
    Picture picture = new Picture(namespace, instant, cellBytes, moves);
    Reply root = picture.ask(new Query.GetAttributes(NamespaceBed.ROOT));
    if (!(root instanceof Reply.Entry entry)) {
      return root.toString();
    }
    picture.draw("", entry.attributes());
    return picture.out.toString();
  }

  private Reply ask(Query query) {
    return namespace.query(Caller.ROOT, query, asOfNanos);
  }

  private void draw(String path, Attributes attributes) {
    line(out, path, facts(attributes));
    if (!attributes.isDirectory()) {
      return;
    }
    TreeMap<String, Attributes> children = new TreeMap<>();
    Reply.Listing page = list(attributes.ino(), 0, 0);
    while (true) {
      for (Reply.Dentry entry : page.entries()) {
        Attributes child = entry.attributes();
        if (child == null || child.type() != entry.type()) {
          throw new AssertionError("entry " + entry + " without its inode");
        }
        children.put(entry.name().toStringUtf8(), child);
      }
      if (page.end()) {
        break;
      }
      page = list(attributes.ino(), page.entries().getLast().cookie(), page.stop());
    }
    children.forEach(
        (name, child) -> {
          Reply found = ask(new Query.Lookup(attributes.ino(), ByteString.copyFromUtf8(name)));
          if (!found.equals(new Reply.Entry(child))) {
            throw new AssertionError("listed " + child + ", looked up " + found);
          }
          draw(path + "/" + name, child);
        });
  }

  private Reply.Listing list(long directory, long cookie, long stop) {
    return (Reply.Listing) ask(new Query.ListDirectory(directory, cookie, stop, PAGE, true));
  }

  private Facts facts(Attributes of) {
    String target = "";
    if (of.type() == FileType.SYMLINK) {
      target = ((Reply.Value) ask(new Query.ReadLink(of.ino()))).value().toStringUtf8();
    }
    TreeMap<String, String> xattrs = new TreeMap<>();
    Reply.Names names = (Reply.Names) ask(new Query.ListXattrs(of.ino()));
    for (ByteString name : names.names()) {
      Reply.Value value = (Reply.Value) ask(new Query.GetXattr(of.ino(), name));
      xattrs.put(name.toStringUtf8(), value.value().toStringUtf8());
    }
    return new Facts(
        of.ino(),
        of.type(),
        of.mode(),
        of.uid(),
        of.gid(),
        of.links(),
        of.sizeBytes(),
        of.allocatedBytes(),
        target,
        of.isRegular() ? cells(of) : List.of(),
        xattrs);
  }

  private List<String> cells(Attributes of) {
    Reply reply = ask(new Query.ReadMap(of.ino(), 0, of.sizeBytes()));
    Reply.MapPage page = (Reply.MapPage) reply;
    List<String> cells = new ArrayList<>();
    for (int i = 0; i < page.inline().size(); i += (int) cellBytes) {
      cells.add(inlineCell(page.inline(), i));
    }
    for (Extent extent : page.extents()) {
      while (cells.size() < extent.fileOffset() / cellBytes) {
        cells.add(ReferenceModel.HOLE);
      }
      for (long at = 0; at < extent.lengthBytes(); at += cellBytes) {
        cells.add(extent.unwritten() ? ReferenceModel.UNWRITTEN : cell(extent, at));
      }
    }
    return ReferenceModel.trimmed(cells);
  }

  private String cell(Extent extent, long at) {
    return moves.origin(extent.block(), extent.blockOffset() + at);
  }

  /** An inline cell is told by its first byte. */
  static String inlineCell(ByteString inline, int at) {
    return "i" + inline.byteAt(at);
  }
}
