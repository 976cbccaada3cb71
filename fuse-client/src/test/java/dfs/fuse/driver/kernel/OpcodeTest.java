package dfs.fuse.driver.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.protocol.metadata.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OpcodeTest {
  private static final Path HEADER = Path.of("/usr/include/linux/fuse.h");

  /** Protocol 7.45: 7 and 19 were never given out. */
  @Test
  void everyNumberOfTheProtocolIsInTheTable() {
    IntStream.rangeClosed(1, 53)
        .filter(number -> number != 7 && number != 19)
        .forEach(number -> assertThat(Opcode.of(number)).as("opcode %d", number).isNotNull());
    assertThat(Opcode.of(7)).isNull();
    assertThat(Opcode.of(54)).isNull();
    assertThat(Opcode.of(-1)).isNull();
  }

  @Test
  void whatIsNotDoneSaysWhy() {
    for (Opcode opcode : Opcode.values()) {
      assertThat(opcode.reason().isEmpty())
          .as("%s", opcode)
          .isEqualTo(opcode.refusal() == Errno.OK);
    }
  }

  @Test
  void theNumbersAreThoseOfTheHeader() throws IOException {
    if (!Files.exists(HEADER)) {
      return;
    }
    Matcher matcher =
        Pattern.compile("^\\s+(FUSE|CUSE)_(\\w+)\\s*= (\\d+),", Pattern.MULTILINE)
            .matcher(Files.readString(HEADER).replaceFirst("(?s).*enum fuse_opcode", ""));
    int compared = 0;
    while (matcher.find() && compared < 50) {
      String name = (matcher.group(1).equals("CUSE") ? "CUSE_" : "") + matcher.group(2);
      assertThat(Opcode.valueOf(name).number())
          .as(name)
          .isEqualTo(Integer.parseInt(matcher.group(3)));
      compared++;
      if (name.equals("CUSE_INIT")) {
        break;
      }
    }
    assertThat(compared).isGreaterThan(40);
  }
}
