package dfs.contract;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * What {@code java.nio.file} documents, as rows: run on the JDK's own provider, which shows that
 * the rows are right, and on dfs.
 */
public final class Contract {
  /**
   * The rows on which a provider differs, with the reason; they are run, and must differ. At most
   * ten for each.
   */
  public record Differences(Map<String, String> reasons) {
    public static final Differences NONE = new Differences(Map.of());

    /** Those of dfs's own provider. */
    public static final Differences DFS =
        new Differences(
            Map.of(
                "readAllBytes of who is interrupted reads all",
                "the JDK switches interrupts off for channels of its own alone: of dfs's it is"
                    + " ClosedByInterruptException"));

    private static final int MOST = 10;

    public Differences {
      if (reasons.size() > MOST) {
        throw new IllegalArgumentException(reasons.size() + " rows differ");
      }
      reasons = Map.copyOf(reasons);
    }
  }

  private Contract() {}

  private static List<Case> all() {
    List<Case> all = new ArrayList<>(PathCases.all());
    all.addAll(FileCases.all());
    all.addAll(ChannelCases.all());
    all.addAll(CopyCases.all());
    all.addAll(AttributeCases.all());
    all.addAll(DirectoryCases.all());
    all.addAll(TogetherCases.all());
    all.addAll(InterruptCases.all());
    all.addAll(LockCases.all());
    return all;
  }

  /**
   * A test for each row.
   *
   * @param root where each gets a directory of its own
   */
  public static Stream<DynamicTest> tests(Path root, Differences differences) {
    List<Case> all = all();
    List<String> names = all.stream().map(Case::name).toList();
    List<DynamicTest> tests = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      Case row = all.get(i);
      if (names.indexOf(row.name()) != i) {
        throw new IllegalStateException("two rows are called " + row.name());
      }
      Path directory = root.resolve("row-" + i);
      String reason = differences.reasons().get(row.name());
      tests.add(
          DynamicTest.dynamicTest(
              row.name(),
              () -> {
                Files.createDirectory(directory);
                if (reason == null) {
                  row.body().run(directory);
                } else {
                  differs(row, directory, reason);
                }
              }));
    }
    for (String name : differences.reasons().keySet()) {
      if (!names.contains(name)) {
        throw new IllegalStateException("no row is called " + name);
      }
    }
    return tests.stream();
  }

  private static void differs(Case row, Path directory, String reason) throws IOException {
    try {
      row.body().run(directory);
    } catch (Exception | AssertionError e) {
      return;
    }
    throw new IOException(row.name() + " does not differ any more: " + reason);
  }
}
