package dfs.metadata.namespace;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Writes down what a look finds. */
final class Looked implements Survey.Looker {
  int files;
  final List<String> blocks = new ArrayList<>();
  final List<Long> named = new ArrayList<>();
  final List<String> closed = new ArrayList<>();
  final List<String> mismatches = new ArrayList<>();

  /** Runs when a file comes. */
  Runnable meanwhile = () -> {};

  @Override
  public void mismatch(String line) {
    mismatches.add(line);
  }

  @Override
  public void file() {
    files++;
    meanwhile.run();
  }

  @Override
  public void block(Supplier<String> path, long id, Survey.@Nullable Block block, long endBytes) {
    String what = block == null || block.id() != id ? " that is none" : "";
    blocks.add("%s in %d up to %d%s".formatted(path.get(), id, endBytes, what));
  }

  @Override
  public void block(Survey.Block block) {
    named.add(block.id());
  }

  @Override
  public void closed(String path) {
    closed.add(path);
  }
}
