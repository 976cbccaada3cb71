package dfs.cli.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What {@code dfs fsck} found, for people. */
final class FsckText {
  private FsckText() {}

  /**
   * Prints it: problems, a line each, then what was looked at.
   *
   * @param all each block that is named, with its copies, before that
   */
  static void print(Report report, boolean all, PrintWriter out) {
    if (all) {
      report.objects("named").forEach(block -> out.println(line(block)));
    }
    report.problems().forEach(out::println);
    long more = report.count("notNamed");
    if (more > 0) {
      out.println("and %d more, which are not named: say a path".formatted(more));
    }
    List<String> states = new ArrayList<>();
    long blocks = 0;
    for (Map.Entry<String, JsonElement> state : report.object("blocks").entrySet()) {
      long count = state.getValue().getAsLong();
      blocks += count;
      if (count > 0) {
        states.add(count + " " + words(state.getKey()));
      }
    }
    out.println(
        "%d files and %d blocks were looked at%s"
            .formatted(
                report.count("files"),
                blocks,
                states.isEmpty() ? "" : ": " + String.join(", ", states)));
    JsonObject read = report.object("read");
    if (read.has("copies")) {
      out.println(
          "%s copies of %s blocks were read, %s; left out: %s blocks that are still written, %s"
                  .formatted(
                      read.get("copies"),
                      read.get("blocks"),
                      Report.size(read.get("bytes").getAsLong()),
                      read.get("openBlocks"),
                      read.get("copiesAway"))
              + " copies whose servers are away");
    }
    long problems = report.problems().size() + more;
    out.println(problems == 0 ? "no problems found" : problems + " problems found");
  }

  private static String line(JsonObject block) {
    List<String> copies = new ArrayList<>();
    block
        .getAsJsonArray("copies")
        .forEach(
            each -> {
              JsonObject copy = each.getAsJsonObject();
              copies.add("server " + copy.get("server") + " " + copy.get("state").getAsString());
            });
    String path = block.get("path").getAsString();
    return "%s: block %s is %s, %s B, %s of %s copies are good: %s"
        .formatted(
            path.isEmpty() ? "no file has now" : path,
            block.get("block"),
            words(block.get("state").getAsString()),
            block.get("lengthBytes"),
            block.get("copiesGood"),
            block.get("copiesWanted"),
            String.join(", ", copies));
  }

  /** underReplicated: under-replicated. */
  static String words(String name) {
    return name.replaceAll("([a-z])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }
}
