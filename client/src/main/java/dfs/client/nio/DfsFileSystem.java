package dfs.client.nio;

import com.google.protobuf.ByteString;
import dfs.client.past.Moment;
import dfs.client.path.At;
import dfs.client.path.OpenFile;
import dfs.client.path.OpenMode;
import dfs.client.path.PathCalls;
import dfs.client.path.Restoring;
import dfs.client.volume.Entrance;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.seam.RealTime;
import java.io.IOException;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The volume of one cluster, now or as of an instant. Runs the calls of its provider on threads of
 * its own and turns refusals into the exceptions of {@code java.nio.file}. Thread-safe.
 */
final class DfsFileSystem extends FileSystem implements Owner {
  private static final Logger LOG = LoggerFactory.getLogger(DfsFileSystem.class);

  /** The attribute views that there are. */
  static final Set<String> VIEWS = Set.of("basic", "posix", "unix", "owner", "user", "dfs");

  private static final long SECOND_NANOS = 1_000_000_000L;

  private final DfsFileSystemProvider provider;
  private final Key key;
  private final Presence presence;
  private final Calls calls;
  private final Principals principals = new Principals();

  /** Channels and directory streams that end with this. */
  private final Set<Part> open = ConcurrentHashMap.newKeySet();

  private volatile boolean closed;

  /** What tells one file system from another. */
  record Key(Entrance entrance, Optional<Moment> asOf) {}

  /**
   * Opens a session.
   *
   * @param timeout how long a call may take; empty: as long as the session lives
   */
  DfsFileSystem(DfsFileSystemProvider provider, Key key, Optional<Duration> timeout)
      throws IOException {
    this.provider = provider;
    this.key = key;
    this.calls = new Calls(new RealTime(), timeout);
    boolean opened = false;
    CompletableFuture<Presence> opening =
        calls.begin(() -> new Presence(key.entrance(), key.asOf()));
    try {
      this.presence = calls.await(opening);
      opened = true;
    } finally {
      if (!opened) {
        var _ = opening.thenAccept(DfsFileSystem::leave);
        calls.close();
      }
    }
  }

  private static void leave(Presence late) {
    try {
      late.close();
    } catch (IOException e) {
      LOG.debug("a session that nobody waited for was not ended", e);
    }
  }

  Key key() {
    return key;
  }

  Principals principals() {
    return principals;
  }

  @Override
  public Calls threads() {
    return calls;
  }

  /** What is asked of the volume. */
  interface Call<T extends @Nullable Object> {
    T run(PathCalls volume) throws IOException;
  }

  /**
   * Asks the volume.
   *
   * @param file the path that the caller gave, for the exception
   * @param other the second one, of calls with two
   */
  <T extends @Nullable Object> T run(@Nullable String file, @Nullable String other, Call<T> call)
      throws IOException {
    checkOpen();
    try {
      return calls.run(() -> call.run(presence.calls()));
    } catch (IOException e) {
      throw Faults.of(e, file, other);
    }
  }

  /** As {@link #run} of what changes something. */
  <T extends @Nullable Object> T change(@Nullable String file, @Nullable String other, Call<T> call)
      throws IOException {
    checkWritable();
    return run(file, other, call);
  }

  /** The kept instant that is seen; empty: the present. */
  Optional<Instant> instant() {
    return presence.instantNanos().map(Times::instant);
  }

  /** The kept instant that is meant, in nanoseconds since 1970. */
  long instantOf(String shown, Moment asOf) throws IOException {
    checkOpen();
    try {
      return calls.run(() -> presence.past(asOf)).instantNanos();
    } catch (IOException e) {
      throw Faults.of(e, shown, null);
    }
  }

  /**
   * Puts back what was at a path, and tells as of which instant.
   *
   * @param replace what is there now
   */
  long restore(DfsPath from, Moment asOf, DfsPath to, boolean replace) throws IOException {
    checkWritable();
    String shown = to.toString();
    try {
      Presence.Past past = calls.run(() -> presence.past(asOf));
      try (Restoring restoring =
          run(
              shown,
              null,
              volume ->
                  volume.restoring(past.calls(), past.instantNanos(), at(from), at(to), replace))) {
        while (calls.run(restoring::step)) {
          checkOpen();
        }
        return past.instantNanos();
      }
    } catch (IOException e) {
      throw Faults.of(e, shown, null);
    }
  }

  void checkWritable() {
    checkOpen();
    if (isReadOnly()) {
      throw new ReadOnlyFileSystemException();
    }
  }

  /** Where a path is. */
  static At at(DfsPath path) {
    return At.root(path.bytes());
  }

  Attributes attributes(DfsPath path, boolean follow) throws IOException {
    return run(path.toString(), null, volume -> volume.attributes(at(path), follow));
  }

  DfsPath realPath(DfsPath path, boolean follow) throws IOException {
    DfsPath absolute = path.toAbsolutePath();
    if (follow) {
      ByteString real = run(path.toString(), null, volume -> volume.realPath(at(absolute)));
      return DfsPath.of(this, real);
    }
    // Without following: it must be there, and its names stay, but for the dots.
    var _ = attributes(absolute, false);
    return absolute.normalize();
  }

