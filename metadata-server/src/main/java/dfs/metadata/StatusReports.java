package dfs.metadata;

import dfs.metadata.consensus.ReplicatedLog;
import dfs.metadata.gateway.Reports;
import dfs.metadata.gateway.SessionGateway;
import dfs.metadata.keeper.BlockKeeper;
import dfs.metadata.keeper.ChunkServers;
import dfs.metadata.keeper.Health;
import dfs.metadata.keeper.SlowServers;
import dfs.metadata.namespace.Namespace;
import dfs.metadata.namespace.Survey;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkMessage;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What {@code dfs status} and {@code dfs fsck} show, as JSON. */
final class StatusReports implements Reports {
  private static final double THOUSANDTHS = 1000;

  /** What a lost disk takes with it, and what helps. */
  private static final String METADATA_WARNING =
      "the metadata has 1 copy: a lost disk loses the names of all files, and so the files,"
          + " whatever copies there are of blocks; put metadata/ of the data directory on a"
          + " mirrored disk, or copy it and cluster.key elsewhere while dfs is down";

  private static final String LET_ONE_DO =
      "start more, or, where a lost disk may lose what is written meanwhile, let one copy do: dfs"
          + " replication -R --min 1 PATH";

  /** Characters of a path that is to be checked: the kernel takes none that is longer. */
  private static final int PATH_MAX = 4096;

  private final String host;
  private final Namespace namespace;
  private final ReplicatedLog log;
  private final ChunkServers servers;
  private final BlockKeeper keeper;
  private final Time time;
  private volatile @Nullable SessionGateway gateway;

  StatusReports(
      String host,
      Namespace namespace,
      ReplicatedLog log,
      ChunkServers servers,
      BlockKeeper keeper,
      Time time) {
    this.host = host;
    this.namespace = namespace;
    this.log = log;
    this.servers = servers;
    this.keeper = keeper;
    this.time = time;
  }

  void attach(SessionGateway sessions) {
    gateway = sessions;
  }

  @Override
  public Reply report(Caller caller, Query.GetReport query) {
    return switch (query.what()) {
      case "status" -> new Reply.Report(status());
      case "fsck" ->
          query.places().stream().anyMatch(place -> place.path().length() > PATH_MAX)
              ? Reply.refused(Errno.ENAMETOOLONG, "a path is longer than " + PATH_MAX)
              : new VolumeCheck(namespace.survey(), keeper::copies, time, query.all())
                  .report(caller, query.places(), keeper.damaged());
      default -> Reply.refused(Errno.EINVAL, "there is no report \"" + query.what() + "\"");
    };
  }

  private String status() {
    Survey survey = namespace.survey();
    List<String> problems = new ArrayList<>();
    List<Object> chunkServers = chunkServers(survey, problems);
    keeper.damaged().forEach(block -> problems.add("a replica of block " + block + " is damaged"));
    addCopies(survey, problems);
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("healthy", problems.isEmpty());
    report.put("problems", problems);
    report.put("metadata", metadata());
    report.put("chunkServers", chunkServers);
    report.put("drained", drained());
    report.put("volume", volume(survey));
    report.put("sessions", sessions());
    report.put("counters", counters());
    return Json.write(report);
  }

  private Map<String, Object> metadata() {
    Map<String, Object> metadata = new LinkedHashMap<>();
    metadata.put("host", host);
    metadata.put("term", log.term());
    metadata.put("appliedIndex", namespace.appliedIndex());
    metadata.put("storeBytes", namespace.survey().storeBytes());
    metadata.put("copies", 1);
    metadata.put("warning", METADATA_WARNING);
    metadata.put("log", log.condition());
    ReplicatedLog.Counts counts = log.counts();
    metadata.put("commands", counts.commands());
    metadata.put("entries", counts.entries());
    metadata.put("flushes", counts.flushes());
    return metadata;
  }

  private Map<String, Object> counters() {
    Map<String, Object> counters = new LinkedHashMap<>();
    SessionGateway sessions = gateway;
    if (sessions != null) {
      counters.put("operations", sessions.operationsAnswered());
      counters.put("recalls", sessions.recallsSent());
    }
    return counters;
  }

