package dfs.system;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import dfs.protocol.session.ChunkOrder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What looks for keys after each process of these tests finds one. */
class LoggedKeysTest {
  private static final String DIGITS =
      "00112233445566778899aabbccddeeff0102030405060708090a0b0c0d0e0f10";
  private static final byte[] KEY = HexFormat.of().parseHex(DIGITS);

  private @TempDir Path scratch;

  private void log(String line) throws IOException {
    Files.createDirectories(scratch.resolve("data/log"));
    Files.writeString(scratch.resolve("data/cluster.key"), DIGITS + "\n");
    Files.writeString(scratch.resolve("data/log/metadata.log"), line);
  }

  private void finds(String line) throws IOException {
    log(line);
    assertThatThrownBy(() -> LoggedKeys.check(scratch))
        .as(line)
        .hasMessageContaining("metadata.log");
  }

  @Test
  void aKeyInALogIsFound() throws IOException {
    finds("hello with key " + DIGITS + " of a chunk server");
    finds(DIGITS.toUpperCase(Locale.ROOT));
    finds("ABEiM0RVZneImaq7zN3u/wECAwQFBgcICQoLDA0ODxA");
    finds("ABEiM0RVZneImaq7zN3u_wECAwQFBgcICQoLDA0ODxA");
    finds("config with " + Arrays.toString(KEY));
  }

  /** What a record that has a key says of itself, and a message. */
  @Test
  void aKeyInWhatIsPrintedWholeIsFound() throws IOException {
    ByteString key = ByteString.copyFrom(KEY);
    finds("started with " + new ChunkOrder.Key(7, key));
    finds("heard " + BytesValue.of(key));
  }

  @Test
  void whatIsSaidCountsToo() throws IOException {
    log("server 1 is here");
    assertThatCode(() -> LoggedKeys.check(scratch)).doesNotThrowAnyException();
    Files.write(scratch.resolve("up1.out"), KEY);
    assertThatThrownBy(() -> LoggedKeys.check(scratch)).hasMessageContaining("up1.out");
  }
}
