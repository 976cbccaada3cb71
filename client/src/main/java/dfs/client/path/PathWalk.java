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
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Path resolution (path_resolution(7)) inside the volume: a path starts at a directory, whether or
 * not there is a slash in front, and ".." leads to the directory that the walk came from. What an
 * absolute symbolic link means is the caller's choice. Thread-safe.
 */
final class PathWalk {
  private static final int SYMLINKS_MAX = 40;
  private static final ByteString SLASH = ByteString.copyFromUtf8("/");

  /** What an absolute symbolic link means. */
  enum Absolute {
    /** It leads out of the volume. */
    OUTSIDE,
    /** It starts at the root of the volume. */
    FROM_ROOT
  }

  /** Behind these lone surrogates are the bytes from 0x80 on. */
  private static final char ESCAPE = '\uDC00';

  private static final char ESCAPE_MIN = '\uDC80';
  private static final char ESCAPE_MAX = '\uDCFF';

  private final MetadataSession session;
  private final Caller caller;
  private final Absolute absolute;

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

  PathWalk(MetadataSession session, Caller caller, Absolute absolute) {
    this.session = session;
    this.caller = caller;
    this.absolute = absolute;
  }

  /**
   * As {@link #to(At, boolean)}, from the root on; bytes that are no part of UTF-8 as surrogates
   * (PEP 383).
   */
  Place to(String path, boolean follow) throws IOException {
    return to(At.root(bytes(path)), follow);
  }

  private static void write(ByteString.Output bytes, String text) {
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    bytes.write(encoded, 0, encoded.length);
  }