  private List<Object> chunkServers(Survey survey, List<String> problems) {
    List<Object> shown = new ArrayList<>();
    Set<Long> slow =
        SlowServers.among(servers.conditions()).stream()
            .map(SlowServers.Slow::server)
            .collect(Collectors.toUnmodifiableSet());
    List<Long> here = new ArrayList<>();
    for (ChunkServers.Condition condition : servers.conditions()) {
      here.add(condition.server());
      Map<String, Object> server = new LinkedHashMap<>();
      server.put("id", condition.server());
      server.put("host", condition.host());
      server.put("address", condition.address());
      String pace = slow.contains(condition.server()) ? "slow" : "ok";
      server.put("state", condition.alive() ? pace : "silent");
      server.put("draining", servers.leaving().contains(condition.server()));
      List<Object> directories = new ArrayList<>();
      for (ChunkMessage.DirectoryState state : condition.directories()) {
        Map<String, Object> directory = new LinkedHashMap<>();
        directory.put("path", state.path());
        directory.put("state", state.state());
        directory.put("weight", state.weightThousandths() / THOUSANDTHS);
        directory.put("totalBytes", state.totalBytes());
        directory.put("freeBytes", state.freeBytes());
        directory.put("blocks", state.blocks());
        directory.put("scrubbed", instant(state.scrubbedNanos()));
        directory.put("flushMicros", TimeUnit.NANOSECONDS.toMicros(state.flushNanos()));
        directories.add(directory);
        if (!state.isWell()) {
          problems.add("data directory " + state.path() + " is " + state.state());
        }
      }
      server.put("directories", directories);
      shown.add(server);
      if (!condition.alive()) {
        problems.add("chunk server " + condition.server() + " is silent");
      }
    }
    for (Survey.Server known : survey.servers()) {
      if (!here.contains(known.id())) {
        String failure = servers.failure(known.id());
        problems.add(
            "chunk server "
                + known.id()
                + " at "
                + known.address()
                + " is not here"
                + (failure.isEmpty() ? "" : ": " + failure));
      }
    }
    if (shown.isEmpty()) {
      problems.add("no chunk server is here: files cannot be written");
    }
    return shown;
  }

  @Override
  public long lastCopies(long server) {
    return keeper.lastCopies(server);
  }

  @Override
  public boolean makesRoom() {
    return keeper.makesRoom();
  }

  private List<Object> drained() {
    List<Object> shown = new ArrayList<>();
    new TreeMap<>(keeper.health().leftOn())
        .forEach(
            (server, left) -> {
              Map<String, Object> one = new LinkedHashMap<>();
              one.put("server", server);
              one.put("blocksLeft", left);
              shown.add(one);
            });
    return shown;
  }

