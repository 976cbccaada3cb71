package dfs.cli.verb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The arguments of this process as the kernel has them: Java decodes them by the locale, and what
 * it cannot decode is lost.
 */
public final class Arguments {
  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

  private Arguments() {}

  /**
   * The arguments with nothing lost; bytes that are no part of UTF-8 as surrogates (PEP 383).
   *
   * @param decoded as Java has them
   */
  public static String[] raw(String[] decoded) {
    boolean plain = true;
    for (String argument : decoded) {
      for (int i = 0; i < argument.length(); i++) {
        plain &= argument.charAt(i) < 0x80;
      }
    }
    if (plain) {
      return decoded;
    }
    try {
      return lastOf(Files.readAllBytes(COMMAND_LINE), decoded.length);
    } catch (IOException e) {
      throw new UncheckedIOException("/proc is not mounted", e);
    }
  }

  /** The last so many words, each of which ends with a zero byte. */
  static String[] lastOf(byte[] commandLine, int count) {
    List<String> words = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < commandLine.length; i++) {
      if (commandLine[i] == 0) {
        words.add(ByteText.of(Arrays.copyOfRange(commandLine, from, i)));
        from = i + 1;
      }
    }
    return words.subList(words.size() - count, words.size()).toArray(String[]::new);
  }
}
