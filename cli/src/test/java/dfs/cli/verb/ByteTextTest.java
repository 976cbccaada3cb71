package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names are bytes, and none is lost on the way through text. */
class ByteTextTest {
  private static final byte[] RAW = {
    'a', '\n', (byte) 0xff, (byte) 0xc3, (byte) 0xa4, (byte) 0xc3, 'b', (byte) 0xed, (byte) 0xb2
  };

  private @TempDir Path scratch;

  @Test
  void bytesComeBack() {
    String text = ByteText.of(RAW);
    assertThat(text).isEqualTo("a\n\udcff\u00e4\udcc3b\udced\udcb2");
    assertThat(ByteText.bytes(text)).isEqualTo(RAW);
    assertThat(ByteText.isUtf8(text)).isFalse();
    assertThat(ByteText.readable(text)).isEqualTo(new String(RAW, StandardCharsets.UTF_8));
  }

  @Test
  void unicodeStaysAsItIs() {
    String text = "\u00e4\ud83d\ude00\ufffd";
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    assertThat(ByteText.of(bytes)).isEqualTo(text);
    assertThat(ByteText.bytes(text)).isEqualTo(bytes);
    assertThat(ByteText.isUtf8(text)).isTrue();
  }

  @Test
  void aLocalFileHasTheNameOfTheseBytes() throws IOException {
    String name = ByteText.of(RAW);
    Path file = ByteText.path(FileSystems.getDefault(), ByteText.of(scratch) + "/" + name);
    Files.createFile(file);
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(scratch)) {
      Path entry = entries.iterator().next();
      assertThat(entry).isEqualTo(file);
      assertThat(ByteText.nameOf(entry)).isEqualTo(name);
    }
    assertThat(ByteText.of(ByteText.path(FileSystems.getDefault(), "x/" + name)))
        .isEqualTo("x/" + name);
  }

  @Test
  void terminalsGetTheQuotesOfCoreutils() {
    assertThat(Quoted.of("plain-name_1.txt")).isEqualTo("plain-name_1.txt");
    assertThat(Quoted.of("a b")).isEqualTo("'a b'");
    assertThat(Quoted.of("it's")).isEqualTo("\"it's\"");
    assertThat(Quoted.of("it's $1")).isEqualTo("'it'\\''s $1'");
    assertThat(Quoted.of("it's#1")).isEqualTo("'it'\\''s#1'");
    assertThat(Quoted.of("#it's")).isEqualTo("\"#it's\"");
    assertThat(Quoted.of("a{b}")).isEqualTo("a{b}");
    assertThat(Quoted.of("{")).isEqualTo("'{'");
    assertThat(Quoted.of("\n'a")).isEqualTo("''$'\\n'\\''a'");
    assertThat(Quoted.of("a\nb")).isEqualTo("'a'$'\\n''b'");
    assertThat(Quoted.of("a\n")).isEqualTo("'a'$'\\n'");
    assertThat(Quoted.of("\tb")).isEqualTo("''$'\\t''b'");
    assertThat(Quoted.of("\udcff\udcfe")).isEqualTo("''$'\\377\\376'");
    assertThat(Quoted.of("")).isEqualTo("''");
    assertThat(Quoted.of("\u00e4")).isEqualTo("\u00e4");
  }

  @Test
  void theLastWordsOfACommandLineAreTheArguments() {
    byte[] line = "java\0-cp\0x\0Main\0ls\0/a\u00ff\0\0".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(Arguments.lastOf(line, 3)).containsExactly("ls", "/a\udcff", "");
  }
}
