package dfs.metadata.keeper;

import dfs.metadata.namespace.Survey.Block;
import java.util.ArrayList;
import java.util.List;

/**
 * What is known of one block's members.
 *
 * @param leaving good ones on servers that are drained: to read from, until there are enough others
 */
record Members(
    Block block, List<Long> good, List<Long> leaving, List<Long> pending, List<Long> bad) {
  Members(Block block) {
    this(block, new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
  }

  List<Long> remaining() {
    List<Long> remaining = new ArrayList<>(good);
    remaining.addAll(pending);
    return remaining;
  }

  /** Those that can be read. */
  List<Long> sources() {
    List<Long> sources = new ArrayList<>(good);
    sources.addAll(leaving);
    return sources;
  }
}