  private static String instant(long wallNanos) {
    return wallNanos == 0
        ? "never"
        : Instant.ofEpochSecond(0, wallNanos).truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** Blocks with too few good copies, and whether new ones can be made. */
  private void addCopies(Survey survey, List<String> problems) {
    Health health = keeper.health();
    if (health.lost() > 0) {
      problems.add(health.lost() + " blocks are lost: no server has a good copy");
    }
    if (health.unreachable() > 0) {
      problems.add(
          health.unreachable()
              + " blocks cannot be read: start the chunk servers that are not here");
    }
    if (health.under() > 0) {
      problems.add(
          health.under()
              + " blocks have fewer good copies than they should: more are made while a chunk"
              + " server has space");
    }
    long unended = unended(survey);
    if (unended > 0) {
      problems.add(
          unended
              + " blocks of writers that are gone are not ended yet: chunk servers that are not"
              + " here may have more of them");
    }
    if (writingStops(survey)) {
      problems.add(writing(survey));
    }
    int takers = servers.takersCount();
    if (keeper.copiesMost() > Math.max(takers, survey.copies())) {
      problems.add(
          "some files are to have %d copies, and %d chunk servers take blocks: start more, or let"
                  .formatted(keeper.copiesMost(), takers)
              + " fewer do: dfs replication -R COPIES PATH");
    }
  }

  /** Open blocks of which it is certain that nobody writes them. */
  private static long unended(Survey survey) {
    return survey.sessions().stream()
        .filter(Survey.Session::fenced)
        .flatMap(session -> survey.blocksOfSession(session.id()).stream())
        .filter(block -> block.state() == Survey.BlockState.OPEN)
        .count();
  }

  private boolean writingStops(Survey survey) {
    return !servers.place(survey.copies()).enough();
  }

  /** What stops writing, or would with the next server that dies; empty: nothing. */
  private String writing(Survey survey) {
    int least = Attributes.usualMin(survey.copies());
    if (writingStops(survey)) {
      return "too few chunk servers are here, those that are drained aside, for new blocks: writing"
          + " waits, then fails; "
          + LET_ONE_DO;
    }
    return least > 1 && servers.takersCount() == least
        ? "no chunk server is to spare: when one of %d goes, writing waits, then fails; %s"
            .formatted(least, LET_ONE_DO)
        : "";
  }

  private Map<String, Object> volume(Survey survey) {
    Survey.Totals totals = survey.totals();
    Map<String, Object> volume = new LinkedHashMap<>();
    volume.put("files", totals.files());
    volume.put("directories", totals.directories());
    volume.put("bytes", totals.bytes());
    Map<String, Object> blocks = new LinkedHashMap<>();
    survey
        .blockCounts()
        .forEach((state, count) -> blocks.put(state.name().toLowerCase(Locale.ROOT), count));
    volume.put("blocks", blocks);
    volume.put("copies", survey.copies());
    volume.put("serversForNewBlocks", servers.takersCount());
    String writing = writing(survey);
    if (!writing.isEmpty()) {
      volume.put("writing", writing);
    }
    List<String> warnings = sharedDisks();
    if (!warnings.isEmpty()) {
      volume.put("sharedDisks", String.join("; ", warnings));
    }
    warnings.addAll(slowServers());
    if (survey.copies() == 1) {
      warnings.addFirst("1 copy: a lost disk loses data");
    }
    if (!warnings.isEmpty()) {
      volume.put("warning", String.join("; ", warnings));
    }
    Health health = keeper.health();
    Map<String, Object> sealed = new LinkedHashMap<>();
    sealed.put("healthy", health.healthy());
    sealed.put("underReplicated", health.under());
    sealed.put("unreachable", health.unreachable());
    sealed.put("lost", health.lost());
    sealed.put("onOneHost", health.onOneHost());
    sealed.put("onOneDisk", health.onOneDisk());
    sealed.put("overReplicated", health.over());
    sealed.put("corrupt", health.corrupt());
    volume.put("sealedBlocks", sealed);
    Survey.Compacted sums = survey.compacted();
    Map<String, Object> compacted = new LinkedHashMap<>();
    compacted.put("blocks", sums.blocks());
    compacted.put("bytes", sums.bytes());
    compacted.put("freedBytes", sums.freedBytes());
    volume.put("compacted", compacted);
    volume.put("oldestInstantNanos", survey.oldestInstantNanos());
    volume.put("instantsKeptForLookers", survey.viewed().size());
    return volume;
  }

  private List<String> slowServers() {
    return SlowServers.among(servers.conditions()).stream()
        .map(
            slow ->
                "chunk server %d is slow: a flush takes %d ms there and %d ms elsewhere; see to its disk, or drain it"
                    .formatted(
                        slow.server(),
                        TimeUnit.NANOSECONDS.toMillis(slow.flushNanos()),
                        TimeUnit.NANOSECONDS.toMillis(slow.othersNanos())))
        .toList();
  }

  private List<String> sharedDisks() {
    return servers.byDevice().stream()
        .filter(sharing -> sharing.size() > 1)
        .map(
            sharing ->
                "chunk servers %s share a disk: copies on them are lost together"
                    .formatted(
                        sharing.stream().map(String::valueOf).collect(Collectors.joining(", "))))
        .collect(Collectors.toCollection(ArrayList::new));
  }

  private List<Object> sessions() {
    SessionGateway sessions = gateway;
    List<Object> shown = new ArrayList<>();
    if (sessions != null) {
      for (SessionGateway.Held held : sessions.sessions()) {
        Map<String, Object> session = new LinkedHashMap<>();
        session.put("id", held.id());
        session.put("host", held.host());
        session.put("kind", held.mount() ? "mount" : "tool");
        session.put("connected", held.connected());
        session.put("lease", held.mode().name());
        session.put("instantsLookedAt", held.instants());
        shown.add(session);
      }
    }
    return shown;
  }
}
