package dfs.cli.verb;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Names and paths are bytes; within the command they are text from which the bytes can be had
 * again: UTF-8, and a byte 0x80 to 0xFF that is no part of it as the char U+DC00 and the byte, a
 * surrogate without its other half, which no UTF-8 gives (PEP 383). Whatever the locale says.
 */
final class ByteText {
  private static final char LOST = '\uFFFD';
  private static final char ESCAPE = '\uDC00';
  private static final char ESCAPE_MIN = '\uDC80';
  private static final char ESCAPE_MAX = '\uDCFF';
  private static final String HEX = "0123456789ABCDEF";
  private static final String UNRESERVED = "-._~/";

  private ByteText() {}

  /** The text of bytes. */
  static String of(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    return text.indexOf(LOST) < 0 ? text : escaped(bytes);
  }

  private static String escaped(byte[] bytes) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = decoder.decode(in, out, true);
    while (result.isError()) {
      for (int i = 0; i < result.length(); i++) {
        out.put((char) (ESCAPE + (in.get() & 0xff)));
      }
      decoder.reset();
      result = decoder.decode(in, out, true);
    }
    return out.flip().toString();
  }

  /** The bytes of a text. */
  static byte[] bytes(String text) {
    if (isUtf8(text)) {
      return text.getBytes(StandardCharsets.UTF_8);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(text.length() + Long.BYTES);
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      if (isEscape(text, i)) {
        out.writeBytes(text.substring(from, i).getBytes(StandardCharsets.UTF_8));
        out.write(text.charAt(i) - ESCAPE);
        from = i + 1;
      }
    }
    out.writeBytes(text.substring(from).getBytes(StandardCharsets.UTF_8));
    return out.toByteArray();
  }

  /** Whether the bytes of a text are UTF-8. */
  static boolean isUtf8(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (isEscape(text, i)) {
        return false;
      }
    }
    return true;
  }

  /** Whether the char at this index stands for a byte that is no part of UTF-8. */
  static boolean isEscape(String text, int index) {
    char c = text.charAt(index);
    return c >= ESCAPE_MIN
        && c <= ESCAPE_MAX
        && (index == 0 || !Character.isHighSurrogate(text.charAt(index - 1)));
  }

  /** A text for who reads Unicode alone: U+FFFD for what is not UTF-8. */
  static String readable(String text) {
    return isUtf8(text) ? text : new String(bytes(text), StandardCharsets.UTF_8);
  }

  /** The text of an absolute path, or of the names of a relative one. */
  static String of(Path path) {
    String text = path.toString();
    if (text.indexOf(LOST) < 0) {
      return text;
    }
    if (path.isAbsolute()) {
      return absolute(path);
    }
    // A URI is absolute always: below the root it has nothing more than these names.
    return absolute(root(path.getFileSystem()).resolve(path)).substring(1);
  }

  /** A URI says all bytes; that of a directory may end with a slash. */
  private static String absolute(Path path) {
    String raw = path.toUri().getRawPath();
    ByteArrayOutputStream out = new ByteArrayOutputStream(raw.length());
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c == '%') {
        out.write(Integer.parseInt(raw, i + 1, i + 3, 16));
        i += 2;
      } else {
        out.write(c);
      }
    }
    String text = of(out.toByteArray());
    boolean slash = text.length() > 1 && text.endsWith("/");
    return slash ? text.substring(0, text.length() - 1) : text;
  }

  /** The last name of a path; empty for a root. */
  static String nameOf(Path path) {
    Path name = path.getFileName();
    return name == null ? "" : of(name);
  }

  private static Path root(FileSystem files) {
    return files.getRootDirectories().iterator().next();
  }

  /** The path of a text, with these very bytes. */
  static Path path(FileSystem files, String text) {
    if (!files.equals(FileSystems.getDefault())) {
      // Ours takes such text as it is.
      return files.getPath(text);
    }
    if (isUtf8(text)) {
      try {
        Path path = files.getPath(text);
        if (path.toString().indexOf(LOST) < 0) {
          return path;
        }
      } catch (InvalidPathException e) {
        if (text.indexOf('\0') >= 0) {
          throw e;
        }
        // The locale has no such character; the bytes are no worse for it.
      }
    }
    if (!text.startsWith("/")) {
      Path path = path(files, "/" + text);
      return root(files).relativize(path);
    }
    return Path.of(uri(text));
  }

  private static URI uri(String text) {
    StringBuilder raw = new StringBuilder(text.length() * 3);
    for (byte b : bytes(text)) {
      char c = (char) (b & 0xff);
      boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || UNRESERVED.indexOf(c) >= 0);
      if (plain) {
        raw.append(c);
      } else {
        raw.append('%').append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
      }
    }
    int start = 0;
    while (start < raw.length() && raw.charAt(start) == '/') {
      start++;
    }
    return URI.create("file:///" + raw.substring(start));
  }

  /** The order of bytes, as in the locale C. */
  static int compare(String a, String b) {
    return Arrays.compareUnsigned(bytes(a), bytes(b));
  }
}
