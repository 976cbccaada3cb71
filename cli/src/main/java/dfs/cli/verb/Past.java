package dfs.cli.verb;

import com.google.gson.stream.JsonWriter;
import dfs.client.nio.DfsPastView;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the verbs about the past have in common. */
final class Past {
  private static final String NO_DATE = "-";

  private final DateTimeFormatter moment = formatter("yyyy-MM-dd HH:mm:ss.SSS");
  private final DateTimeFormatter time = formatter("yyyy-MM-dd'T'HH:mm:ss");

  private static DateTimeFormatter formatter(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ROOT).withZone(ZoneId.systemDefault());
  }

  /**
   * What is kept of a file.
   *
   * @throws FileSystemException where the past cannot be asked for
   */
  static DfsPastView of(Place place) throws IOException {
    DfsPastView view = Files.getFileAttributeView(place.path(), DfsPastView.class);
    if (view == null) {
      throw new FileSystemException(
          place.said(),
          null,
          "what is kept is known to the cluster: say its data directory with --data");
    }
    return view;
  }

  /** The kept instant that a file system of ours is seen at; empty: that is not known. */
  static Optional<Instant> instant(Path root) throws IOException {
    FileSystem files = root.getFileSystem();
    if (files.equals(FileSystems.getDefault())) {
      return Optional.empty();
    }
    Object asOf = files.getFileStores().iterator().next().getAttribute("asOf");
    return Optional.of((Instant) asOf);
  }

  /** A state of a file as stat(2) would have it. */
  static Stat stat(DfsPastView.Was was) {
    FileTime modified = FileTime.from(was.modified());
    return new Stat(
        was.statMode(),
        was.ino(),
        0,
        0,
        was.links(),
        was.uid(),
        was.gid(),
        was.sizeBytes(),
        modified,
        modified,
        modified);
  }

  /** When something happened, local, in milliseconds. */
  String moment(Instant instant) {
    return moment.format(instant);
  }

  /** A time as {@code --as-of} takes it. */
  String time(@Nullable Instant instant, String otherwise) {
    return String.format(Locale.ROOT, "%-19s", instant == null ? otherwise : time.format(instant));
  }

  String time(@Nullable Instant instant) {
    return time(instant, NO_DATE);
  }

  /** Members of what a file was. */
  static void write(JsonWriter json, DfsPastView.Was was) throws IOException {
    Stat stat = stat(was);
    json.name("type").value(stat.type());
    json.name("sizeBytes").value(stat.sizeBytes());
    json.name("mode").value(stat.octal());
    json.name("uid").value(Integer.toUnsignedLong(stat.uid()));
    json.name("gid").value(Integer.toUnsignedLong(stat.gid()));
    json.name("inode").value(stat.ino());
    json.name("modified").value(Entries.time(stat.modified()));
  }

  /** A member that is a time; none if there is none. */
  static void time(JsonWriter json, String name, @Nullable Instant instant) throws IOException {
    if (instant != null) {
      json.name(name).value(DateTimeFormatter.ISO_INSTANT.format(instant));
    }
  }
}