  private static ByteString bytes(String path) {
    ByteString.Output bytes = ByteString.newOutput(path.length());
    int from = 0;
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      boolean whole = i > 0 && Character.isHighSurrogate(path.charAt(i - 1));
      if (c >= ESCAPE_MIN && c <= ESCAPE_MAX && !whole) {
        write(bytes, path.substring(from, i));
        bytes.write(c - ESCAPE);
        from = i + 1;
      }
    }
    write(bytes, path.substring(from));
    return bytes.toByteString();
  }

  /**
   * Walks to the last name, which need not exist; everything before must be directories.
   *
   * @param follow go on where a symbolic link under the last name leads
   */
  Place to(At at, boolean follow) throws IOException {
    Walking walking = walk(at, follow);
    ByteString missing = walking.missing;
    return missing == null ? walking.end() : new Place(walking.here, missing, null);
  }

  private Walking walk(At at, boolean follow) throws IOException {
    Walking walking = new Walking(at);
    while (!walking.names.isEmpty()) {
      ByteString name = walking.names.removeFirst();
      Attributes here = walking.here;
      if (!here.isDirectory()) {
        throw new PathRefusedException(walking.path, Errno.ENOTDIR);
      }
      if (isDots(name)) {
        walking.dots(name);
        continue;
      }
      Attributes next = walking.next(name);
      boolean last = walking.names.isEmpty();
      if (next == null && !last) {
        throw new PathRefusedException(walking.path, Errno.ENOENT);
      }
      if (next == null) {
        walking.missing = name;
      } else if (next.type() == FileType.SYMLINK && (follow || !last || walking.mustBeDirectory)) {
        walking.follow(next);
      } else {
        walking.into(name, next);
      }
    }
    return walking;
  }

  /** The path from the root to what is at a path, without links and dots. */
  ByteString real(At at) throws IOException {
    if (at.directory() != Attributes.ROOT_INO) {
      throw new IllegalArgumentException("a real path is one from the root");
    }
    Walking walking = walk(at, true);
    if (walking.missing != null) {
      throw new PathRefusedException(walking.path, Errno.ENOENT);
    }
    ByteString path = ByteString.EMPTY;
    for (Step step : walking.way) {
      path = path.concat(SLASH).concat(step.name());
    }
    return path.isEmpty() ? SLASH : path;
  }

  /** A walk under way; of one thread. */
  private final class Walking {
    final String path;
    final Deque<ByteString> names = new ArrayDeque<>();
    final boolean mustBeDirectory;
    private final Deque<Step> way = new ArrayDeque<>();
    private int symlinks;

    /** What has the names that come next, as far as it was told. */
    private final Deque<Attributes> known = new ArrayDeque<>();

    /** In the last of them, or here if there are none, nothing has the name that comes next. */
    private boolean ends;

    Attributes here;

    /** The last name, if nothing has it. */
    @Nullable ByteString missing;

    Walking(At at) throws IOException {
      this.path = at.text();
      for (int i = 0; i < at.path().size(); i++) {
        if (at.path().byteAt(i) == 0) {
          throw new PathRefusedException(path, Errno.EINVAL);
        }
      }
      pushFront(names, at.path());
      this.mustBeDirectory = at.path().endsWith(SLASH);
      this.here = ask(at.directory(), ahead(new ArrayList<>()));
    }

    /** What has a name here, and comes next; null: nothing. */
    @Nullable Attributes next(ByteString name) throws IOException {
      if (known.isEmpty() && !ends) {
        if (name.size() > Limits.NAME_BYTES) {
          throw new PathRefusedException(path, Errno.ENAMETOOLONG);
        }
        List<ByteString> wanted = new ArrayList<>();
        wanted.add(name);
        var _ = ask(here.ino(), ahead(wanted));
      }
      return known.pollFirst();
    }

    /** With the names that come next and can be looked up. */
    private List<ByteString> ahead(List<ByteString> wanted) {
      for (ByteString name : names) {
        if (isDots(name) || name.size() > Limits.NAME_BYTES || wanted.size() == Limits.PATH_NAMES) {
          break;
        }
        wanted.add(name);
      }
      return wanted;
    }

    /** Looks up what lies below a directory; what that is itself. */
    private Attributes ask(long directory, List<ByteString> wanted) throws IOException {
      Reply reply = session.call(caller, new Query.LookupPath(directory, wanted));
      if (!(reply instanceof Reply.Way way) || way.met().isEmpty()) {
        throw refusal(path, reply);
      }
      known.addAll(way.met().subList(1, way.met().size()));
      ends = way.met().size() <= wanted.size() && way.met().getLast().isDirectory();
      return way.met().getFirst();
    }

    void into(ByteString name, Attributes next) {
      way.addLast(new Step(here, name));
      here = next;
    }

    void dots(ByteString name) throws IOException {
      if (name.size() == 1) {
        return;
      }
      if (!way.isEmpty()) {
        here = way.removeLast().directory();
      } else if (here.ino() != Attributes.ROOT_INO) {
        here = attributes(path, new Query.Lookup(here.ino(), name));
      }
    }

    void follow(Attributes link) throws IOException {
      if (++symlinks > SYMLINKS_MAX) {
        throw new PathRefusedException(path, Errno.ELOOP);
      }
      ByteString target = target(path, link);
      if (target.startsWith(SLASH)) {
        way.clear();
        here = attributes(path, new Query.GetAttributes(Attributes.ROOT_INO));
      }
      pushFront(names, target);
    }

    Place end() throws PathRefusedException {
      if (mustBeDirectory && !here.isDirectory()) {
        throw new PathRefusedException(path, Errno.ENOTDIR);
      }
      Step last = way.peekLast();
      return last == null
          ? new Place(here, ByteString.EMPTY, here)
          : new Place(last.directory(), last.name(), here);
    }
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

  private ByteString target(String path, Attributes link) throws IOException {
    Reply reply = session.call(caller, new Query.ReadLink(link.ino()));
    if (!(reply instanceof Reply.Value target)) {
      throw refusal(path, reply);
    }
    if (absolute == Absolute.OUTSIDE && target.value().startsWith(SLASH)) {
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
