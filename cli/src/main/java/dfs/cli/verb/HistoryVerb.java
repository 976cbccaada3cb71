package dfs.cli.verb;

import dfs.client.nio.DfsPastView;
import dfs.client.nio.DfsPastView.Difference;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** {@code dfs history}: the kept states of a file, also of one that is gone. */
final class HistoryVerb implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "history",
        VerbSpec.Kind.READS,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Lists what is kept of a path, the newest first: since when it was so, a time to read it"
            + " (--as-of), size, and what was different before.",
        VerbSpec.json());
  }

  @Override
  public void run(Call call) throws IOException {
    Past past = new Past();
    List<Place> places = call.places();
    for (Place place : places) {
      if (places.size() > 1 && !call.has("--json")) {
        call.out().line(call.out().shown(place.said()) + ":");
      }
      call.attempt(place, at -> Past.of(at).history(version -> print(call, past, at, version)));
    }
  }

  private static void print(Call call, Past past, Place place, DfsPastView.Version version)
      throws IOException {
    DfsPastView.Was was = version.was();
    if (call.has("--json")) {
      call.out()
          .json(
              json -> {
                Entries.path(json, place.said());
                Past.time(json, "since", version.since());
                Past.time(json, "until", version.until());
                Past.time(json, "asOf", version.asOf());
                json.name("differences").beginArray();
                for (Difference difference : sorted(version)) {
                  json.value(word(difference));
                }
                json.endArray();
                if (was != null) {
                  Past.write(json, was);
                }
              });
      return;
    }
    String what = String.join(" ", sorted(version).stream().map(HistoryVerb::word).toList());
    call.out()
        .line(
            "%s  %s  %s %12s  %s"
                .formatted(
                    past.moment(version.since()),
                    past.time(version.asOf(), version.until() == null && was != null ? "now" : "-"),
                    was == null ? "----------" : Past.stat(was).modeText(),
                    was == null ? "-" : Long.toString(was.sizeBytes()),
                    what.isEmpty() ? "as far as is kept" : what));
  }

  private static List<Difference> sorted(DfsPastView.Version version) {
    return version.differences().stream().sorted().toList();
  }

  static String word(Difference difference) {
    return difference.name().toLowerCase(Locale.ROOT);
  }
}
