package dfs.cli.command;

import com.google.protobuf.ByteString;
import dfs.cli.volume.Volume;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.FileType;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dfs ls}: lists a directory of the volume. */
@Command(
    name = "ls",
    mixinStandardHelpOptions = true,
    description = "Lists a directory of the volume, in the order in which its entries were made.")
final class Ls implements Callable<Integer> {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT)
          .withZone(ZoneId.systemDefault());
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final String TRIPLE = "rwxrwxrwx";

  @Parameters(
      arity = "0..1",
      paramLabel = "PATH",
      defaultValue = "/",
      description = "path inside the volume (default: its root)")
  private String path = "/";

  @Mixin private final DataOption data = new DataOption();

  @Option(names = "-l", description = "with mode, links, owner, group, size and time")
  private boolean details;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    try (Volume volume = Volume.open(data.directory())) {
      Attributes found = volume.tree().find(path);
      if (found.isDirectory()) {
        volume.tree().list(path, (name, attributes) -> out.println(line(name, attributes)));
      } else {
        out.println(line(ByteString.copyFromUtf8(path), found));
      }
    }
    return Commands.DONE;
  }

  private String line(ByteString name, Attributes attributes) {
    if (!details) {
      return name.toStringUtf8();
    }
    Instant modified =
        Instant.ofEpochSecond(
            Math.floorDiv(attributes.modifyNanos(), NANOS_PER_SECOND),
            Math.floorMod(attributes.modifyNanos(), NANOS_PER_SECOND));
    return "%s %3d %5s %5s %12d %s %s"
        .formatted(
            mode(attributes),
            attributes.links(),
            Integer.toUnsignedString(attributes.uid()),
            Integer.toUnsignedString(attributes.gid()),
            attributes.sizeBytes(),
            TIME.format(modified),
            name.toStringUtf8());
  }

  /** As ls(1) writes it: type, three triples, set-id and sticky bits in the places of x. */
  static String mode(Attributes attributes) {
    StringBuilder text = new StringBuilder();
    text.append(type(attributes.type()));
    int mode = attributes.mode();
    for (int i = 0; i < TRIPLE.length(); i++) {
      text.append((mode >> (TRIPLE.length() - 1 - i) & 1) == 1 ? TRIPLE.charAt(i) : '-');
    }
    special(text, 3, mode & 04000, 's');
    special(text, 6, mode & 02000, 's');
    special(text, 9, mode & 01000, 't');
    return text.toString();
  }

  private static void special(StringBuilder text, int position, int bit, char letter) {
    if (bit != 0) {
      boolean executable = text.charAt(position) == 'x';
      text.setCharAt(position, executable ? letter : Character.toUpperCase(letter));
    }
  }

  private static char type(FileType type) {
    return switch (type) {
      case REGULAR -> '-';
      case DIRECTORY -> 'd';
      case SYMLINK -> 'l';
      case FIFO -> 'p';
      case SOCKET -> 's';
      case CHARACTER_DEVICE -> 'c';
      case BLOCK_DEVICE -> 'b';
    };
  }
}
