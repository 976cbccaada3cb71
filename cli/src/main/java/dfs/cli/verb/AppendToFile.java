package dfs.cli.verb;

import com.google.common.io.ByteStreams;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** {@code dfs appendToFile}: appends files of this machine to a file. */
final class AppendToFile implements Verb {
  private static final int BUFFER_BYTES = 1 << 20;

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "appendToFile",
        VerbSpec.Kind.CHANGES,
        "FILE... PATH",
        2,
        VerbSpec.ANY,
        "Appends files of this machine, or - for the standard input, to a file, made if missing.");
  }

  @Override
  public void run(Call call) throws IOException {
    List<String> operands = call.operands();
    Place target = call.place(operands.getLast());
    List<InputStream> sources = new ArrayList<>();
    try {
      for (String operand : operands.subList(0, operands.size() - 1)) {
        // All are there before anything is appended.
        Place source = call.local(operand);
        call.attempt(source, at -> sources.add(open(call, at)));
      }
      if (!call.hasFailed()) {
        call.attempt(target, at -> append(sources, at));
      }
    } finally {
      for (InputStream source : sources) {
        source.close();
      }
    }
  }

  /** A file as long as it is now: it may be the one that is appended to. */
  private static InputStream open(Call call, Place source) throws IOException {
    InputStream in = Inputs.open(call, source);
    return !source.said().equals(Call.STANDARD) && Files.isRegularFile(source.path())
        ? ByteStreams.limit(in, Files.size(source.path()))
        : in;
  }

  private static void append(List<InputStream> sources, Place target) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    try (FileChannel out =
        FileChannel.open(
            target.path(),
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND)) {
      for (InputStream in : sources) {
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, n);
          while (bytes.hasRemaining()) {
            out.write(bytes);
          }
        }
      }
    }
  }
}
