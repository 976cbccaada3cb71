package dfs.system;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What looks for keys after each process of these tests finds one. */
class LoggedKeysTest {
  private static final byte[] KEY = HexFormat.of().parseHex("00112233445566778899aabbccddeeff");

  private @TempDir Path scratch;

  private void log(String line) throws IOException {
    Files.createDirectories(scratch.resolve("data/log"));
    Files.write(scratch.resolve("data/cluster.key"), KEY);
    Files.writeString(scratch.resolve("data/log/metadata.log"), line);
  }

  @Test
  void aKeyInALogIsFound() throws IOException {
    log("hello with key 00112233445566778899aabbccddeeff of a chunk server");
    assertThatThrownBy(() -> LoggedKeys.check(scratch)).hasMessageContaining("metadata.log");
    log("ABEiM0RVZneImaq7zN3u/w");
    assertThatThrownBy(() -> LoggedKeys.check(scratch)).hasMessageContaining("metadata.log");
  }

  @Test
  void whatIsSaidCountsToo() throws IOException {
    log("server 1 is here");
    assertThatCode(() -> LoggedKeys.check(scratch)).doesNotThrowAnyException();
    Files.write(scratch.resolve("up1.out"), KEY);
    assertThatThrownBy(() -> LoggedKeys.check(scratch)).hasMessageContaining("up1.out");
  }
}
