package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;
import static dfs.cli.verb.VerbSpec.valued;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/** {@code dfs truncate}: cuts files, or lengthens them by a hole. */
final class Truncate implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "truncate",
        VerbSpec.Kind.DESTROYS,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Gives files a length; what is new reads as zeros.",
        valued("-s --size", "[+-]N", "so many bytes; + and -: more or less than there are"),
        flag("-c --no-create", "make no files"));
  }

  @Override
  public void run(Call call) throws IOException {
    String size =
        call.value("--size")
            .orElseThrow(() -> new UsageException("-s says how long, and is missing"));
    boolean relative = size.startsWith("+") || size.startsWith("-");
    long amount = Sizes.number("-s", size);
    call.each(call.places(), place -> truncate(call, place, relative, amount));
  }

  private static void truncate(Call call, Place place, boolean relative, long amount)
      throws IOException {
    if (call.isDryRun()) {
      long now = Stat.of(place.path(), true).sizeBytes();
      long then = relative ? Math.max(0, now + amount) : amount;
      call.out()
          .line(
              "would change %s from %d to %d".formatted(call.out().shown(place.said()), now, then));
      return;
    }
    Set<OpenOption> how =
        call.has("-c")
            ? Set.of(StandardOpenOption.WRITE)
            : Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE);
    try (FileChannel channel = FileChannel.open(place.path(), how)) {
      long now = channel.size();
      long then = relative ? Math.max(0, Math.addExact(now, amount)) : amount;
      if (then < now) {
        channel.truncate(then);
      } else if (then > now) {
        // A byte at its end makes the rest a hole.
        channel.write(ByteBuffer.allocate(1), then - 1);
      }
    } catch (NoSuchFileException e) {
      if (!call.has("-c")) {
        throw e;
      }
    }
  }
}
