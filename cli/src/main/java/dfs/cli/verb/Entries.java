package dfs.cli.verb;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Base64;

/** A file as an object of JSON; {@code docs/commands.md} says what the members mean. */
final class Entries {
  private Entries() {}

  /** Members of who prints a file. */
  static void write(JsonWriter json, Place place, Stat stat) throws IOException {
    path(json, place.said());
    String name = place.name();
    name(json, name);
    json.name("type").value(stat.type());
    json.name("sizeBytes").value(stat.sizeBytes());
    json.name("mode").value(stat.octal());
    json.name("uid").value(Integer.toUnsignedLong(stat.uid()));
    json.name("gid").value(Integer.toUnsignedLong(stat.gid()));
    json.name("links").value(stat.links());
    json.name("inode").value(stat.ino());
    json.name("modified").value(time(stat.modified()));
    json.name("accessed").value(time(stat.accessed()));
    json.name("changed").value(time(stat.changed()));
    if (stat.isLink()) {
      String target = target(place.path());
      json.name("target").value(ByteText.readable(target));
      bytes(json, "targetBytes", target);
    }
  }

  /** The member {@code path}, with {@code pathBytes} where it is not UTF-8. */
  static void path(JsonWriter json, String said) throws IOException {
    json.name("path").value(ByteText.readable(said));
    bytes(json, "pathBytes", said);
  }

  /** The member {@code name}, with {@code nameBytes} where it is not UTF-8. */
  static void name(JsonWriter json, String name) throws IOException {
    json.name("name").value(ByteText.readable(name));
    bytes(json, "nameBytes", name);
  }

  private static void bytes(JsonWriter json, String member, String text) throws IOException {
    if (!ByteText.isUtf8(text)) {
      json.name(member).value(Base64.getEncoder().encodeToString(ByteText.bytes(text)));
    }
  }

  /** What a link says. */
  static String target(Path link) throws IOException {
    return ByteText.of(Files.readSymbolicLink(link));
  }

  /** RFC 3339, in UTC. */
  static String time(FileTime time) {
    Instant instant = time.toInstant();
    return DateTimeFormatter.ISO_INSTANT.format(instant);
  }
}
