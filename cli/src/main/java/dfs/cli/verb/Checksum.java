package dfs.cli.verb;

import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/** {@code dfs checksum}: the CRC32C of what files hold. */
final class Checksum implements Verb {
  private static final int BUFFER_BYTES = 1 << 20;

  /** Of what a file holds. */
  record Sum(int crc32c, long sizeBytes) {}

  /** Reads a file. */
  static Sum of(Call call, Place place) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    CRC32C sum = new CRC32C();
    long bytes = 0;
    try (InputStream in = Inputs.open(call, place)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        sum.update(buffer, 0, n);
        bytes += n;
      }
    }
    return new Sum((int) sum.getValue(), bytes);
  }

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "checksum",
        VerbSpec.Kind.READS,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Reads files and prints the CRC32C of their contents, in hexadecimal.",
        VerbSpec.json());
  }

  @Override
  public void run(Call call) throws IOException {
    call.each(
        call.places(),
        place -> {
          Sum sum = of(call, place);
          String digits = HexFormat.of().toHexDigits(sum.crc32c());
          if (call.has("--json")) {
            call.json(
                place,
                json -> {
                  Entries.path(json, place.said());
                  json.name("crc32c").value(digits);
                  json.name("sizeBytes").value(sum.sizeBytes());
                });
          } else {
            call.out().line(digits + "  " + call.out().shown(place.said()));
          }
        });
  }
}
