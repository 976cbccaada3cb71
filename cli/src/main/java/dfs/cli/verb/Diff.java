package dfs.cli.verb;

import java.io.IOException;
import java.util.List;

/** {@code dfs diff}: what is different below a path between two times. */
final class Diff implements Verb {
  private static final int TROUBLE = 2;

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "diff",
        VerbSpec.Kind.READS,
        "PATH TIME1 [TIME2]",
        2,
        3,
        "Compares what is at and below a path at two times, the second now unless it is said: +"
            + " added, - removed, ~ changed. Status 0: the same, 1: different, 2: trouble.",
        VerbSpec.json());
  }

  @Override
  public int failedStatus() {
    return TROUBLE;
  }

  @Override
  public void run(Call call) throws IOException {
    List<String> words = call.operands();
    String operand = words.getFirst();
    Place old = call.placeAt(operand, words.get(1));
    Place now = words.size() == 2 ? call.place(operand) : call.placeAt(operand, words.get(2));
    new Comparing(call).run(old, now);
  }
}
