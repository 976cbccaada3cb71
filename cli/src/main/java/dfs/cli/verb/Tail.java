package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.valued;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** {@code dfs tail}: the end of files, read from behind. */
final class Tail implements Verb {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int LINES = 10;

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "tail",
        VerbSpec.Kind.READS,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Writes the last ten lines of files; - stands for the standard input.",
        valued("-n --lines", "N", "so many lines"),
        valued("-c --bytes", "N", "so many bytes"));
  }

  @Override
  public void run(Call call) throws IOException {
    boolean byBytes = call.has("-c");
    String said = call.value(byBytes ? "-c" : "-n").orElse("");
    if (said.startsWith("+")) {
      throw new UsageException(said + ": counting from the beginning is not supported");
    }
    long count = byBytes ? call.number("-c", 0, 0) : call.number("-n", LINES, 0);
    List<Place> places = Inputs.of(call);
    boolean[] any = {false};
    call.each(
        places,
        place -> {
          if (place.said().equals(Call.STANDARD)) {
            Head.header(call, place, places.size() > 1, any[0]);
            any[0] = true;
            copyEnd(call.in(), byBytes, count, call.out());
            return;
          }
          if (Files.isDirectory(place.path())) {
            throw new RefusedException("is a directory");
          }
          try (SeekableByteChannel channel = Files.newByteChannel(place.path())) {
            Head.header(call, place, places.size() > 1, any[0]);
            any[0] = true;
            long size = channel.size();
            long from = byBytes ? Math.max(0, size - count) : startOfLines(channel, size, count);
            copy(channel, from, call.out());
          }
        });
  }

  /** Where the last lines begin; a line may lack its end at the end of the file. */
  private static long startOfLines(SeekableByteChannel channel, long size, long lines)
      throws IOException {
    if (lines == 0) {
      return size;
    }
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    long ends = 0;
    for (long end = size; end > 0; ) {
      long start = Math.max(0, end - BUFFER_BYTES);
      channel.position(start);
      buffer.clear().limit((int) (end - start));
      while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
        // Until the piece is whole, or the file has become shorter.
      }
      for (int i = buffer.position() - 1; i >= 0; i--) {
        boolean isEnd = buffer.get(i) == '\n' && start + i != size - 1;
        if (isEnd && ++ends == lines) {
          return start + i + 1;
        }
      }
      end = start;
    }
    return 0;
  }

  /** Bytes of a stream, and how many of them count. */
  private static final class Piece {
    final byte[] bytes;
    final long counted;

    Piece(byte[] bytes, long counted) {
      this.bytes = bytes;
      this.counted = counted;
    }
  }

  /** Keeps no more of it than its end. */
  private static void copyEnd(InputStream in, boolean byBytes, long count, Output out)
      throws IOException {
    Deque<Piece> kept = new ArrayDeque<>();
    long counted = 0;
    // A line that lacks its end is one, and one that has it ends with that.
    long least = byBytes ? count : count + 1;
    byte[] next = in.readNBytes(BUFFER_BYTES);
    while (next.length > 0) {
      Piece piece = new Piece(next, byBytes ? next.length : ends(next));
      kept.add(piece);
      counted += piece.counted;
      while (kept.size() > 1 && counted - kept.element().counted >= least) {
        counted -= kept.remove().counted;
      }
      next = in.readNBytes(BUFFER_BYTES);
    }
    Piece last = kept.peekLast();
    boolean ended = last != null && last.bytes[last.bytes.length - 1] == '\n';
    long before = byBytes ? counted - count : counted - count + (ended ? 0 : 1);
    for (Piece piece : kept) {
      int from = 0;
      while (before > 0 && from < piece.bytes.length) {
        before -= byBytes || piece.bytes[from] == '\n' ? 1 : 0;
        from++;
      }
      out.bytes(piece.bytes, from, piece.bytes.length - from);
    }
  }

  private static int ends(byte[] bytes) {
    int ends = 0;
    for (byte b : bytes) {
      ends += b == '\n' ? 1 : 0;
    }
    return ends;
  }

  private static void copy(SeekableByteChannel channel, long from, Output out) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    channel.position(from);
    while (channel.read(buffer) >= 0) {
      out.bytes(buffer.array(), 0, buffer.position());
      buffer.clear();
    }
  }
}
