package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.valued;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
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
        "Writes the last ten lines of files.",
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
    List<Place> places = call.places();
    boolean[] any = {false};
    call.each(
        places,
        place -> {
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

  private static void copy(SeekableByteChannel channel, long from, Output out) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    channel.position(from);
    while (channel.read(buffer) >= 0) {
      out.bytes(buffer.array(), 0, buffer.position());
      buffer.clear();
    }
  }
}
