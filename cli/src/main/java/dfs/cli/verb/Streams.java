package dfs.cli.verb;

import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a command reads and writes: bytes.
 *
 * @param terminal whether a person looks at {@code out}
 * @param errTerminal whether one looks at {@code err}
 */
public record Streams(
    InputStream in, OutputStream out, OutputStream err, boolean terminal, boolean errTerminal) {
  /** Those of this process. */
  public static Streams ofThisProcess() {
    return new Streams(
        new FileInputStream(FileDescriptor.in),
        new FileOutputStream(FileDescriptor.out),
        new FileOutputStream(FileDescriptor.err),
        isTerminal(1),
        isTerminal(2));
  }

  private static boolean isTerminal(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException e) {
      return false;
    }
  }

  /** Nothing to read, and writers that take what is written, as UTF-8. */
  public static Streams of(PrintWriter out, PrintWriter err) {
    return new Streams(InputStream.nullInputStream(), new Text(out), new Text(err), false, false);
  }

  /** Hands bytes to a writer of text at each flush. */
  private static final class Text extends OutputStream {
    private final PrintWriter writer;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

    Text(PrintWriter writer) {
      this.writer = writer;
    }

    @Override
    public void write(int b) {
      kept.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      kept.write(bytes, offset, length);
    }

    @Override
    public void flush() {
      writer.print(kept.toString(StandardCharsets.UTF_8));
      writer.flush();
      kept.reset();
    }
  }
}
