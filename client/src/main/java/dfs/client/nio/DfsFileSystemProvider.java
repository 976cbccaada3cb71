package dfs.client.nio;

import com.google.protobuf.ByteString;
import dfs.client.past.Moment;
import dfs.client.path.At;
import dfs.client.path.PathCalls;
import dfs.client.volume.Entrances;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Errno;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotLinkException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.spi.FileSystemProvider;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The scheme {@code dfs}: {@code dfs:///p} is the path {@code /p} of the volume. Found by {@link
 * java.util.ServiceLoader}. {@link #newFileSystem(URI, Map)} takes {@code data}, the data directory
 * of the cluster as a String or a Path of this machine; {@code asOf}, an Instant of the past, or a
 * String with a time or the {@code @NAME} of a snapshot, which is read-only; {@code timeout}, a
 * Duration that no call exceeds. Thread-safe.
 */
public final class DfsFileSystemProvider extends FileSystemProvider {
  private static final String SCHEME = "dfs";
  private static final int DIRECTORY_PERMISSIONS = 0777;
  private static final Set<String> SETTINGS = Set.of("data", "asOf", "timeout");

  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by the lock; in the order in which they were opened. */
  private final Map<DfsFileSystem.Key, DfsFileSystem> open = new LinkedHashMap<>();

  /** For {@link java.util.ServiceLoader}. */
  public DfsFileSystemProvider() {}

  @Override
  public String getScheme() {
    return SCHEME;
  }

  private static void check(URI uri) {
    if (!SCHEME.equalsIgnoreCase(uri.getScheme())) {
      throw new IllegalArgumentException("not a URI of dfs: " + uri);
    }
    if (uri.getRawAuthority() != null) {
      throw new IllegalArgumentException(
          uri
              + ": connections to other machines are not encrypted yet, and none are made; say"
              + " dfs:///PATH");
    }
    if (uri.isOpaque() || uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw new IllegalArgumentException("not of the form dfs:///PATH: " + uri);
    }
  }

  private static void checkRoot(URI uri) {
    check(uri);
    if (!"/".equals(uri.getRawPath())) {
      throw new IllegalArgumentException("a file system is dfs:///, not " + uri);
    }
  }

  private static DfsFileSystem.Key key(Map<String, ?> env) throws IOException {
    for (String name : env.keySet()) {
      if (!SETTINGS.contains(name)) {
        throw new IllegalArgumentException(
            "no setting of dfs: " + name + "; there are " + SETTINGS);
      }
    }
    Optional<Path> data =
        switch (env.get("data")) {
          case null -> Optional.empty();
          case String text -> Optional.of(Path.of(text));
          case Path path -> Optional.of(path);
          case Object other ->
              throw new IllegalArgumentException("data is a String or a Path, not " + other);
        };
    Optional<Moment> asOf =
        switch (env.get("asOf")) {
          case null -> Optional.empty();
          case Instant time -> Optional.of(Moment.of(time));
          case String text -> Optional.of(Moments.of(text));
          case Object other ->
              throw new IllegalArgumentException("asOf is an Instant or a String, not " + other);
        };
    return new DfsFileSystem.Key(Entrances.find(data), asOf);
  }

  private static <T> Optional<T> setting(Map<String, ?> env, String name, Class<T> type) {
    Object value = env.get(name);
    if (value != null && !type.isInstance(value)) {
      throw new IllegalArgumentException(
          name + " is of " + type.getSimpleName() + ", not " + value);
    }
    return Optional.ofNullable(type.cast(value));
  }

  /**
   * Opens the volume of a cluster.
   *
   * @throws FileSystemAlreadyExistsException if it is open already, as of that instant
   */
  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> env) throws IOException {
    checkRoot(uri);
    Optional<Duration> timeout = setting(env, "timeout", Duration.class);
    if (timeout.isPresent() && (timeout.get().isNegative() || timeout.get().isZero())) {
      throw new IllegalArgumentException("timeout is more than nothing, not " + timeout.get());
    }
    DfsFileSystem.Key key = key(env);
    lock.lock();
    try {
      if (open.containsKey(key)) {
        throw new FileSystemAlreadyExistsException(open.get(key).toString());
      }
      DfsFileSystem system = new DfsFileSystem(this, key, timeout);
      open.put(key, system);
      return system;
    } finally {
      lock.unlock();
    }
  }

  /** The file system of the present that was opened first. */
  @Override
  public FileSystem getFileSystem(URI uri) {
    checkRoot(uri);
    DfsFileSystem first = first();
    if (first == null) {
      throw new FileSystemNotFoundException("no file system of dfs is open");
    }
    return first;
  }

  private @Nullable DfsFileSystem first() {
    lock.lock();
    try {
      return open.values().stream()
          .filter(system -> system.key().asOf().isEmpty())
          .findFirst()
          .orElse(null);
    } finally {
      lock.unlock();
    }
  }

  /** It is open no more; false if it was not. */
  boolean forget(DfsFileSystem system) {
    lock.lock();
    try {
      return open.remove(system.key(), system);
    } finally {
      lock.unlock();
    }
  }

  /** A path of the file system of {@link #getFileSystem}; without one the usual is opened. */
  @Override
  public Path getPath(URI uri) {
    check(uri);
    DfsFileSystem system = first();
    while (system == null) {
      try {
        system = (DfsFileSystem) newFileSystem(URI.create("dfs:///"), Map.of());
      } catch (FileSystemAlreadyExistsException e) {
        system = first();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return DfsPath.of(system, decoded(uri));
  }

  private static ByteString decoded(URI uri) {
    String raw = uri.getRawPath();
    if (raw == null || !raw.startsWith("/")) {
      throw new IllegalArgumentException("not of the form dfs:///PATH: " + uri);
    }
    ByteString.Output bytes = ByteString.newOutput();
    for (int i = 0; i < raw.length(); ) {
      if (raw.charAt(i) == '%') {
        bytes.write(Integer.parseInt(raw, i + 1, i + 3, 16));
        i += 3;
      } else {
        int c = raw.codePointAt(i);
        byte[] encoded = Character.toString(c).getBytes(StandardCharsets.UTF_8);
        bytes.write(encoded, 0, encoded.length);
        i += Character.charCount(c);
      }
    }
    ByteString path = bytes.toByteString();
    for (int i = 0; i < path.size(); i++) {
      if (path.byteAt(i) == 0) {
        throw new IllegalArgumentException("a zero byte in " + uri);
      }
    }
    return path;
  }

  private static DfsPath dfs(Path path) {
    if (Objects.requireNonNull(path) instanceof DfsPath dfs) {
      return dfs;
    }
    throw new ProviderMismatchException("a path of dfs is needed, not " + path);
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attrs) throws IOException {
    return newFileChannel(path, options, attrs);
  }

  @Override
  public FileChannel newFileChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attrs) throws IOException {
    DfsPath file = dfs(path);
    Options asked = Options.of(options, attrs);
    return file.getFileSystem().channel(DfsFileSystem.at(file), file.toString(), asked);
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path dir, DirectoryStream.Filter<? super Path> filter) throws IOException {
    DfsPath directory = dfs(dir);
    return DfsDirectoryStream.open(
        DfsFileSystem.at(directory), directory, true, Objects.requireNonNull(filter));
  }

  /** A change that answers nothing. */
  private interface Change {
    void run(PathCalls volume) throws IOException;
  }

  private static void change(DfsPath path, @Nullable Path other, Change change) throws IOException {
    var _ =
        path.getFileSystem()
            .change(
                path.toString(),
                other == null ? null : other.toString(),
                volume -> {
                  change.run(volume);
                  return true;
                });
  }

  @Override
  public void createDirectory(Path dir, FileAttribute<?>... attrs) throws IOException {
    DfsPath directory = dfs(dir);
    int permissions = Options.permissions(DIRECTORY_PERMISSIONS, attrs);
    change(
        directory, null, volume -> volume.makeDirectory(DfsFileSystem.at(directory), permissions));
  }

  @Override
  public void createSymbolicLink(Path link, Path target, FileAttribute<?>... attrs)
      throws IOException {
    DfsPath made = dfs(link);
    DfsPath to = dfs(target);
    if (attrs.length > 0) {
      Options.permissions(0, attrs);
      throw new UnsupportedOperationException("a symbolic link has no initial attributes");
    }
    change(made, null, volume -> volume.makeSymlink(DfsFileSystem.at(made), to.bytes()));
  }

  @Override
  public void createLink(Path link, Path existing) throws IOException {
    DfsPath made = dfs(link);
    DfsPath there = dfs(existing);
    checkSame(made, there);
    change(made, there, volume -> volume.link(DfsFileSystem.at(there), DfsFileSystem.at(made)));
  }

  @SuppressWarnings("ReferenceEquality") // a file system is equal to itself alone
  private static void checkSame(DfsPath one, DfsPath other) throws FileSystemException {
    if (one.getFileSystem() != other.getFileSystem()) {
      throw new FileSystemException(
          one.toString(), other.toString(), "not on the same file system");
    }
  }

  @Override
  public Path readSymbolicLink(Path link) throws IOException {
    DfsPath at = dfs(link);
    DfsFileSystem system = at.getFileSystem();
    try {
      ByteString target =
          system.run(at.toString(), null, volume -> volume.readLink(DfsFileSystem.at(at)));
      return DfsPath.of(system, target);
    } catch (FileSystemException e) {
      if (e.getCause() instanceof IOException cause && Faults.is(cause, Errno.EINVAL)) {
        NotLinkException fault = new NotLinkException(at.toString());
        fault.initCause(cause);
        throw fault;
      }
      throw e;
    }
  }

  @Override
  public void delete(Path path) throws IOException {
    DfsPath gone = dfs(path);
    change(gone, null, volume -> volume.remove(DfsFileSystem.at(gone)));
  }

  @Override
  public boolean deleteIfExists(Path path) throws IOException {
    try {
      delete(path);
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) throws IOException {
    Copying.copy(dfs(source), dfs(target), options);
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    Copying.move(dfs(source), dfs(target), options);
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // a file system is equal to itself alone
  public boolean isSameFile(Path path, Path path2) throws IOException {
    DfsPath one = dfs(path);
    if (one.equals(path2)) {
      return true;
    }
    if (!(Objects.requireNonNull(path2) instanceof DfsPath other)
        || one.getFileSystem() != other.getFileSystem()) {
      return false;
    }
    DfsFileSystem system = one.getFileSystem();
    return system.attributes(one, true).ino() == system.attributes(other, true).ino();
  }

  @Override
  public boolean isHidden(Path path) {
    DfsPath name = dfs(path).getFileName();
    return name != null && !name.bytes().isEmpty() && name.bytes().byteAt(0) == '.';
  }

  @Override
  public FileStore getFileStore(Path path) throws IOException {
    DfsPath at = dfs(path);
    var _ = at.getFileSystem().attributes(at, true);
    return new DfsFileStore(at.getFileSystem());
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    DfsPath at = dfs(path);
    int access = 0;
    for (AccessMode mode : modes) {
      access |=
          switch (mode) {
            case READ -> 4;
            case WRITE -> 2;
            case EXECUTE -> 1;
          };
    }
    int wanted = access;
    if (wanted == 0) {
      var _ = at.getFileSystem().attributes(at, true);
      return;
    }
    if ((wanted & 2) != 0 && at.getFileSystem().isReadOnly()) {
      throw new AccessDeniedException(at.toString(), null, Errno.EROFS.text());
    }
    at.getFileSystem()
        .run(
            at.toString(),
            null,
            volume -> {
              volume.checkAccess(DfsFileSystem.at(at), wanted);
              return true;
            });
  }

  @Override
  public <V extends FileAttributeView> @Nullable V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    Target target = Target.of(dfs(path), Options.follow(options));
    return type.cast(
        Objects.requireNonNull(type) == DfsPastView.class
            ? new PastView(dfs(path), target)
            : Views.of(type, target));
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    Target target = Target.of(dfs(path), Options.follow(options));
    if (Objects.requireNonNull(type) != BasicFileAttributes.class
        && type != PosixFileAttributes.class) {
      throw new UnsupportedOperationException(type + " is not supported");
    }
    return type.cast(target.attributes());
  }

  @Override
  public <A extends BasicFileAttributes> @Nullable A readAttributesIfExists(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    DfsPath at = dfs(path);
    boolean follow = Options.follow(options);
    if (type != BasicFileAttributes.class) {
      return super.readAttributesIfExists(path, type, options);
    }
    DfsFileSystem system = at.getFileSystem();
    Attributes found =
        system.run(
            at.toString(), null, volume -> volume.attributesIfAny(At.root(at.bytes()), follow));
    return found == null ? null : type.cast(new DfsAttributes(found, system.principals()));
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options)
      throws IOException {
    return NamedAttributes.read(Target.of(dfs(path), Options.follow(options)), attributes);
  }

  @Override
  public void setAttribute(Path path, String attribute, Object value, LinkOption... options)
      throws IOException {
    NamedAttributes.set(Target.of(dfs(path), Options.follow(options)), attribute, value);
  }
}
