package dfs.cli.verb;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/** {@code dfs -text}, {@code -checksum}, {@code -tail}, {@code -test} and {@code -getfattr}. */
final class DashReading {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int MAGIC_BYTES = 4;
  private static final long FOLLOW_MILLIS = 5000;
  private static final int TAIL_BYTES = 1024;
  private static final List<String> CONDITIONS = List.of("-d", "-e", "-f", "-s", "-w", "-r", "-z");

  private DashReading() {}

  /** Writes files, those of gzip unpacked. */
  static void text(Call call) throws IOException {
    call.each(
        call.places(),
        place -> {
          try (InputStream raw = new BufferedInputStream(Inputs.open(call, place), BUFFER_BYTES);
              InputStream in = unpacked(raw)) {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
              call.out().bytes(buffer, 0, n);
            }
          }
        });
  }

  private static InputStream unpacked(InputStream raw) throws IOException {
    raw.mark(MAGIC_BYTES);
    byte[] magic = raw.readNBytes(MAGIC_BYTES);
    raw.reset();
    String begins = ByteText.of(magic);
    if (magic.length >= 2 && (magic[0] & 0xff) == 0x1f && (magic[1] & 0xff) == 0x8b) {
      return new GZIPInputStream(raw, BUFFER_BYTES);
    }
    for (String other : List.of("SEQ\u0006", "Obj\u0001", "BZh9")) {
      if (begins.equals(other)) {
        throw new RefusedException(
            "Sequence files, Avro files and bzip2 are not unpacked here: -cat writes it as it is");
      }
    }
    return raw;
  }

  /** The CRC32C of whole files, as {@code dfs.checksum.combine.mode=COMPOSITE_CRC} gives it. */
  static void checksum(Call call) throws IOException {
    call.each(
        call.places(),
        place ->
            call.out()
                .line(
                    place.said()
                        + "\tCOMPOSITE-CRC32C\t"
                        + HexFormat.of().toHexDigits(Checksum.of(call, place).crc32c())));
  }

  /** The last kilobyte, and what comes later. */
  static void tail(Call call) throws IOException {
    if (!call.has("-f")) {
      new Tail().run(call);
      return;
    }
    long millis = call.number("-s", FOLLOW_MILLIS, 1);
    Place place = call.places().getFirst();
    Stat stat = Stat.of(place.path(), true);
    if (stat.isDirectory()) {
      throw new RefusedException("is a directory");
    }
    long at = Math.max(0, stat.sizeBytes() - TAIL_BYTES);
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    while (true) {
      try (SeekableByteChannel channel = Files.newByteChannel(place.path())) {
        // One that became shorter is written from its beginning.
        at = channel.size() < at ? 0 : at;
        channel.position(at);
        for (int n = channel.read(buffer.clear()); n > 0; n = channel.read(buffer.clear())) {
          call.out().bytes(buffer.array(), 0, n);
          at += n;
        }
      }
      call.out().flush();
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** Whether one condition holds. */
  static void test(Call call) throws IOException {
    List<String> asked = CONDITIONS.stream().filter(call::has).toList();
    if (asked.isEmpty()) {
      throw new UsageException("No test flag given");
    }
    if (asked.size() > 1) {
      throw new UsageException("Only one test flag is allowed");
    }
    if (!TestVerb.holds(asked.getFirst(), call.source(call.operands().getFirst()))) {
      call.fail();
    }
  }

  /** Extended attributes. */
  static void xattrs(Call call) throws IOException {
    Optional<String> name = call.value("-n").map(Getfattr::plain);
    if (name.isPresent() == call.has("-d")) {
      throw new UsageException("Must specify '-n name' or '-d' option.");
    }
    String encoding = call.value("-e").orElse("");
    if (!List.of("", "text", "hex", "base64").contains(encoding)) {
      throw new UsageException("Invalid/unsupported encoding option specified: " + encoding);
    }
    EachBelow.look(
        call,
        call.places(),
        (place, stat) -> {
          if (stat.isLink()) {
            return;
          }
          UserDefinedFileAttributeView view = Getfattr.view(place);
          List<String> names = new ArrayList<>(view.list());
          names.sort(null);
          call.out().line("# file: " + place.said());
          for (String each : name.map(List::of).orElse(names)) {
            if (!names.contains(each)) {
              throw new RefusedException("At least one of the attributes provided was not found.");
            }
            byte[] value = Getfattr.value(view, each);
            call.out()
                .line("user." + each + (value.length == 0 ? "" : "=" + shown(value, encoding)));
          }
        });
  }

  private static String shown(byte[] value, String encoding) {
    return switch (encoding) {
      case "hex" -> "0x" + HexFormat.of().formatHex(value);
      case "base64" -> "0s" + Base64.getEncoder().encodeToString(value);
      default -> Getfattr.quoted(value);
    };
  }
}
