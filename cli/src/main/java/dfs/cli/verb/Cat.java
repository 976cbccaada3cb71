package dfs.cli.verb;

import java.io.IOException;
import java.io.InputStream;

/** {@code dfs cat}: writes files to the standard output. */
final class Cat implements Verb {
  private static final int BUFFER_BYTES = 1 << 20;

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "cat",
        VerbSpec.Kind.READS,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Writes files to the standard output; - stands for the standard input.");
  }

  @Override
  public void run(Call call) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    for (Place place : Inputs.of(call)) {
      call.attempt(
          place,
          at -> {
            try (InputStream in = Inputs.open(call, at)) {
              for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                call.out().bytes(buffer, 0, n);
                if (in.available() == 0) {
                  call.out().flush();
                }
              }
            }
          });
    }
  }
}
