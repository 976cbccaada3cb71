package dfs.client.file;

import dfs.protocol.metadata.Attributes;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What files were when they were let go of, kept as long as an answer of the server may be under
 * way that is older. Without it such an answer, given to the kernel after the file was committed
 * and forgotten, would be taken for what the file is now. Thread-safe.
 */
final class LetGoFiles {
  private final TreeMap<Long, Integer> looks = new TreeMap<>();
  private final Map<Long, LetGo> kept = new HashMap<>();
  private final ArrayDeque<LetGo> order = new ArrayDeque<>();
  private long number;

  /** One file, and how many had been let go of before it. */
  private record LetGo(long number, Attributes attributes) {}

  /** The server is asked from now on; to be ended with what this returns. */
  synchronized long begin() {
    looks.merge(number, 1, Integer::sum);
    return number;
  }

  /** Its answer has been dealt with. */
  synchronized void end(long begun) {
    looks.merge(begun, -1, (had, one) -> had + one == 0 ? null : had + one);
    long oldest = looks.isEmpty() ? number : looks.firstKey();
    while (!order.isEmpty() && order.getFirst().number() < oldest) {
      LetGo old = order.removeFirst();
      kept.remove(old.attributes().ino(), old);
    }
  }

  /** A file is about to be forgotten; these are its committed attributes. */
  synchronized void add(Attributes attributes) {
    if (!looks.isEmpty()) {
      LetGo one = new LetGo(number++, attributes);
      kept.put(attributes.ino(), one);
      order.addLast(one);
    }
  }

  /** These attributes, or newer ones of the same file. */
  synchronized Attributes newest(Attributes answered) {
    @Nullable LetGo known = kept.get(answered.ino());
    return known != null && known.attributes().change() > answered.change()
        ? known.attributes()
        : answered;
  }
}