  /** Opens a channel on what is at a path that may begin anywhere. */
  DfsFileChannel channel(At at, String shown, Options options) throws IOException {
    checkOpen();
    if (options.writes() && isReadOnly()) {
      throw new ReadOnlyFileSystemException();
    }
    return opened(new DfsFileChannel(this, open(at, shown, options.mode()), at, shown, options));
  }

  /** Opens a file; one that is open too late for its caller is let go of. */
  OpenFile open(At at, String shown, OpenMode mode) throws IOException {
    checkOpen();
    CompletableFuture<OpenFile> opening = calls.begin(() -> presence.calls().open(at, mode));
    try {
      return calls.await(opening);
    } catch (IOException e) {
      var _ = opening.thenAccept(DfsFileSystem::letGo);
      throw Faults.of(e, shown, null);
    }
  }

  /** Closes a file, however many calls are under way. */
  void close(OpenFile file, String shown, @Nullable String other) throws IOException {
    try {
      var _ =
          calls.await(
              calls.beginEnd(
                  () -> {
                    file.close();
                    return true;
                  }));
    } catch (IOException e) {
      throw Faults.of(e, shown, other);
    }
  }

  private static void letGo(OpenFile late) {
    try {
      late.close();
    } catch (IOException e) {
      LOG.debug("a file that nobody waited for was not let go of", e);
    }
  }

  /** It ends with this; at once if this has ended meanwhile. */
  <T extends Part> T opened(T part) throws IOException {
    open.add(part);
    if (closed) {
      part.end();
      throw new ClosedFileSystemException();
    }
    return part;
  }

  @Override
  public void unlinkIfSame(At at, long ino) throws IOException {
    PathCalls volume = presence.calls();
    Attributes found = volume.attributesIfAny(at, false);
    if (found != null && found.ino() == ino) {
      volume.unlink(at);
    }
  }

  @Override
  public void ended(Part part) {
    open.remove(part);
  }

  void checkOpen() {
    if (closed) {
      throw new ClosedFileSystemException();
    }
  }

  @Override
  public FileSystemProvider provider() {
    return provider;
  }

  /** Ends all channels and streams; what was written is durable unless an exception says so. */
  @Override
  public void close() throws IOException {
    if (!provider.forget(this)) {
      return;
    }
    closed = true;
    // All at once, and together they have the time of one call.
    List<Part> parts = List.copyOf(open);
    List<CompletableFuture<Boolean>> ends = new ArrayList<>();
    for (Part part : parts) {
      part.end();
      ends.add(part.ended());
    }
    IOException first = null;
    try {
      var _ = calls.await(CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new)));
    } catch (IOException e) {
      first = e;
    }
    try {
      var _ =
          calls.await(
              calls.beginEnd(
                  () -> {
                    presence.close();
                    return true;
                  }));
    } catch (IOException e) {
      first = first == null ? e : first;
    } finally {
      calls.close();
    }
    if (first != null) {
      throw first;
    }
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  @Override
  public boolean isReadOnly() {
    return key.asOf().isPresent();
  }

  @Override
  public String getSeparator() {
    return "/";
  }

  DfsPath root() {
    return DfsPath.of(this, ByteString.copyFromUtf8("/"));
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    checkOpen();
    return List.of(root());
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    checkOpen();
    return List.of(new DfsFileStore(this));
  }

  @Override
  public Set<String> supportedFileAttributeViews() {
    checkOpen();
    return VIEWS;
  }

  @Override
  public Path getPath(String first, String... more) {
    StringBuilder text = new StringBuilder(first);
    for (String part : more) {
      if (!Objects.requireNonNull(part).isEmpty()) {
        text.append(text.isEmpty() ? "" : "/").append(part);
      }
    }
    return DfsPath.of(this, text.toString());
  }

  @Override
  public PathMatcher getPathMatcher(String syntaxAndPattern) {
    return Matchers.of(syntaxAndPattern);
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    return principals;
  }

  @Override
  public WatchService newWatchService() {
    throw new UnsupportedOperationException("dfs watches nothing yet: no change can be waited for");
  }

  @Override
  public String toString() {
    return "dfs at " + key.entrance().root() + key.asOf().map(i -> " as of " + i).orElse("");
  }

  /** Times as the volume has them: signed nanoseconds since 1970. */
  static final class Times {
    private Times() {}

    static long nanos(Instant instant) {
      try {
        return Math.addExact(
            Math.multiplyExact(instant.getEpochSecond(), SECOND_NANOS), instant.getNano());
      } catch (ArithmeticException e) {
        return instant.getEpochSecond() < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
      }
    }

    static Instant instant(long nanos) {
      return Instant.ofEpochSecond(
          Math.floorDiv(nanos, SECOND_NANOS), Math.floorMod(nanos, SECOND_NANOS));
    }
  }
}
