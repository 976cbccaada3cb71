package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code dfs getmerge}: one file of this machine from several of the volume. */
final class Getmerge implements Verb {
  private static final int BUFFER_BYTES = 1 << 16;

  /** Whether - is the standard output. */
  private final boolean hasOutput;

  /**
   * @param hasOutput whether - is the standard output, and not a name
   */
  Getmerge(boolean hasOutput) {
    this.hasOutput = hasOutput;
  }

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "getmerge",
        VerbSpec.Kind.DESTROYS,
        "PATH... FILE",
        2,
        VerbSpec.ANY,
        "Writes files, and those in directories in the order of their names, into one file of this"
            + " machine, or to - for the standard output.",
        flag("-l --nl", "a newline behind each"),
        flag("-f --force", "replace the file if it is there"));
  }

  @Override
  public void run(Call call) throws IOException {
    List<String> operands = call.operands();
    List<Place> places = call.places(operands.subList(0, operands.size() - 1));
    try (Parts parts = new Parts(call, places)) {
      parts.look();
      if (call.hasFailed()) {
        return;
      }
      if (operands.getLast().equals(Call.STANDARD) && hasOutput) {
        toOutput(call, parts);
        return;
      }
      toFile(call, parts, call.local(operands.getLast()));
    }
  }

  private static void toFile(Call call, Parts parts, Place target) throws IOException {
    Copying.Wishes wishes = new Copying.Wishes(false, false, call.has("-f"), false, false);
    Progress progress = new Progress(call.streams());
    call.interruption().drawn(progress);
    FileCopy copy = new FileCopy(wishes, progress::copied, new CopyCounts());
    try (var _ = call.interruption().enter()) {
      call.attempt(
          target,
          at -> {
            if (call.isDryRun()) {
              copy.checkRoom(at.path());
              say(call, parts, at.said());
              return;
            }
            try (InputStream in = new Merged(call, parts)) {
              copy.write(Channels.newChannel(in), at.path());
            }
            Durable.names(at.path().getParent());
          });
    } finally {
      progress.end();
    }
  }

  private static void toOutput(Call call, Parts parts) throws IOException {
    if (call.isDryRun()) {
      say(call, parts, Call.STANDARD);
      return;
    }
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = new Merged(call, parts)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        call.out().bytes(buffer, 0, n);
      }
    }
  }

  private static void say(Call call, Parts parts, String target) throws IOException {
    Output out = call.out();
    for (Place part = parts.next(); part != null; part = parts.next()) {
      out.line(out.shown(part.said()) + " -> " + out.shown(target));
    }
  }

  /** The files that are merged: one after the other, those of a directory by their names. */
  private static final class Parts implements AutoCloseable {
    private final Call call;

    private final List<Place> operands;

    /** What is in each that is a directory. */
    private final Map<Integer, Sorting<String>> names = new HashMap<>();

    private int next;

    Parts(Call call, List<Place> operands) {
      this.call = call;
      this.operands = operands;
    }

    /** Looks at all of them; what is not to be read is said. */
    void look() throws IOException {
      for (int i = 0; i < operands.size(); i++) {
        int number = i;
        call.attempt(operands.get(i), place -> look(number, place));
      }
    }

    private void look(int number, Place place) throws IOException {
      if (!Stat.of(place.path(), true).isDirectory()) {
        return;
      }
      Sorting<String> files = Sorting.ofNames(call.room());
      names.put(number, files);
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(place.path())) {
        for (Path entry : entries) {
          if (Stat.of(entry, true).isRegular()) {
            files.add(ByteText.nameOf(entry));
          }
        }
      } catch (DirectoryIteratorException e) {
        throw Reasons.causeOf(e);
      }
    }

    /** Null: there is none. */
    @Nullable Place next() throws IOException {
      while (next < operands.size()) {
        Place operand = operands.get(next);
        Sorting<String> files = names.get(next);
        String name = files == null ? null : files.poll();
        if (name != null) {
          return operand.child(name);
        }
        next++;
        if (files == null) {
          return operand;
        }
        files.close();
      }
      return null;
    }

    @Override
    public void close() throws IOException {
      for (Sorting<String> files : names.values()) {
        files.close();
      }
    }
  }

  /** All parts in a row; one at a time is open. */
  private static final class Merged extends InputStream {
    private final Call call;
    private final Parts parts;
    private @Nullable InputStream part;

    /** Whether the present part has given something. */
    private boolean any;

    Merged(Call call, Parts parts) {
      this.call = call;
      this.parts = parts;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      while (true) {
        InputStream now = part;
        if (now == null) {
          Place next = parts.next();
          if (next == null) {
            return -1;
          }
          now = Inputs.open(call, next);
          part = now;
        }
        int n = now.read(bytes, offset, length);
        if (n >= 0) {
          any = true;
          return n;
        }
        close();
        boolean empty = !any;
        any = false;
        if (call.has("-l") && !(empty && call.has("-skip-empty-file"))) {
          bytes[offset] = '\n';
          return 1;
        }
      }
    }

    @Override
    public void close() throws IOException {
      InputStream now = part;
      part = null;
      if (now != null) {
        now.close();
      }
    }
  }
}
