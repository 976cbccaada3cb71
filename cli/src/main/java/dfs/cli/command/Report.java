package dfs.cli.command;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A report of the servers: JSON with "healthy" and "problems" and whatever else. */
final class Report {
  private static final String INDENT = "  ";
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  private static final double UNIT = 1024;

  private final JsonObject json;

  private Report(JsonObject json) {
    this.json = json;
  }

  static Report parse(String text) throws IOException {
    try {
      return new Report(JsonParser.parseString(text).getAsJsonObject());
    } catch (RuntimeException e) {
      throw new IOException("the report is no JSON object: " + e.getMessage(), e);
    }
  }

  /** A report that says nothing but that something is wrong. */
  static Report of(String problem) {
    Report report = new Report(new JsonObject());
    report.add(problem);
    return report;
  }

  /** One that says nothing yet. */
  static Report empty() {
    return new Report(new JsonObject());
  }

  boolean isHealthy() {
    JsonElement healthy = json.get("healthy");
    return healthy != null && healthy.getAsBoolean();
  }

  List<String> problems() {
    List<String> problems = new ArrayList<>();
    if (json.get("problems") instanceof JsonArray array) {
      array.forEach(problem -> problems.add(problem.getAsString()));
    }
    return problems;
  }

  /** Adds a problem: it is not healthy any more. */
  void add(String problem) {
    JsonArray problems = json.get("problems") instanceof JsonArray array ? array : new JsonArray();
    problems.add(problem);
    json.add("problems", problems);
    json.addProperty("healthy", false);
  }

  /** Adds what came of reading copies: each that is wrong is a problem, too. */
  void addRead(CopyReading.Sums sums, List<CopyReading.Wrong> wrong) {
    JsonObject read = new JsonObject();
    read.addProperty("blocks", sums.blocks());
    read.addProperty("copies", sums.copies());
    read.addProperty("bytes", sums.bytes());
    read.addProperty("openBlocks", sums.open());
    read.addProperty("copiesAway", sums.away());
    JsonArray found = new JsonArray();
    for (CopyReading.Wrong each : wrong) {
      JsonObject one = new JsonObject();
      one.addProperty("path", each.path());
      one.addProperty("block", each.block());
      one.addProperty("server", each.server());
      one.addProperty("what", each.what());
      found.add(one);
      add(each.line());
    }
    read.add("wrong", found);
    json.add("read", read);
    put("notNamed", count("notNamed") + sums.notNamed());
  }

  void put(String name, String value) {
    json.addProperty(name, value);
  }

  void put(String name, List<String> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    json.add(name, array);
  }

  void put(String name, boolean value) {
    json.addProperty(name, value);
  }

  void put(String name, long value) {
    json.addProperty(name, value);
  }

  /** A number; 0 if there is none. */
  long count(String name) {
    return json.get(name) instanceof JsonPrimitive value && value.isNumber()
        ? value.getAsLong()
        : 0;
  }

  /** What is below a name; empty if there is nothing. */
  JsonObject object(String name) {
    return json.get(name) instanceof JsonObject object ? object : new JsonObject();
  }

  /** The objects of a list. */
  List<JsonObject> objects(String name) {
    List<JsonObject> objects = new ArrayList<>();
    if (json.get(name) instanceof JsonArray array) {
      array.forEach(element -> objects.add(element.getAsJsonObject()));
    }
    return objects;
  }

  /** A number below a name; empty if there is none. */
  Optional<Integer> number(String group, String name) {
    return json.get(group) instanceof JsonObject object
            && object.get(name) instanceof JsonPrimitive value
            && value.isNumber()
        ? Optional.of(value.getAsInt())
        : Optional.empty();
  }

  /** A text below a name; empty if there is none. */
  Optional<String> text(String group, String name) {
    return object(group).get(name) instanceof JsonPrimitive value && value.isString()
        ? Optional.of(value.getAsString())
        : Optional.empty();
  }

  /** What stops writing, or would, and what is lost with a disk: a line each. */
  List<String> warnings() {
    return Stream.of(text("volume", "writing"), text("volume", "warning"), metadataWarning())
        .flatMap(Optional::stream)
        .toList();
  }

  /** What is lost with the disk of the metadata. */
  Optional<String> metadataWarning() {
    return text("metadata", "warning");
  }

  /**
   * A chunk server that is here.
   *
   * @param paths of its data directories
   */
  record Server(long id, String host, List<String> paths) {
    Server {
      paths = List.copyOf(paths);
    }
  }

  /** All chunk servers that are here. */
  List<Server> chunkServers() {
    List<Server> servers = new ArrayList<>();
    if (json.get("chunkServers") instanceof JsonArray array) {
      for (JsonElement element : array) {
        JsonObject server = element.getAsJsonObject();
        List<String> paths = new ArrayList<>();
        server
            .getAsJsonArray("directories")
            .forEach(one -> paths.add(one.getAsJsonObject().get("path").getAsString()));
        servers.add(
            new Server(server.get("id").getAsLong(), server.get("host").getAsString(), paths));
      }
    }
    return servers;
  }

  /** How many blocks are left on a chunk server that is drained; empty if that is not known yet. */
  Optional<Long> blocksOn(long server) {
    if (json.get("drained") instanceof JsonArray drained) {
      for (JsonElement element : drained) {
        if (element instanceof JsonObject one && one.get("server").getAsLong() == server) {
          return Optional.of(one.get("blocksLeft").getAsLong());
        }
      }
    }
    return Optional.empty();
  }

  /** One object, on a line. */
  String asJson() {
    return new GsonBuilder().disableHtmlEscaping().create().toJson(json);
  }

  /** Prints everything but the verdict, as names and values. */
  void print(PrintWriter out) {
    for (Map.Entry<String, JsonElement> entry : json.entrySet()) {
      if (!entry.getKey().equals("healthy") && !entry.getKey().equals("problems")) {
        print(entry.getKey(), entry.getValue(), "", out);
      }
    }
  }

  private static void print(String name, JsonElement value, String indent, PrintWriter out) {
    switch (value) {
      case JsonObject object -> {
        out.println(indent + words(name));
        object.entrySet().forEach(e -> print(e.getKey(), e.getValue(), indent + INDENT, out));
      }
      case JsonArray array -> {
        if (array.isEmpty()) {
          out.println(indent + words(name) + ": none");
        }
        int number = 0;
        for (JsonElement element : array) {
          number++;
          print(name + " " + number, element, indent, out);
        }
      }
      case JsonPrimitive primitive ->
          out.println(indent + words(name) + ": " + shown(name, primitive));
      default -> out.println(indent + words(name) + ": -");
    }
  }

  /** storeBytes: store bytes. */
  private static String words(String name) {
    return name.replaceAll("([a-z])([A-Z])", "$1 $2").toLowerCase(Locale.ROOT);
  }

  private static String shown(String name, JsonPrimitive value) {
    boolean bytes = name.endsWith("Bytes") || name.equals("bytes");
    return bytes && value.isNumber() ? size(value.getAsLong()) : value.getAsString();
  }

  /** A size with three digits or so and a unit. */
  static String size(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= UNIT && unit < UNITS.length - 1) {
      value /= UNIT;
      unit++;
    }
    return unit == 0
        ? bytes + " B"
        : String.format(Locale.ROOT, value < 10 ? "%.2f %s" : "%.0f %s", value, UNITS[unit]);
  }
}
