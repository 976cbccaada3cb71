package dfs.cli.verb;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.RandomAccess;

/** The files that operands mean, one after the other; what a pattern stands for is one part. */
final class PlaceList extends AbstractList<Place> implements RandomAccess {
  private final List<List<Place>> parts = new ArrayList<>();

  /** The number of the first one behind each part. */
  private final List<Integer> ends = new ArrayList<>();

  /** Puts these behind the others. */
  void append(List<Place> places) {
    if (!places.isEmpty()) {
      parts.add(places);
      ends.add(size() + places.size());
    }
  }

  @Override
  public Place get(int index) {
    int low = 0;
    int high = parts.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (ends.get(middle) <= index) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return parts.get(low).get(index - (low == 0 ? 0 : ends.get(low - 1)));
  }

  @Override
  public int size() {
    return ends.isEmpty() ? 0 : ends.getLast();
  }
}
