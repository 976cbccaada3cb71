package dfs.cli.verb;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** {@code dfs -find}: conditions, all of which have to hold, and what is done where they do. */
final class DashFind implements Walk.Visitor {
  private static final String HERE = ".";

  /** A word of the expression that holds or does not, or prints and holds. */
  private record Step(String word, String value) {}

  private final Call call;
  private final List<Step> steps = new ArrayList<>();

  private DashFind(Call call, List<String> words) {
    this.call = call;
    boolean prints = false;
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      switch (word) {
        case "-a", "-and" -> {
          // As without it.
        }
        case "-print", "-print0" -> {
          prints = true;
          steps.add(new Step(word, ""));
        }
        case "-name", "-iname" -> {
          if (i + 1 == words.size()) {
            throw new UsageException("Insufficient arguments for expression: " + word);
          }
          String pattern = words.get(++i);
          boolean folded = word.equals("-iname");
          steps.add(new Step(word, folded ? pattern.toLowerCase(Locale.ROOT) : pattern));
        }
        default -> throw new UsageException("Unexpected argument: " + word);
      }
    }
    if (!prints) {
      steps.add(new Step("-print", ""));
    }
  }

  static void run(Call call) throws IOException {
    List<String> operands = call.operands();
    int first = 0;
    while (first < operands.size() && !operands.get(first).startsWith("-")) {
      first++;
    }
    DashFind find = new DashFind(call, operands.subList(first, operands.size()));
    List<String> tops = first == 0 ? List.of(HERE) : operands.subList(0, first);
    for (Place top : call.places(tops)) {
      Walk.through(top, true, find);
    }
  }

  @Override
  public boolean meet(Walk.Item item) throws IOException {
    for (Step step : steps) {
      if (!holds(step, item)) {
        break;
      }
    }
    return true;
  }

  private boolean holds(Step step, Walk.Item item) throws IOException {
    String name = item.place().name();
    return switch (step.word()) {
      case "-name" -> Globs.matches(step.value(), name);
      case "-iname" -> Globs.matches(step.value(), name.toLowerCase(Locale.ROOT));
      default -> {
        call.out().text(item.place().said(), step.word().equals("-print0") ? '\0' : '\n');
        yield true;
      }
    };
  }

  @Override
  public void failed(Place place, IOException e) throws IOException {
    call.failed(place.said(), e);
  }
}
