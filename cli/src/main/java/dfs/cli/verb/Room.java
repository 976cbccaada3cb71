package dfs.cli.verb;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * How many names, of directories that are sorted, may be in memory: all directories together. When
 * there are more the one that has most goes to a file. One thread uses it.
 */
public final class Room {
  private static final int USUAL = 1 << 16;

  private final int most;
  private final List<Sorting<?>> users = new ArrayList<>();
  private int held;
  private int heldMost;

  public Room() {
    this(USUAL);
  }

  /**
   * @param most at least 2
   */
  Room(int most) {
    this.most = most;
  }

  void enters(Sorting<?> user) {
    users.add(user);
  }

  void leaves(Sorting<?> user) {
    users.remove(user);
  }

  /** Room for one more is needed. */
  void take() throws IOException {
    if (held == most) {
      Sorting<?> largest = users.getFirst();
      for (Sorting<?> user : users) {
        largest = user.held() > largest.held() ? user : largest;
      }
      largest.spill();
    }
    held++;
    heldMost = Math.max(heldMost, held);
  }

  void give(int count) {
    held -= count;
  }

  /** How many are in memory. */
  int held() {
    return held;
  }

  /** How many there were at once at the most. */
  int heldMost() {
    return heldMost;
  }
}
