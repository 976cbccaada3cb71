package dfs.client.metadata;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A process of its own that tries to take a state directory and says how that went. */
public final class TakingProcess {
  private TakingProcess() {}

  public static void main(String[] arguments) {
    try (StateDirectory state = StateDirectory.take(Path.of(arguments[0]))) {
      assert state != null;
      System.out.print("taken");
    } catch (IOException e) {
      System.out.print(e.getMessage());
    }
  }

  /** What it said. */
  static String run(Path directory) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                TakingProcess.class.getName(),
                directory.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return said;
  }
}
