package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.util.List;

/** {@code dfs df}: how much space there is. */
final class Df implements Verb {
  private static final int UNIT_BYTES = 1024;
  private static final String LAYOUT = "%-20s %14s %14s %14s %5s %s";

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "df",
        VerbSpec.Kind.READS,
        "[PATH...]",
        0,
        VerbSpec.ANY,
        "Shows the space of the volume, in KiB.",
        flag("-h --human-readable", "sizes like 1.5K"),
        VerbSpec.json());
  }

  @Override
  public void run(Call call) throws IOException {
    List<String> operands = call.operands().isEmpty() ? List.of("/") : call.operands();
    if (!call.has("--json")) {
      String unit = call.has("-h") ? "Size" : "1K-blocks";
      call.out().line(LAYOUT.formatted("Filesystem", unit, "Used", "Available", "Use%", "Path"));
    }
    call.each(
        call.places(operands),
        place -> {
          Stat.of(place.path(), true);
          FileStore store = Files.getFileStore(place.path());
          long total = store.getTotalSpace();
          long used = total - store.getUnallocatedSpace();
          long usable = store.getUsableSpace();
          if (call.has("--json")) {
            call.json(
                place,
                json -> {
                  Entries.path(json, place.said());
                  json.name("fileSystem").value(store.name());
                  json.name("totalBytes").value(total);
                  json.name("usedBytes").value(used);
                  json.name("availableBytes").value(usable);
                });
            return;
          }
          long all = used + usable;
          String share = all == 0 ? "-" : Math.ceilDiv(used * 100, all) + "%";
          call.out()
              .line(
                  LAYOUT.formatted(
                      store.name(),
                      size(call, total),
                      size(call, used),
                      size(call, usable),
                      share,
                      call.out().shown(place.said())));
        });
  }

  private static String size(Call call, long bytes) {
    return call.has("-h") ? Sizes.human(bytes) : Long.toString(Math.ceilDiv(bytes, UNIT_BYTES));
  }
}
