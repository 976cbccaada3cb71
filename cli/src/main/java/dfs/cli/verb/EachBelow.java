package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.FileAttributeView;
import org.jspecify.annotations.Nullable;

/** Does something to places and, with {@code -R}, to all below them; links below are left alone. */
final class EachBelow implements Walk.Visitor {
  /** What is done. */
  interface Action {
    void on(Place place, Stat stat) throws IOException;

    /**
     * To something that lies in a directory which is open: what was put in the place of that one,
     * or of it, is not to be touched.
     */
    void in(SecureDirectoryStream<Path> directory, Walk.Item item) throws IOException;
  }

  /** What only looks, or is done by the path. */
  interface Look extends Action {
    @Override
    default void in(SecureDirectoryStream<Path> directory, Walk.Item item) throws IOException {
      on(item.place(), item.stat());
    }
  }

  private final Call call;
  private final Action action;

  EachBelow(Call call, Action action) {
    this.call = call;
    this.action = action;
  }

  /** Looks at places, and all below. */
  static void look(Call call, Iterable<Place> places, Look look) throws IOException {
    run(call, places, look);
  }

  static void run(Call call, Iterable<Place> places, Action action) throws IOException {
    EachBelow each = new EachBelow(call, action);
    boolean itself = call.has("-h");
    for (Place place : places) {
      if (call.has("-R")) {
        Walk.through(place, !itself, each);
      } else {
        call.attempt(place, at -> action.on(at, Stat.of(at.path(), !itself)));
      }
    }
  }

  /**
   * A view of something in a directory that is open, or of it itself if it is a link; null: the
   * file system has none.
   */
  static <V extends FileAttributeView> @Nullable V view(
      SecureDirectoryStream<Path> directory, Walk.Item item, Class<V> type) {
    return directory.getFileAttributeView(item.name(), type, LinkOption.NOFOLLOW_LINKS);
  }

  @Override
  public boolean meet(Walk.Item item) throws IOException {
    SecureDirectoryStream<Path> in = item.in();
    if (in == null) {
      action.on(item.place(), item.stat());
    } else {
      action.in(in, item);
    }
    return true;
  }

  @Override
  public void failed(Place place, IOException e) throws IOException {
    call.failed(place.said(), e);
  }
}
