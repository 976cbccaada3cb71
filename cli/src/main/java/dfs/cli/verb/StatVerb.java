package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;
import static dfs.cli.verb.VerbSpec.valued;

import java.io.IOException;

/** {@code dfs stat}: what is known of files. */
final class StatVerb implements Verb {
  private final People people = new People();

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "stat",
        VerbSpec.Kind.READS,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Shows type, size, mode, owner and times of files.",
        flag("-L --dereference", "of what links lead to"),
        valued(
            "-c --format",
            "FORMAT",
            "a line of %n name, %N name and target, %s size, %F type, %a and %A mode, %u %U owner,"
                + " %g %G group, %h links, %i inode, %x %X access, %y %Y change of contents, %z %Z"
                + " change; capitals: seconds since 1970"),
        VerbSpec.json());
  }

  @Override
  public void run(Call call) throws IOException {
    String format = call.value("--format").orElse("");
    call.each(
        call.places(),
        place -> {
          Stat stat = Stat.of(place.path(), call.has("-L"));
          if (call.has("--json")) {
            call.json(place, members -> Entries.write(members, place, stat));
          } else if (format.isEmpty()) {
            full(call.out(), place, stat);
          } else {
            call.out().line(formatted(format, place, stat));
          }
        });
  }

  private void full(Output out, Place place, Stat stat) throws IOException {
    String target = stat.isLink() ? " -> " + out.shown(Entries.target(place.path())) : "";
    out.line("  File: " + out.shown(place.said()) + target);
    out.line("  Size: " + stat.sizeBytes() + "  " + words(stat));
    out.line("Inode: " + stat.ino() + "  Links: " + stat.links());
    out.line(
        "Access: (%s/%s)  Uid: (%s/%s)  Gid: (%s/%s)"
            .formatted(
                stat.octal(),
                stat.modeText(),
                Integer.toUnsignedString(stat.uid()),
                people.user(stat.uid()),
                Integer.toUnsignedString(stat.gid()),
                people.group(stat.gid())));
    out.line("Access: " + Entries.time(stat.accessed()));
    out.line("Modify: " + Entries.time(stat.modified()));
    out.line("Change: " + Entries.time(stat.changed()));
  }

  /** The type in the words of stat(1). */
  private static String words(Stat stat) {
    return switch (stat.letter()) {
      case '-' -> stat.sizeBytes() == 0 ? "regular empty file" : "regular file";
      case 'l' -> "symbolic link";
      case 'c' -> "character special file";
      case 'b' -> "block special file";
      default -> stat.type();
    };
  }

  private String formatted(String format, Place place, Stat stat) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%') {
        line.append(c);
      } else if (++i == format.length()) {
        throw new UsageException("--format ends with %");
      } else {
        line.append(field(format.charAt(i), place, stat));
      }
    }
    return line.toString();
  }

  private String field(char name, Place place, Stat stat) throws IOException {
    return switch (name) {
      case '%' -> "%";
      case 'n' -> place.said();
      case 'N' ->
          Quoted.of(place.said())
              + (stat.isLink() ? " -> " + Quoted.of(Entries.target(place.path())) : "");
      case 's' -> Long.toString(stat.sizeBytes());
      case 'F' -> words(stat);
      case 'a' -> Integer.toOctalString(stat.permissions());
      case 'A' -> stat.modeText();
      case 'f' -> Integer.toHexString(stat.mode());
      case 'u' -> Integer.toUnsignedString(stat.uid());
      case 'U' -> people.user(stat.uid());
      case 'g' -> Integer.toUnsignedString(stat.gid());
      case 'G' -> people.group(stat.gid());
      case 'h' -> Integer.toString(stat.links());
      case 'i' -> Long.toString(stat.ino());
      case 'x' -> Entries.time(stat.accessed());
      case 'y' -> Entries.time(stat.modified());
      case 'z' -> Entries.time(stat.changed());
      case 'X' -> Long.toString(stat.accessed().toInstant().getEpochSecond());
      case 'Y' -> Long.toString(stat.modified().toInstant().getEpochSecond());
      case 'Z' -> Long.toString(stat.changed().toInstant().getEpochSecond());
      default -> throw new UsageException("--format has no %" + name);
    };
  }
}
