package dfs.cli.verb;

import dfs.client.nio.DfsPastView;
import java.io.IOException;
import java.util.List;

/** {@code dfs ls --deleted}: what was in a directory and is not any more. */
final class DeletedNames {
  private DeletedNames() {}

  static void list(Call call) throws IOException {
    if (call.has("-R") || call.has("-d")) {
      throw new UsageException("--deleted is of the directories that are named");
    }
    if (call.value(VerbSpec.AS_OF).isPresent()) {
      throw new UsageException("--deleted is of now: --as-of does not go with it");
    }
    Past past = new Past();
    List<Place> places = call.places(call.operands().isEmpty() ? List.of(".") : call.operands());
    for (Place place : places) {
      if (places.size() > 1 && !call.has("--json") && !call.has("-0")) {
        call.out().line(call.out().shown(place.said()) + ":");
      }
      call.attempt(place, at -> Past.of(at).deleted(gone -> print(call, past, at, gone)));
    }
  }

  private static void print(Call call, Past past, Place directory, DfsPastView.Deleted gone)
      throws IOException {
    Place place = directory.entry(gone.path());
    if (call.has("--json")) {
      call.out()
          .json(
              json -> {
                Entries.path(json, place.said());
                Entries.name(json, place.name());
                Past.time(json, "gone", gone.gone());
                Past.time(json, "asOf", gone.asOf());
                Past.write(json, gone.was());
              });
    } else if (call.has("-0")) {
      call.out().text(place.name(), '\0');
    } else {
      Stat stat = Past.stat(gone.was());
      String size =
          call.has("-h") ? Sizes.human(stat.sizeBytes()) : Long.toString(stat.sizeBytes());
      call.out()
          .line(
              "%s  %s  %s %12s  %s"
                  .formatted(
                      past.moment(gone.gone()),
                      past.time(gone.asOf()),
                      stat.modeText(),
                      size,
                      call.out().shown(place.name())));
    }
  }
}
