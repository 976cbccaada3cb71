package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.TextFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Looks for cluster keys in all that servers and commands have logged and said. */
final class LoggedKeys {
  private static final String KEY = "cluster.key";

  private LoggedKeys() {}

  /**
   * No key of a data directory in a folder stands in a log there, or in what was said there, in any
   * spelling.
   */
  static void check(Path scratch) throws IOException {
    List<Path> data = new ArrayList<>();
    List<Path> texts = new ArrayList<>();
    String mounts = Files.readString(Path.of("/proc/self/mounts"));
    for (Path child : children(scratch)) {
      if (child.toString().endsWith(".out")) {
        texts.add(child);
      } else if (!mounts.contains(" " + child + " ") && Files.isRegularFile(child.resolve(KEY))) {
        // A mount is not looked into: nobody may answer there.
        data.add(child);
      }
    }
    for (Path directory : data) {
      texts.addAll(children(directory.resolve("log")));
    }
    for (Path text : texts) {
      String logged = Files.readString(text, StandardCharsets.ISO_8859_1);
      for (Path directory : data) {
        for (String spelling : spellings(Files.readString(directory.resolve(KEY)))) {
          assertThat(logged.contains(spelling)).as("the key in %s", text).isFalse();
        }
      }
    }
  }

  private static List<Path> children(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> children = Files.list(directory)) {
      return children.toList();
    }
  }

  /**
   * All that a key may look like.
   *
   * @param file what is in its file: hexadecimal digits
   */
  private static List<String> spellings(String file) {
    HexFormat hex = HexFormat.of();
    byte[] key = hex.parseHex(file.strip());
    return List.of(
        hex.formatHex(key),
        hex.withUpperCase().formatHex(key),
        new String(key, StandardCharsets.ISO_8859_1),
        Base64.getEncoder().withoutPadding().encodeToString(key),
        Base64.getUrlEncoder().withoutPadding().encodeToString(key),
        // As messages and their bytes print themselves.
        TextFormat.escapeBytes(key),
        Arrays.toString(key));
  }
}
