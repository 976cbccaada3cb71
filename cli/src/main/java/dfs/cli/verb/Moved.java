package dfs.cli.verb;

import dfs.client.path.InodeTable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/**
 * Removes what was copied elsewhere, and no more: what came to the source meanwhile, or was changed
 * since the copying began, stays, and is said.
 */
final class Moved implements Walk.Visitor, AutoCloseable {
  private final Removal removal;
  private final Deque<Place> targets = new ArrayDeque<>();
  private final FileTime begun;
  private final boolean follows;

  /** Of files with several names, when the first of them was removed: size and 1. */
  private final InodeTable sizes = new InodeTable();

  /** Of the same, {@link #time}. */
  private final InodeTable times = new InodeTable();

  /**
   * @param target what the source was copied to
   * @param begun when
   */
  Moved(Call call, Place target, Instant begun) {
    this.removal = new Removal(call, false);
    this.targets.push(target);
    this.begun = FileTime.from(begun);
    this.follows = call.has(Copying.Wishes.FOLLOW);
  }

  @Override
  public boolean meet(Walk.Item item) throws IOException {
    Place target =
        item.depth() == 0 ? targets.element() : targets.element().child(item.place().name());
    Stat copy;
    try {
      copy = Stat.of(target.path(), false);
    } catch (NoSuchFileException e) {
      throw new RefusedException("came while the rest was copied, and stays");
    }
    Stat stat = item.stat();
    if (hasChanged(item, target.path(), copy)) {
      throw new RefusedException("has changed since it was copied, and stays");
    }
    if (stat.isRegular() && stat.links() > 1) {
      note(stat);
    }
    if (stat.isDirectory() && item.depth() > 0) {
      targets.push(target);
    }
    return removal.meet(item);
  }

  private boolean hasChanged(Walk.Item item, Path target, Stat copy) throws IOException {
    Stat stat = item.stat();
    Path source = item.place().path();
    if (stat.isLink() && copy.isLink()) {
      return !Entries.target(source).equals(Entries.target(target));
    }
    if (stat.isLink()) {
      return !follows || isTouched(stat) || isOther(Stat.of(source, true), target);
    }
    return isOther(stat, target);
  }

  /** Whether the copy is none of what the source is. */
  private boolean isOther(Stat stat, Path target) throws IOException {
    Stat copy = Stat.of(target, true);
    if (stat.isRegular()) {
      return !copy.isRegular() || copy.sizeBytes() != stat.sizeBytes() || isTouched(stat);
    }
    return stat.isDirectory() != copy.isDirectory();
  }

  /** Whether it may have changed. Removing one of its names here is a change, too. */
  private boolean isTouched(Stat stat) throws IOException {
    long size = sizes.get(stat.dev(), stat.ino());
    return size == 0
        ? stat.changed().compareTo(begun) >= 0
        : stat.sizeBytes() + 1 != size || times.get(stat.dev(), stat.ino()) != time(stat);
  }

  private void note(Stat stat) throws IOException {
    if (sizes.get(stat.dev(), stat.ino()) == 0) {
      var _ = sizes.put(stat.dev(), stat.ino(), stat.sizeBytes() + 1);
      var _ = times.put(stat.dev(), stat.ino(), time(stat));
    }
  }

  /** The mtime; never 0. */
  private static long time(Stat stat) {
    long nanos = stat.modified().to(TimeUnit.NANOSECONDS);
    return nanos == 0 ? Long.MIN_VALUE : nanos;
  }

  @Override
  public void leave(Walk.Item directory) throws IOException {
    if (directory.depth() > 0) {
      targets.pop();
    }
    removal.leave(directory);
  }

  @Override
  public void failed(Place place, IOException e) throws IOException {
    removal.failed(place, e);
  }

  @Override
  public void close() throws IOException {
    try (InodeTable _ = sizes) {
      times.close();
    }
  }
}
