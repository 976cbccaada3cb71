package dfs.client.nio;

import com.google.protobuf.ByteString;
import dfs.client.path.At;
import dfs.client.path.DirectoryPages;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Reply.Dentry;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.ClosedDirectoryStreamException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A directory that is listed, and in which things are done by names relative to it, wherever it is
 * moved meanwhile. Entries come by pages. Thread-safe.
 */
final class DfsDirectoryStream implements SecureDirectoryStream<Path>, Part {
  private final DfsFileSystem system;
  private final DfsPath path;
  private final long directory;
  private final DirectoryStream.Filter<? super Path> filter;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by the lock. */
  private boolean iterated;

  private volatile boolean closed;

  private DfsDirectoryStream(
      DfsPath path, long directory, DirectoryStream.Filter<? super Path> filter) {
    this.system = path.getFileSystem();
    this.path = path;
    this.directory = directory;
    this.filter = filter;
  }

  /**
   * Opens a directory.
   *
   * @param at where it is
   * @param path how its entries are called
   */
  static DfsDirectoryStream open(
      At at, DfsPath path, boolean follow, DirectoryStream.Filter<? super Path> filter)
      throws IOException {
    DfsFileSystem system = path.getFileSystem();
    try {
      long directory = system.run(path.toString(), null, volume -> volume.directory(at, follow));
      return system.opened(new DfsDirectoryStream(path, directory, filter));
    } catch (FileSystemException e) {
      if (e.getCause() instanceof IOException cause && Faults.is(cause, Errno.ENOTDIR)) {
        NotDirectoryException fault = new NotDirectoryException(path.toString());
        fault.initCause(cause);
        throw fault;
      }
      throw e;
    }
  }

  @Override
  public void close() {
    closed = true;
    system.ended(this);
  }

  @Override
  public void end() {
    close();
  }

  /** Nothing of it is anywhere but here. */
  @Override
  public CompletableFuture<Boolean> ended() {
    return CompletableFuture.completedFuture(true);
  }

  private void checkOpen() {
    if (closed) {
      throw new ClosedDirectoryStreamException();
    }
  }

  @Override
  public Iterator<Path> iterator() {
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the directory stream is closed");
      }
      if (iterated) {
        throw new IllegalStateException("a directory stream is iterated once");
      }
      iterated = true;
    } finally {
      lock.unlock();
    }
    DirectoryPages pages;
    try {
      pages = system.run(path.toString(), null, volume -> volume.list(directory, path.toString()));
    } catch (IOException e) {
      throw new DirectoryIteratorException(e);
    }
    return new Entries(pages);
  }

  /** The entries; by any thread, one at a time. */
  private final class Entries implements Iterator<Path> {
    private final DirectoryPages pages;
    private final ReentrantLock stepping = new ReentrantLock();
    private final ArrayDeque<ByteString> page = new ArrayDeque<>();
    private @Nullable Path next;

    Entries(DirectoryPages pages) {
      this.pages = pages;
    }

    @Override
    public boolean hasNext() {
      stepping.lock();
      try {
        if (next == null) {
          next = find();
        }
        return next != null;
      } finally {
        stepping.unlock();
      }
    }

    private @Nullable Path find() {
      while (!closed) {
        ByteString name = page.poll();
        if (name == null) {
          if (!pages.hasMore()) {
            return null;
          }
          more();
          continue;
        }
        Path entry = path.resolve(DfsPath.of(system, name));
        try {
          if (filter.accept(entry)) {
            return entry;
          }
        } catch (IOException e) {
          throw new DirectoryIteratorException(e);
        }
      }
      return null;
    }

    private void more() {
      try {
        for (Dentry entry : system.run(path.toString(), null, volume -> pages.next())) {
          page.add(entry.name());
        }
      } catch (IOException e) {
        throw new DirectoryIteratorException(e);
      }
    }

    @Override
    public Path next() {
      stepping.lock();
      try {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        Path found = next;
        next = null;
        if (found == null) {
          throw new NoSuchElementException();
        }
        return found;
      } finally {
        stepping.unlock();
      }
    }
  }

  private static DfsPath dfs(Path given) {
    if (given instanceof DfsPath dfs) {
      return dfs;
    }
    throw new ProviderMismatchException("a path of dfs is needed, not " + given);
  }

  private At at(DfsPath given) {
    return given.isAbsolute() ? DfsFileSystem.at(given) : new At(directory, given.bytes());
  }

  private String shown(DfsPath given) {
    return path.resolve(given).toString();
  }

  @Override
  public SecureDirectoryStream<Path> newDirectoryStream(Path given, LinkOption... options)
      throws IOException {
    DfsPath that = dfs(given);
    boolean follow = Options.follow(options);
    checkOpen();
    return open(at(that), path.resolve(that), follow, entry -> true);
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path given, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    DfsPath that = dfs(given);
    Options asked = Options.of(options, attributes);
    checkOpen();
    return system.channel(at(that), shown(that), asked);
  }

  @Override
  public void deleteFile(Path given) throws IOException {
    DfsPath that = dfs(given);
    checkOpen();
    var _ =
        system.change(
            shown(that),
            null,
            volume -> {
              volume.unlink(at(that));
              return true;
            });
  }

  @Override
  public void deleteDirectory(Path given) throws IOException {
    DfsPath that = dfs(given);
    checkOpen();
    var _ =
        system.change(
            shown(that),
            null,
            volume -> {
              volume.removeDirectory(at(that));
              return true;
            });
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // a file system is equal to itself alone
  public void move(Path source, SecureDirectoryStream<Path> targetDirectory, Path target)
      throws IOException {
    DfsPath from = dfs(source);
    DfsPath to = dfs(target);
    if (!(targetDirectory instanceof DfsDirectoryStream into) || into.system != system) {
      throw new ProviderMismatchException("a directory stream of this file system is needed");
    }
    checkOpen();
    into.checkOpen();
    var _ =
        system.change(
            shown(from),
            into.shown(to),
            volume -> {
              volume.rename(at(from), into.at(to), 0);
              return true;
            });
  }

  @Override
  public <V extends FileAttributeView> @Nullable V getFileAttributeView(Class<V> type) {
    Target self = new Target(system, new At(directory, ByteString.EMPTY), true, path.toString());
    return type.cast(Views.of(type, self));
  }

  @Override
  public <V extends FileAttributeView> @Nullable V getFileAttributeView(
      Path given, Class<V> type, LinkOption... options) {
    DfsPath that = dfs(given);
    boolean follow = Options.follow(options);
    return type.cast(Views.of(type, new Target(system, at(that), follow, shown(that))));
  }
}
