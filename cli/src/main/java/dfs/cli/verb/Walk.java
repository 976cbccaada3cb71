package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Goes through a tree, depth first, with a stack of its own: a tree may be deeper than a thread's
 * stack. Of each directory on the way down one page is in memory. Links are not followed, nor those
 * that somebody puts in the place of a directory meanwhile: each directory is opened in the one
 * that it was met in, which stays open, and what is met is what lies in there.
 */
final class Walk {
  /** What is done on the way. */
  interface Visitor {
    /**
     * Something was met: a file, a link, a directory before what is in it.
     *
     * @return whether to go into it, if it is a directory
     */
    boolean meet(Item item) throws IOException;

    /** All that is in a directory was met. */
    default void leave(Item directory) throws IOException {}

    /** Something could not be looked at, or a visit failed. */
    void failed(Place place, IOException e) throws IOException;
  }

  /**
   * Something in the tree.
   *
   * @param depth 0: the top
   * @param in the directory that it lies in, as it was opened; null where that cannot be had
   */
  record Item(Place place, Stat stat, int depth, @Nullable SecureDirectoryStream<Path> in) {
    Item(Place place, Stat stat, int depth) {
      this(place, stat, depth, null);
    }

    /** The last name of its path, for {@link #in}. */
    Path name() {
      return Objects.requireNonNull(place.path().getFileName());
    }
  }

  private record Level(Item directory, DirectoryStream<Path> stream, Iterator<Path> entries) {}

  private static final DirectoryStream<Path> NOTHING_LISTED =
      new DirectoryStream<>() {
        @Override
        public Iterator<Path> iterator() {
          return Collections.emptyIterator();
        }

        @Override
        public void close() {
          // Nothing is open.
        }
      };

  private final Visitor visitor;
  private final boolean followsAll;
  private final Deque<Level> open = new ArrayDeque<>();

  private Walk(Visitor visitor, boolean followsAll) {
    this.visitor = visitor;
    this.followsAll = followsAll;
  }

  /**
   * Goes through all at and below a place.
   *
   * @param follow whether a link at the top means what it leads to
   */
  static void through(Place top, boolean follow, Visitor visitor) throws IOException {
    Stat stat;
    try {
      stat = Stat.of(top.path(), follow);
    } catch (IOException e) {
      visitor.failed(top, e);
      return;
    }
    Path parent = top.path().getParent();
    Path name = top.path().getFileName();
    if (follow || !stat.isDirectory() || parent == null || name == null || isDots(name)) {
      new Walk(visitor, false).run(new Item(top, stat, 0));
      return;
    }
    try (DirectoryStream<Path> stream = listable(parent)) {
      new Walk(visitor, false).run(new Item(top, stat, 0, secure(stream)));
    }
  }

  /** Goes through all at and below a place, wherever links lead: for who asks for just that. */
  static void following(Place top, Visitor visitor) throws IOException {
    Stat stat;
    try {
      stat = Stat.of(top.path(), true);
    } catch (IOException e) {
      visitor.failed(top, e);
      return;
    }
    new Walk(visitor, true).run(new Item(top, stat, 0));
  }

  /** A directory; nothing if it may be gone through and not be listed. */
  @SuppressWarnings("StreamResourceLeak") // the caller closes it
  private static DirectoryStream<Path> listable(Path directory) throws IOException {
    try {
      return Files.newDirectoryStream(directory);
    } catch (AccessDeniedException e) {
      return NOTHING_LISTED;
    }
  }

  private static boolean isDots(Path name) {
    return name.toString().equals(".") || name.toString().equals("..");
  }

  @SuppressWarnings("unchecked") // the paths of a stream of paths
  private static @Nullable SecureDirectoryStream<Path> secure(DirectoryStream<Path> stream) {
    return stream instanceof SecureDirectoryStream<?> secure
        ? (SecureDirectoryStream<Path>) secure
        : null;
  }

  private void run(Item top) throws IOException {
    try {
      meet(top);
      while (!open.isEmpty()) {
        Level level = open.element();
        Path next = next(level);
        if (next == null) {
          open.pop();
          level.stream().close();
          leave(level.directory());
          continue;
        }
        Place place = level.directory().place().entry(next);
        SecureDirectoryStream<Path> in = followsAll ? null : secure(level.stream());
        Stat stat;
        try {
          stat = in == null ? led(next) : Stat.in(in, next);
        } catch (IOException e) {
          visitor.failed(place, e);
          continue;
        }
        meet(new Item(place, stat, level.directory().depth() + 1, in));
      }
    } finally {
      for (Level level : open) {
        level.stream().close();
      }
    }
  }

  private Stat led(Path entry) throws IOException {
    Stat stat = Stat.of(entry, followsAll);
    for (Level above : open) {
      if (followsAll && stat.isDirectory() && above.directory().stat().isSame(stat)) {
        throw new FileSystemLoopException(ByteText.of(entry));
      }
    }
    return stat;
  }

  private @Nullable Path next(Level level) throws IOException {
    try {
      return level.entries().hasNext() ? level.entries().next() : null;
    } catch (DirectoryIteratorException e) {
      visitor.failed(level.directory().place(), Reasons.causeOf(e));
      return null;
    }
  }

  @SuppressWarnings("StreamResourceLeak") // closed when all of it was met, or the walk ends
  private void meet(Item item) throws IOException {
    boolean met = false;
    try {
      met = visitor.meet(item);
      if (met && item.stat().isDirectory()) {
        DirectoryStream<Path> stream = open(item);
        open.push(new Level(item, stream, stream.iterator()));
      }
    } catch (IOException e) {
      visitor.failed(item.place(), e);
      if (met) {
        leave(item);
      }
    }
  }

  @SuppressWarnings("StreamResourceLeak") // the caller keeps it
  private static DirectoryStream<Path> open(Item item) throws IOException {
    SecureDirectoryStream<Path> in = item.in();
    return in == null
        ? Files.newDirectoryStream(item.place().path())
        : in.newDirectoryStream(item.name(), LinkOption.NOFOLLOW_LINKS);
  }

  private void leave(Item directory) throws IOException {
    try {
      visitor.leave(directory);
    } catch (IOException e) {
      visitor.failed(directory.place(), e);
    }
  }
}
