package dfs.client.nio;

import com.google.protobuf.ByteString;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A path of bytes: names separated by one slash each, none at the end; the empty path has one name,
 * which is empty. Two are equal if their bytes and their file systems are. Immutable.
 */
final class DfsPath implements Path {
  private static final byte SLASH = '/';
  private static final char ESCAPE = '\uDC00';
  private static final ByteString DOT = ByteString.copyFromUtf8(".");
  private static final ByteString DOT_DOT = ByteString.copyFromUtf8("..");

  private final DfsFileSystem system;
  private final ByteString bytes;

  /** Where each name begins and, one behind the last, where the path ends plus one. */
  private final int[] starts;

  private DfsPath(DfsFileSystem system, ByteString normal) {
    this.system = system;
    this.bytes = normal;
    this.starts = starts(normal);
  }

  /** A path of these bytes, in which there may be any number of slashes. */
  static DfsPath of(DfsFileSystem system, ByteString bytes) {
    return new DfsPath(system, normal(bytes));
  }

  /**
   * A path of UTF-8. A surrogate U+DC80 to U+DCFF without its other half, which no UTF-8 gives,
   * stands for a byte 0x80 to 0xFF that is no part of UTF-8 (PEP 383).
   */
  static DfsPath of(DfsFileSystem system, String text) {
    ByteString.Output bytes = ByteString.newOutput();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean half = i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
      if (c >= ESCAPE + 0x80 && c <= ESCAPE + 0xff && !half) {
        utf8(text.substring(from, i)).forEach(bytes::write);
        bytes.write(c - ESCAPE);
        from = i + 1;
      }
    }
    utf8(text.substring(from)).forEach(bytes::write);
    return of(system, bytes.toByteString());
  }

  private static ByteString utf8(String text) {
    try {
      ByteBuffer encoded =
          StandardCharsets.UTF_8
              .newEncoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .encode(CharBuffer.wrap(text));
      return ByteString.copyFrom(encoded);
    } catch (CharacterCodingException e) {
      throw new InvalidPathException(text, "not a text that UTF-8 can encode");
    }
  }

  private static ByteString normal(ByteString bytes) {
    ByteString.Output out = ByteString.newOutput(bytes.size());
    byte before = 0;
    for (int i = 0; i < bytes.size(); i++) {
      byte b = bytes.byteAt(i);
      if (b == 0) {
        throw new InvalidPathException(bytes.toStringUtf8(), "a zero byte", i);
      }
      if (b != SLASH || before != SLASH) {
        out.write(b);
      }
      before = b;
    }
    ByteString single = out.toByteString();
    return single.size() > 1 && before == SLASH ? single.substring(0, single.size() - 1) : single;
  }

  private static int[] starts(ByteString bytes) {
    if (bytes.size() == 1 && bytes.byteAt(0) == SLASH) {
      return new int[] {1};
    }
    List<Integer> starts = new ArrayList<>();
    int from = !bytes.isEmpty() && bytes.byteAt(0) == SLASH ? 1 : 0;
    starts.add(from);
    for (int i = from; i < bytes.size(); i++) {
      if (bytes.byteAt(i) == SLASH) {
        starts.add(i + 1);
      }
    }
    starts.add(bytes.size() + 1);
    return starts.stream().mapToInt(Integer::intValue).toArray();
  }

  /** The bytes, normal. */
  ByteString bytes() {
    return bytes;
  }

  private DfsPath with(ByteString normal) {
    return new DfsPath(system, normal);
  }

  private static DfsPath dfs(Path path) {
    if (!(Objects.requireNonNull(path) instanceof DfsPath dfs)) {
      throw new ProviderMismatchException("a path of dfs is needed, not " + path);
    }
    return dfs;
  }

  @Override
  public DfsFileSystem getFileSystem() {
    return system;
  }

  @Override
  public boolean isAbsolute() {
    return !bytes.isEmpty() && bytes.byteAt(0) == SLASH;
  }

  @Override
  public @Nullable DfsPath getRoot() {
    return isAbsolute() ? with(bytes.substring(0, 1)) : null;
  }

  @Override
  public @Nullable DfsPath getFileName() {
    int count = getNameCount();
    return count == 0 ? null : getName(count - 1);
  }

  @Override
  public @Nullable DfsPath getParent() {
    int count = getNameCount();
    if (count == 0) {
      return null;
    }
    if (count == 1) {
      return getRoot();
    }
    return with(bytes.substring(0, starts[count - 1] - 1));
  }

  @Override
  public int getNameCount() {
    return starts.length - 1;
  }

  private ByteString name(int index) {
    return bytes.substring(starts[index], starts[index + 1] - 1);
  }

  @Override
  public DfsPath getName(int index) {
    if (index < 0 || index >= getNameCount()) {
      throw new IllegalArgumentException("name " + index + " of " + getNameCount());
    }
    return with(name(index));
  }

  @Override
  public DfsPath subpath(int beginIndex, int endIndex) {
    if (beginIndex < 0 || endIndex > getNameCount() || beginIndex >= endIndex) {
      throw new IllegalArgumentException(
          "names " + beginIndex + " to " + endIndex + " of " + getNameCount());
    }
    return with(bytes.substring(starts[beginIndex], starts[endIndex] - 1));
  }

  private boolean isEmpty() {
    return bytes.isEmpty();
  }

  @Override
  public boolean startsWith(Path other) {
    if (!(Objects.requireNonNull(other) instanceof DfsPath that)
        || that.system != system
        || that.isAbsolute() != isAbsolute()
        || that.isEmpty() != isEmpty()
        || that.getNameCount() > getNameCount()) {
      return false;
    }
    for (int i = 0; i < that.getNameCount(); i++) {
      if (!that.name(i).equals(name(i))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean endsWith(Path other) {
    if (!(Objects.requireNonNull(other) instanceof DfsPath that)
        || that.system != system
        || that.isEmpty() != isEmpty()
        || that.getNameCount() > getNameCount()) {
      return false;
    }
    if (that.isAbsolute()) {
      return that.equals(this);
    }
    int skipped = getNameCount() - that.getNameCount();
    for (int i = 0; i < that.getNameCount(); i++) {
      if (!that.name(i).equals(name(skipped + i))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public DfsPath normalize() {
    List<ByteString> kept = new ArrayList<>();
    for (int i = 0; i < getNameCount(); i++) {
      ByteString name = name(i);
      boolean above = !kept.isEmpty() && !kept.getLast().equals(DOT_DOT);
      if (name.equals(DOT_DOT) && (above || isAbsolute())) {
        if (above) {
          kept.removeLast();
        }
      } else if (!name.equals(DOT)) {
        kept.add(name);
      }
    }
    return joined(isAbsolute(), kept);
  }

  private DfsPath joined(boolean absolute, List<ByteString> names) {
    ByteString slash = ByteString.copyFrom(new byte[] {SLASH});
    ByteString path = absolute ? slash : ByteString.EMPTY;
    for (int i = 0; i < names.size(); i++) {
      path = (i == 0 ? path : path.concat(slash)).concat(names.get(i));
    }
    return with(path);
  }

  @Override
  public DfsPath resolve(Path other) {
    DfsPath that = dfs(other);
    if (that.isAbsolute() || isEmpty()) {
      return that;
    }
    if (that.isEmpty()) {
      return this;
    }
    ByteString slash = ByteString.copyFrom(new byte[] {SLASH});
    boolean root = bytes.size() == 1 && isAbsolute();
    return with((root ? bytes : bytes.concat(slash)).concat(that.bytes));
  }

  @Override
  public DfsPath resolve(String other) {
    return resolve(of(system, other));
  }

  @Override
  public DfsPath relativize(Path other) {
    DfsPath that = dfs(other);
    if (that.equals(this)) {
      return with(ByteString.EMPTY);
    }
    if (that.isAbsolute() != isAbsolute()) {
      throw new IllegalArgumentException("one path is absolute, the other is not");
    }
    if (isEmpty()) {
      return that;
    }
    List<ByteString> from = normalize().names();
    List<ByteString> to = that.normalize().names();
    int same = 0;
    while (same < from.size() && same < to.size() && from.get(same).equals(to.get(same))) {
      same++;
    }
    if (from.subList(same, from.size()).contains(DOT_DOT)) {
      throw new IllegalArgumentException("the way back from \"..\" in " + this + " is not known");
    }
    List<ByteString> names = new ArrayList<>();
    for (int i = same; i < from.size(); i++) {
      names.add(DOT_DOT);
    }
    names.addAll(to.subList(same, to.size()));
    return joined(false, names);
  }

  private List<ByteString> names() {
    List<ByteString> names = new ArrayList<>();
    for (int i = 0; i < getNameCount() && !isEmpty(); i++) {
      names.add(name(i));
    }
    return names;
  }

  /**
   * {@code dfs:///} and the bytes, escaped where a URI needs it. It does not say which cluster, nor
   * which instant of the past.
   */
  @Override
  public URI toUri() {
    StringBuilder text = new StringBuilder("dfs://");
    for (byte b : toAbsolutePath().bytes) {
      char c = (char) (b & 0xff);
      boolean plain =
          c < 0x80 && (Character.isLetterOrDigit(c) || "/-._~!$&'()*+,;=:@".indexOf(c) >= 0);
      text.append(plain ? String.valueOf(c) : "%%%02X".formatted((int) c));
    }
    return URI.create(text.toString());
  }

  /** There is no working directory: a relative path begins at the root. */
  @Override
  public DfsPath toAbsolutePath() {
    return isAbsolute() ? this : with(ByteString.copyFrom(new byte[] {SLASH})).resolve(this);
  }

  @Override
  public DfsPath toRealPath(LinkOption... options) throws IOException {
    return system.realPath(this, Options.follow(options));
  }

  @Override
  public File toFile() {
    throw new UnsupportedOperationException("a path of dfs is no file of this machine: " + this);
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
    Objects.requireNonNull(watcher);
    throw new ProviderMismatchException("dfs watches nothing yet");
  }

  @Override
  public Iterator<Path> iterator() {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < getNameCount();
      }

      @Override
      public Path next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        return getName(next++);
      }
    };
  }

  @Override
  public int compareTo(Path other) {
    if (!(Objects.requireNonNull(other) instanceof DfsPath that)) {
      throw new ClassCastException("not a path of dfs: " + other.getClass());
    }
    Comparator<ByteString> unsigned = ByteString.unsignedLexicographicalComparator();
    return unsigned.compare(bytes, that.bytes);
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // a file system is equal to itself alone
  public boolean equals(@Nullable Object other) {
    return other instanceof DfsPath that && that.system == system && that.bytes.equals(bytes);
  }

  @Override
  public int hashCode() {
    return bytes.hashCode();
  }

  /** UTF-8; what is none is replaced, and lost here alone. */
  @Override
  public String toString() {
    return bytes.toStringUtf8();
  }
}
