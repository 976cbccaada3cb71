package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;
import static dfs.cli.verb.VerbSpec.valued;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code dfs getfattr}: shows extended attributes of users. */
final class Getfattr implements Verb {
  private static final String PREFIX = "user.";

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "getfattr",
        VerbSpec.Kind.READS,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Shows the extended attributes of files whose names begin with user.",
        flag("-d --dump", "values, too"),
        valued("-n --name", "NAME", "this one, with its value"),
        VerbSpec.json());
  }

  @Override
  public void run(Call call) throws IOException {
    Optional<String> name = call.value("--name").map(Getfattr::plain);
    call.each(call.places(), place -> show(call, place, name));
  }

  /** The name without its beginning; only attributes of users are reached. */
  static String plain(String name) {
    if (!name.startsWith(PREFIX) || name.length() == PREFIX.length()) {
      throw new UsageException(name + ": the name of an attribute begins with " + PREFIX);
    }
    return name.substring(PREFIX.length());
  }

  static UserDefinedFileAttributeView view(Place place) throws IOException {
    Stat.of(place.path(), true);
    @Nullable UserDefinedFileAttributeView view =
        Files.getFileAttributeView(place.path(), UserDefinedFileAttributeView.class);
    if (view == null) {
      throw new RefusedException("there are no extended attributes here");
    }
    return view;
  }

  private static void show(Call call, Place place, Optional<String> only) throws IOException {
    UserDefinedFileAttributeView view = view(place);
    List<String> names = new ArrayList<>(view.list());
    names.sort(null);
    if (only.isPresent()) {
      if (!names.contains(only.get())) {
        throw new RefusedException("has no attribute " + PREFIX + only.get());
      }
      names = List.of(only.get());
    }
    if (names.isEmpty()) {
      return;
    }
    boolean json = call.has("--json");
    boolean values = only.isPresent() || call.has("-d");
    if (!json) {
      call.out().line("# file: " + call.out().shown(place.said()));
    }
    for (String name : names) {
      byte[] value = value(view, name);
      if (json) {
        call.json(
            place,
            members -> {
              Entries.path(members, place.said());
              members.name("attribute").value(PREFIX + name);
              members.name("valueBytes").value(Base64.getEncoder().encodeToString(value));
            });
      } else {
        call.out().line(PREFIX + name + (values ? "=" + quoted(value) : ""));
      }
    }
    if (!json) {
      call.out().line("");
    }
  }

  static byte[] value(UserDefinedFileAttributeView view, String name) throws IOException {
    ByteBuffer value = ByteBuffer.allocate(view.size(name));
    view.read(name, value);
    byte[] bytes = new byte[value.flip().remaining()];
    value.get(bytes);
    return bytes;
  }

  /** Text in quotes; what is none in base 64, as getfattr(1) marks it. */
  static String quoted(byte[] value) {
    String text = ByteText.of(value);
    if (!ByteText.isUtf8(text) || text.chars().anyMatch(Character::isISOControl)) {
      return "0s" + Base64.getEncoder().encodeToString(value);
    }
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
