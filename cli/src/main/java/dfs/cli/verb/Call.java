package dfs.cli.verb;

import dfs.cli.preflight.MountTable;
import dfs.client.nio.NoAnswerException;
import dfs.client.past.Moment;
import dfs.client.past.TimeText;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serial;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A verb that is being done: its options, which file each operand means, and what is said of it.
 *
 * <p>An operand that begins with a slash is a path in the cluster, unless it lies below a mount
 * point of dfs: then it is the file there. {@code dfs:///p} is in the cluster always. Another one
 * begins in the working directory if that is below a mount, else at the root of the cluster.
 */
final class Call implements AutoCloseable {
  static final String STANDARD = "-";
  private static final long NANOS = 1_000_000_000L;
  private static final int USUAL_WIDTH = 80;
  private static final String URI_SCHEME = "dfs:";
  private static final String URI_ROOT = "dfs:///";

  private final Given given;
  private final Manners manners;
  private final Streams streams;
  private final Defaults defaults;
  private final Output out;
  private final Clusters clusters;

  /** Where what is read lies: the same, unless a time was said. */
  private final Clusters sources;

  /** Of other times, that operands say. */
  private final Map<Moment, Clusters> others = new HashMap<>();

  /** The kept instants that are read. */
  private final Map<FileSystem, Instant> instants = new HashMap<>();

  /** The operands, by what exceptions call their paths, which is not always all of the name. */
  private final Map<String, String> operandsByFile = new HashMap<>();

  /** What patterns stand for. */
  private final List<Matches> matches = new ArrayList<>();

  private final Duration timeout;
  private final Clusters.Opening opening;
  private final Optional<Moment> asOf;
  private boolean failed;

  /** Nothing more is tried, nor said. */
  private @Nullable EndedException ended;

  private int status;

  Call(
      Given given,
      Manners manners,
      Streams streams,
      Defaults defaults,
      Duration timeout,
      Clusters.Opening opening)
      throws IOException {
    this.given = given;
    this.manners = manners;
    this.streams = streams;
    this.defaults = defaults;
    this.timeout = timeout;
    this.opening = opening;
    this.out = new Output(streams.out(), streams.terminal());
    this.clusters = clusters(timeout, Optional.empty(), opening);
    this.asOf = value(VerbSpec.AS_OF).map(text -> time(VerbSpec.AS_OF, text));
    this.sources = asOf.isEmpty() ? clusters : clusters(timeout, asOf, opening);
  }

  private Clusters clusters(Duration timeout, Optional<Moment> asOf, Clusters.Opening opening)
      throws IOException {
    Path here = defaults.workingDirectory();
    return new Clusters(
        value("--data").map(text -> here.resolve(ByteText.path(here.getFileSystem(), text))),
        defaults,
        MountTable.read(MountTable.SELF),
        timeout,
        asOf,
        opening,
        this::seen);
  }

  /** Says which instant is read, and remembers it. */
  private void seen(Path root, Moment asked) throws IOException {
    Optional<Instant> kept = Past.instant(root);
    kept.ifPresent(instant -> instants.put(root.getFileSystem(), instant));
    String said = kept.map(Instant::toString).orElseGet(asked::toString);
    String other = said.equals(asked.toString()) ? "" : " (asked: " + asked + ")";
    note("as of " + said + other);
  }

  /** The kept instant that a place is of; null: the present, or it is not known. */
  @Nullable Instant instant(Place place) {
    return instants.get(place.path().getFileSystem());
  }

  /** Writes an object of JSON about a place; of the past, with its instant. */
  void json(Place place, Output.Members members) throws IOException {
    json(instant(place), members);
  }

  /** Writes an object of JSON about all that was read. */
  void json(Output.Members members) throws IOException {
    List<Instant> read = List.copyOf(new HashSet<>(instants.values()));
    json(read.size() == 1 ? read.getFirst() : null, members);
  }

  private void json(@Nullable Instant asOf, Output.Members members) throws IOException {
    out.json(
        json -> {
          members.to(json);
          Past.time(json, "asOf", asOf);
        });
  }

  private static Moment time(String what, String text) {
    Instant now = Instant.now();
    try {
      return Moment.of(
          text, new TimeText(ZoneId.systemDefault(), now.getEpochSecond() * NANOS + now.getNano()));
    } catch (IllegalArgumentException e) {
      throw new UsageException(what + ": " + e.getMessage());
    }
  }

  Output out() {
    return out;
  }

  InputStream in() {
    return streams.in();
  }

  Streams streams() {
    return streams;
  }

  /** The value of {@code --as-of}. */
  Optional<Moment> asOf() {
    return asOf;
  }

  boolean has(String option) {
    return given.has(option);
  }

  /** As {@link Given#last}. */
  String last(String... options) {
    return given.last(options);
  }

  /** How many columns of letters a line has: as $COLUMNS says, else 80. */
  int lineWidth() {
    String said = defaults.environment().getOrDefault("COLUMNS", "");
    return said.matches("[1-9]\\d{0,3}") ? Integer.parseInt(said) : USUAL_WIDTH;
  }

  /** Whether colours help: on a terminal, unless NO_COLOR is set (no-color.org). */
  boolean isColoured() {
    return out.isTerminal() && defaults.environment().getOrDefault("NO_COLOR", "").isEmpty();
  }

  boolean isDryRun() {
    return has("--dry-run");
  }

  Optional<String> value(String option) {
    return given.value(option);
  }

  /**
   * The value of an option that is a whole number.
   *
   * @throws UsageException if it is none, or less than the least
   */
  long number(String option, long otherwise, long least) {
    Optional<String> text = value(option);
    if (text.isEmpty()) {
      return otherwise;
    }
    long number = Sizes.number(option, text.get());
    if (number < least) {
      throw new UsageException(option + " is " + least + " or more, not " + text.get());
    }
    return number;
  }

  List<String> operands() {
    return given.operands();
  }

  /** The files that the operands mean, patterns expanded. */
  List<Place> places() throws IOException {
    return places(operands());
  }

  /** The files that operands mean; a pattern that nothing matches means itself. */
  List<Place> places(List<String> operands) throws IOException {
    PlaceList places = new PlaceList();
    for (String operand : operands) {
      places.append(expanded(operand, source(operand)));
    }
    return places;
  }

  /** What an operand stands for that means this place. */
  List<Place> expanded(String operand, Place place) throws IOException {
    if (!Globs.isPattern(operand)) {
      return List.of(place);
    }
    List<Place> found = Globs.expand(room(), place);
    if (found instanceof Matches stored) {
      matches.add(stored);
    }
    return found;
  }

  /** The file that an operand means now. */
  Place place(String operand) throws IOException {
    return place(operand, clusters);
  }

  /** The file that an operand means which is only read: of the time that was said. */
  Place source(String operand) throws IOException {
    return place(operand, sources);
  }

  private Place place(String operand, Clusters clusters) throws IOException {
    if (operand.isEmpty()) {
      throw new UsageException("an empty path means nothing");
    }
    if (operand.startsWith(URI_SCHEME)) {
      if (!operand.startsWith(URI_ROOT)) {
        throw new UsageException(
            operand + ": a cluster on another host is not supported; write dfs:///PATH");
      }
      return inside(operand, clusters.root(), operand.substring(URI_ROOT.length()));
    }
    Path here = defaults.workingDirectory();
    Path local = here.resolve(ByteText.path(here.getFileSystem(), operand));
    Optional<Path> mount = clusters.mountOf(local);
    if (mount.isPresent()) {
      Path below = mount.get().relativize(local.normalize());
      Path root = clusters.rootOfMount(mount.get());
      return inside(operand, root, ByteText.of(below) + (operand.endsWith("/") ? "/" : ""));
    }
    String names = operand.startsWith("/") ? operand : manners.home() + operand;
    return inside(operand, clusters.root(), names);
  }

  /**
   * The file that an operand means as of a time, which is said.
   *
   * @param time as people write it
   */
  Place placeAt(String operand, String time) throws IOException {
    Moment instant = time("TIME", time);
    Clusters then = others.get(instant);
    if (then == null) {
      then = clusters(timeout, Optional.of(instant), opening);
      others.put(instant, then);
    }
    return place(operand, then);
  }

  private Place inside(String said, Path root, String below) {
    int start = 0;
    while (start < below.length() && below.charAt(start) == '/') {
      start++;
    }
    String names = below.substring(start);
    Path path = names.isEmpty() ? root : root.resolve(ByteText.path(root.getFileSystem(), names));
    operandsByFile.putIfAbsent(path.toString(), said);
    return new Place(said, path);
  }

  /** What was said of a file that an exception names. */
  String said(String file) {
    return operandsByFile.getOrDefault(file, file);
  }

  /** A file of this machine, wherever it lies. */
  Place local(String operand) {
    Path here = defaults.workingDirectory();
    return new Place(operand, here.resolve(ByteText.path(here.getFileSystem(), operand)));
  }

  /** Whether it is the root of a cluster, of a mount or of this machine. */
  boolean isRoot(Place place) {
    Path path = place.path().normalize();
    return clusters.isRoot(path) || sources.isRoot(path);
  }

  /** How a signal ends this. */
  Interruption interruption() {
    return defaults.interruption();
  }

  /** For names that are sorted. */
  Room room() {
    return defaults.room();
  }

  /**
   * Says what went wrong with one file; the status is 1 in the end.
   *
   * @throws EndedException if the others would fail likewise, each after waiting as long
   */
  void failed(String said, Exception e) throws IOException {
    interruption().check();
    if (e instanceof Output.ClosedException closed) {
      throw closed;
    }
    EndedException end = ended;
    if (end != null) {
      throw end;
    }
    out.flush();
    complain(manners.failure(said, e));
    if (e instanceof NoAnswerException) {
      end = new EndedException(e);
      ended = end;
      throw end;
    }
  }

  /** Nothing more is tried; why was said. */
  static final class EndedException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    EndedException(Exception why) {
      super(why);
    }
  }

  /** Says what went wrong; the status is 1 in the end. */
  void complain(String text) throws IOException {
    failed = true;
    note(text);
  }

  /** Says something to the person that is no part of what was asked for. */
  void note(String text) throws IOException {
    interruption().check();
    streams.err().write(ByteText.bytes(manners.prefix() + text + "\n"));
    streams.err().flush();
  }

  /** Does something to each place; what fails is said, and the others are done. */
  void each(List<Place> places, Action action) throws IOException {
    for (Place place : places) {
      attempt(place, action);
    }
  }

  /** Does something to a place; if it fails that is said. */
  void attempt(Place place, Action action) throws IOException {
    try {
      action.on(place);
    } catch (IOException | UnsupportedOperationException e) {
      failed(place.said(), e);
    } catch (DirectoryIteratorException e) {
      failed(place.said(), Reasons.causeOf(e));
    }
  }

  /** What is done to a file. */
  interface Action {
    void on(Place place) throws IOException;
  }

  /** The status is 1 in the end, and nothing more is said. */
  void fail() {
    failed = true;
  }

  /** The status in the end if nothing fails. */
  void status(int number) {
    status = number;
  }

  int status() {
    return status;
  }

  boolean hasFailed() {
    return failed;
  }

  @Override
  public void close() throws IOException {
    try {
      for (Matches each : matches) {
        each.close();
      }
      clusters.close();
    } finally {
      try {
        sources.close();
      } finally {
        for (Clusters then : others.values()) {
          then.close();
        }
      }
    }
  }
}
