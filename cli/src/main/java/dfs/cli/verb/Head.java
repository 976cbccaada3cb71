package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.valued;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** {@code dfs head}: the beginning of files. */
final class Head implements Verb {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int LINES = 10;

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "head",
        VerbSpec.Kind.READS,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Writes the first ten lines of files; - stands for the standard input.",
        valued("-n --lines", "N", "so many lines"),
        valued("-c --bytes", "N", "so many bytes"));
  }

  @Override
  public void run(Call call) throws IOException {
    boolean byBytes = call.has("-c");
    long count = byBytes ? call.number("-c", 0, 0) : call.number("-n", LINES, 0);
    List<Place> places = Inputs.of(call);
    boolean[] any = {false};
    call.each(
        places,
        place -> {
          try (InputStream in = Inputs.open(call, place)) {
            header(call, place, places.size() > 1, any[0]);
            any[0] = true;
            copy(in, call.out(), byBytes, count);
          }
        });
  }

  /** The name of the file, if there are several. */
  static void header(Call call, Place place, boolean several, boolean any) throws IOException {
    if (several) {
      String name = place.said().equals(Call.STANDARD) ? "standard input" : place.said();
      call.out().line((any ? "\n" : "") + "==> " + call.out().shown(name) + " <==");
    }
  }

  private static void copy(InputStream in, Output out, boolean byBytes, long count)
      throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    long left = count;
    while (left > 0) {
      int n = in.read(buffer, 0, (int) (byBytes ? Math.min(left, BUFFER_BYTES) : BUFFER_BYTES));
      if (n < 0) {
        return;
      }
      int end = byBytes ? n : 0;
      if (byBytes) {
        left -= n;
      } else {
        while (end < n && left > 0) {
          left -= buffer[end++] == '\n' ? 1 : 0;
        }
      }
      out.bytes(buffer, 0, end);
    }
  }
}
