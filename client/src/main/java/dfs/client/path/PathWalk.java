package dfs.client.path;

import com.google.protobuf.ByteString;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Path resolution (path_resolution(7)) inside the volume: each path starts at its root, with or
 * without a slash in front, and ".." leads to the directory that the walk came from. A symbolic
 * link counts within the volume if it is relative; an absolute one leads out of it.
 */
final class PathWalk {
  private static final int SYMLINKS_MAX = 40;
  private static final ByteString SLASH = ByteString.copyFromUtf8("/");

  private final MetadataSession session;
  private final Caller caller;

  /**
   * Where a walk ended.
   *
   * @param parent directory in which the last name is; of the root the root itself
   * @param name the last name; empty for the root
   * @param found what has the name, or null
   */
  record Place(Attributes parent, ByteString name, @Nullable Attributes found) {
    boolean isRoot() {
      return name.isEmpty();
    }
  }

  private record Step(Attributes directory, ByteString name) {}

  PathWalk(MetadataSession session, Caller caller) {
    this.session = session;
    this.caller = caller;
  }

  /**
   * Walks to the last name, which need not exist; everything before must be directories.
   *
   * @param follow go on where a symbolic link under the last name leads
   */
  Place to(String path, boolean follow) throws IOException {
    if (path.indexOf('\0') >= 0) {
      throw new PathRefusedException(path, Errno.EINVAL);
    }
    Deque<ByteString> names = new ArrayDeque<>();
    pushFront(names, ByteString.copyFromUtf8(path));
    Deque<Step> way = new ArrayDeque<>();
    Attributes here = attributes(path, new Query.GetAttributes(Attributes.ROOT_INO));
    boolean mustBeDirectory = path.endsWith("/");
    int symlinks = 0;
    while (!names.isEmpty()) {
      ByteString name = names.removeFirst();
      if (!here.isDirectory()) {
        throw new PathRefusedException(path, Errno.ENOTDIR);
      }
      if (isDots(name)) {
        if (name.size() == 2 && !way.isEmpty()) {
          here = way.removeLast().directory();
        }
        continue;
      }
      Attributes next = lookup(path, here, name);
      if (next == null) {
        if (!names.isEmpty()) {
          throw new PathRefusedException(path, Errno.ENOENT);
        }
        return new Place(here, name, null);
      }
      if (next.type() == FileType.SYMLINK && (follow || !names.isEmpty() || mustBeDirectory)) {
        if (++symlinks > SYMLINKS_MAX) {
          throw new PathRefusedException(path, Errno.ELOOP);
        }
        pushFront(names, target(path, next));
        continue;
      }
      way.addLast(new Step(here, name));
      here = next;
    }
    if (mustBeDirectory && !here.isDirectory()) {
      throw new PathRefusedException(path, Errno.ENOTDIR);
    }
    Step last = way.peekLast();
    return last == null
        ? new Place(here, ByteString.EMPTY, here)
        : new Place(last.directory(), last.name(), here);
  }

  private static boolean isDots(ByteString name) {
    return name.equals(ByteString.copyFromUtf8(".")) || name.equals(ByteString.copyFromUtf8(".."));
  }

  /** Splits at slashes and puts the names in front of what is still to be walked. */
  private static void pushFront(Deque<ByteString> names, ByteString path) {
    int end = path.size();
    while (end > 0) {
      int start = end;
      while (start > 0 && path.byteAt(start - 1) != '/') {
        start--;
      }
      if (start < end) {
        names.addFirst(path.substring(start, end));
      }
      end = start - 1;
    }
  }

  private @Nullable Attributes lookup(String path, Attributes directory, ByteString name)
      throws IOException {
    if (name.size() > Limits.NAME_BYTES) {
      throw new PathRefusedException(path, Errno.ENAMETOOLONG);
    }
    Reply reply = session.call(caller, new Query.Lookup(directory.ino(), name));
    return switch (reply) {
      case Reply.Entry entry -> entry.attributes();
      case Reply.Refused refused when refused.errno() == Errno.ENOENT -> null;
      default -> throw refusal(path, reply);
    };
  }

  private ByteString target(String path, Attributes link) throws IOException {
    Reply reply = session.call(caller, new Query.ReadLink(link.ino()));
    if (!(reply instanceof Reply.Value target)) {
      throw refusal(path, reply);
    }
    if (target.value().startsWith(SLASH)) {
      throw new PathRefusedException(
          path,
          Errno.EXDEV,
          "a symbolic link on the way leads out of the volume, to "
              + target.value().toStringUtf8());
    }
    return target.value();
  }

  Attributes attributes(String path, Query query) throws IOException {
    Reply reply = session.call(caller, query);
    if (reply instanceof Reply.Entry entry) {
      return entry.attributes();
    }
    throw refusal(path, reply);
  }

  /** The names of a path, for making those that are missing. */
  static List<String> prefixes(String path) {
    Deque<ByteString> names = new ArrayDeque<>();
    pushFront(names, ByteString.copyFromUtf8(path));
    StringBuilder prefix = new StringBuilder();
    return names.stream()
        .map(name -> prefix.append('/').append(name.toStringUtf8()).toString())
        .toList();
  }

  static PathRefusedException refusal(String path, Reply reply) {
    return reply instanceof Reply.Refused refused
        ? new PathRefusedException(path, refused.errno())
        : new PathRefusedException(path, Errno.EPROTO, "unexpected answer " + reply);
  }
}
