package dfs.cli.verb;

import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A verb of Hadoop's shell.
 *
 * @param spec its operands are the whole of its usage, as Hadoop writes it
 * @param implied what the words mean besides, for who does it
 */
record DashVerb(VerbSpec spec, UnaryOperator<Given> implied, Action action) implements Verb {
  /** What does it. */
  interface Action {
    void run(Call call) throws IOException;
  }

  @Override
  public void run(Call call) throws IOException {
    action.run(call);
  }

  /** What the words behind it say. */
  Given understood(List<String> words) {
    return implied.apply(Given.leading(spec, words.stream().map(this::plain).toList()));
  }

  /** All that {@code cp -p} can keep is kept, whichever letters follow. */
  private String plain(String word) {
    boolean keeps = spec.name().equals("cp") && word.matches("-p[topax]+");
    return keeps ? "-p" : word;
  }

  String usage() {
    return "Usage: dfs -" + spec.name() + (spec.operands().isEmpty() ? "" : " " + spec.operands());
  }
}
