package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;

/** {@code dfs count}: directories, files and bytes below paths. */
final class Count implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "count",
        VerbSpec.Kind.READS,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Counts directories, other files and bytes at and below paths.",
        flag("-h --human-readable", "sizes like 1.5K"),
        VerbSpec.json());
  }

  private static final class Sum implements Walk.Visitor {
    private final Call call;
    private long directories;
    private long files;
    private long bytes;
    private boolean found;

    Sum(Call call) {
      this.call = call;
    }

    @Override
    public boolean meet(Walk.Item item) {
      found = true;
      if (item.stat().isDirectory()) {
        directories++;
      } else {
        files++;
        bytes += item.stat().sizeBytes();
      }
      return true;
    }

    @Override
    public void failed(Place place, IOException e) throws IOException {
      call.failed(place.said(), e);
    }
  }

  @Override
  public void run(Call call) throws IOException {
    for (Place place : call.places()) {
      Sum sum = new Sum(call);
      Walk.through(place, true, sum);
      if (!sum.found) {
        continue;
      }
      if (call.has("--json")) {
        call.json(
            place,
            json -> {
              Entries.path(json, place.said());
              json.name("directories").value(sum.directories);
              json.name("files").value(sum.files);
              json.name("sizeBytes").value(sum.bytes);
            });
      } else {
        String size = call.has("-h") ? Sizes.human(sum.bytes) : Long.toString(sum.bytes);
        call.out()
            .line(
                "%12d %12d %18s %s"
                    .formatted(sum.directories, sum.files, size, call.out().shown(place.said())));
      }
    }
  }
}
