package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Commands of the machine. */
final class Shell {
  /** A command on a mount that hangs ends here, whoever waits for what it says. */
  private static final String LIMIT_SECONDS = "1800";

  private Shell() {}

  /** Runs a script of bash in a folder; returns what it said if it succeeded. */
  static String run(Path in, String script) throws Exception {
    Process process =
        new ProcessBuilder(
                "timeout", "-k", "5", LIMIT_SECONDS, "bash", "-euc", "cd " + in + "; " + script)
            .directory(Path.of("/").toFile())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s said: %s", script, said).isZero();
    return said.strip();
  }

  /** Runs a command whose failure means nothing. */
  static void quietly(String... command) throws IOException, InterruptedException {
    new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }
}
