package dfs.cli.verb;

import com.google.gson.stream.JsonWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.Serial;
import java.io.StringWriter;

/** What a command prints: bytes, so that a name is written as it is. One thread at a time. */
final class Output {
  private static final int BUFFER_BYTES = 1 << 16;

  private final OutputStream out;
  private final boolean terminal;

  /** Nobody reads any more, or nothing can be written: whatever else was to be done is not. */
  static final class ClosedException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    private final boolean broken;

    ClosedException(IOException cause) {
      super("standard output: " + cause.getMessage(), cause);
      this.broken = String.valueOf(cause.getMessage()).contains("Broken pipe");
    }

    /** Whether the reader has gone, which is none of our business. */
    boolean isBrokenPipe() {
      return broken;
    }
  }

  Output(OutputStream out, boolean terminal) {
    this.out = new BufferedOutputStream(out, BUFFER_BYTES);
    this.terminal = terminal;
  }

  /** Whether a person looks at it. */
  boolean isTerminal() {
    return terminal;
  }

  /** A name as it is shown: quoted on a terminal, else as it is. */
  String shown(String name) {
    return terminal ? Quoted.of(name) : name;
  }

  /** Writes text and ends the line. */
  void line(String text) throws IOException {
    text(text, '\n');
  }

  /** Writes text and this char behind it. */
  void text(String text, char end) throws IOException {
    try {
      out.write(ByteText.bytes(text));
      out.write(end);
    } catch (IOException e) {
      throw closed(e);
    }
  }

  /** Writes bytes. */
  void bytes(byte[] bytes, int offset, int length) throws IOException {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      throw closed(e);
    }
  }

  void flush() throws IOException {
    try {
      out.flush();
    } catch (IOException e) {
      throw closed(e);
    }
  }

  private static IOException closed(IOException e) {
    return e instanceof InterruptedIOException ? e : new ClosedException(e);
  }

  /** Writes the members of an object. */
  interface Members {
    void to(JsonWriter json) throws IOException;
  }

  /** Writes an object of JSON, on a line. */
  void json(Members members) throws IOException {
    StringWriter text = new StringWriter();
    JsonWriter json = new JsonWriter(text);
    json.setHtmlSafe(false);
    json.beginObject();
    members.to(json);
    json.endObject();
    line(text.toString());
  }
}
