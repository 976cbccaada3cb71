package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Removes what was copied elsewhere, and no more: what came to the source meanwhile, or was changed
 * since the copying began, stays, and is said.
 */
final class Moved implements Walk.Visitor {
  private final Removal removal;
  private final Deque<Place> targets = new ArrayDeque<>();
  private final FileTime begun;

  /**
   * @param target what the source was copied to
   * @param begun when
   */
  Moved(Call call, Place target, Instant begun) {
    this.removal = new Removal(call, false);
    this.targets.push(target);
    this.begun = FileTime.from(begun);
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
    boolean changed =
        stat.isRegular()
            && (stat.changed().compareTo(begun) >= 0
                || Stat.of(target.path(), true).sizeBytes() != stat.sizeBytes());
    if (changed || copy.isDirectory() != stat.isDirectory()) {
      throw new RefusedException("has changed since it was copied, and stays");
    }
    if (stat.isDirectory() && item.depth() > 0) {
      targets.push(target);
    }
    return removal.meet(item);
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
}
