package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/** {@code dfs -stat}. */
final class DashStat {
  private static final String USUAL = "%y";
  private static final DateTimeFormatter UTC =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final People people = new People();
  private final DashReplication copies = new DashReplication();

  static void run(Call call) throws IOException {
    List<String> operands = call.operands();
    boolean formatted = operands.getFirst().indexOf('%') >= 0;
    String format = formatted ? operands.getFirst() : USUAL;
    if (formatted && operands.size() == 1) {
      throw new UsageException("Not enough arguments: expected 1 but got 0");
    }
    DashStat stats = new DashStat();
    call.each(
        call.places(operands.subList(formatted ? 1 : 0, operands.size())),
        place -> call.out().line(stats.line(format, place, Stat.of(place.path(), true))));
  }

  private String line(String format, Place place, Stat stat) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      boolean field = format.charAt(i) == '%' && i + 1 < format.length();
      if (field) {
        line.append(field(format.charAt(++i), place, stat));
      } else {
        line.append(format.charAt(i));
      }
    }
    return line.toString();
  }

  private String field(char name, Place place, Stat stat) throws IOException {
    return switch (name) {
      case 'a' -> Integer.toOctalString(stat.permissions() & 01777);
      case 'A' -> stat.modeText().substring(1);
      case 'b' -> Long.toString(stat.isDirectory() ? 0 : stat.sizeBytes());
      case 'F' -> stat.isRegular() ? "regular file" : stat.isLink() ? "symlink" : stat.type();
      case 'g' -> people.group(stat.gid());
      case 'n' -> place.name();
      case 'o' -> stat.isRegular() ? blockSize(place) : "0";
      case 'r' -> stat.isRegular() ? copies.of(place) : "0";
      case 'u' -> people.user(stat.uid());
      case 'x' -> UTC.format(stat.accessed().toInstant());
      case 'X' -> millis(stat.accessed());
      case 'y' -> UTC.format(stat.modified().toInstant());
      case 'Y' -> millis(stat.modified());
      default -> String.valueOf(name);
    };
  }

  private static String blockSize(Place place) throws IOException {
    return Long.toString(Files.getFileStore(place.path()).getBlockSize());
  }

  private static String millis(FileTime time) {
    return Long.toString(time.toMillis());
  }
}
