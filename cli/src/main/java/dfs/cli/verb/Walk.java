package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Goes through a tree, depth first, with a stack of its own: a tree may be deeper than a thread's
 * stack. Of each directory on the way down one page is in memory. Links are not followed.
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
   */
  record Item(Place place, Stat stat, int depth) {}

  private record Level(Item directory, DirectoryStream<Path> stream, Iterator<Path> entries) {}

  private final Visitor visitor;
  private final Deque<Level> open = new ArrayDeque<>();

  private Walk(Visitor visitor) {
    this.visitor = visitor;
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
    new Walk(visitor).run(new Item(top, stat, 0));
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
        Stat stat;
        try {
          stat = Stat.of(next, false);
        } catch (IOException e) {
          visitor.failed(place, e);
          continue;
        }
        meet(new Item(place, stat, level.directory().depth() + 1));
      }
    } finally {
      for (Level level : open) {
        level.stream().close();
      }
    }
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
        DirectoryStream<Path> stream = Files.newDirectoryStream(item.place().path());
        open.push(new Level(item, stream, stream.iterator()));
      }
    } catch (IOException e) {
      visitor.failed(item.place(), e);
      if (met) {
        leave(item);
      }
    }
  }

  private void leave(Item directory) throws IOException {
    try {
      visitor.leave(directory);
    } catch (IOException e) {
      visitor.failed(directory.place(), e);
    }
  }
}
