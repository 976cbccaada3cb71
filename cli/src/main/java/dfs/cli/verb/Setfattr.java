package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.valued;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;

/** {@code dfs setfattr}: sets extended attributes of users, or takes them away. */
final class Setfattr implements Verb {
  private static final String BASE64 = "0s";
  private static final String HEX = "0x";

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "setfattr",
        VerbSpec.Kind.CHANGES,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Sets an extended attribute whose name begins with user., or takes it away.",
        valued("-n --name", "NAME", "set this one"),
        valued(
            "-v --value",
            "VALUE",
            "to this; 0s begins what is in base 64, 0x hexadecimal digits (default: empty)"),
        valued("-x --remove", "NAME", "take this one away"));
  }

  @Override
  public void run(Call call) throws IOException {
    Optional<String> name = call.value("--name").map(Getfattr::plain);
    Optional<String> removed = call.value("--remove").map(Getfattr::plain);
    if (name.isPresent() == removed.isPresent()) {
      throw new UsageException("say -n NAME or -x NAME");
    }
    byte[] value = value(call.value("--value").orElse(""));
    call.each(
        call.places(),
        place -> {
          if (name.isPresent()) {
            Getfattr.view(place).write(name.get(), ByteBuffer.wrap(value));
          } else {
            Getfattr.view(place).delete(removed.orElseThrow());
          }
        });
  }

  private static byte[] value(String text) {
    if (text.length() > 1 && text.startsWith("\"") && text.endsWith("\"")) {
      return ByteText.bytes(text.substring(1, text.length() - 1));
    }
    if (text.startsWith(HEX)) {
      try {
        return HexFormat.of().parseHex(text, HEX.length(), text.length());
      } catch (IllegalArgumentException e) {
        throw new UsageException("--value has no hexadecimal digits: " + text);
      }
    }
    if (!text.startsWith(BASE64)) {
      return ByteText.bytes(text);
    }
    try {
      return Base64.getDecoder().decode(text.substring(BASE64.length()));
    } catch (IllegalArgumentException e) {
      throw new UsageException("--value is no base 64: " + text);
    }
  }
}
