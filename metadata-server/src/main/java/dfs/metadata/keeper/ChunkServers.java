package dfs.metadata.keeper;

import com.google.protobuf.ByteString;
import dfs.metadata.consensus.Proposal;
import dfs.metadata.consensus.ReplicatedLog;
import dfs.metadata.namespace.Survey;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Link;
import dfs.protocol.seam.Time;
import dfs.protocol.seam.Transport;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import dfs.protocol.session.KeyProof;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The chunk servers that are connected: what they report and where new blocks go. Called by the
 * transport for each control stream, by {@code gateway} for placement and addresses, by {@link
 * BlockKeeper} for orders. Thread-safe.
 */
public final class ChunkServers implements Transport.Acceptor<ChunkMessage, ChunkOrder> {
  private static final Logger LOG = LoggerFactory.getLogger(ChunkServers.class);

  static final long SILENT_NANOS = 3 * Limits.HEARTBEAT_NANOS;

  /** A disk of which less than such a part is left for blocks is short of space. */
  private static final int SCARCE_PARTS = 10;

  /**
   * So much of a disk is plenty, however large it is: the past gives way faster than this fills.
   */
  private static final long PLENTY_BYTES = 16L << 30;

  private final ClusterKey key;
  private final ReplicatedLog log;
  private final Survey survey;
  private final CapabilityKeys capabilities;
  private final Time time;
  private final RandomGenerator random;
  private final Map<Long, Connection> connected = new ConcurrentHashMap<>();

  /** What was wrong with a server that was heard of last so. */
  private final Map<Long, String> failures = new ConcurrentHashMap<>();

  private volatile @Nullable Listener listener;
  private volatile Set<Long> withheld = Set.of();

  /** The least incarnation that each server may come as; guarded by {@code connected}. */
  private final Map<Long, Long> incarnations = new HashMap<>();

  /**
   * Who hears what chunk servers did. Calls come one at a time, and of one connection of a server
   * at a time: what an earlier one brings late is not heard.
   */
  interface Listener {
    /** It is here, and has named nothing of what it has yet. */
    void connected(long server);

    void gone(long server);

    void report(long server, List<ChunkMessage.BlockState> blocks, boolean last);

    void copyFailed(long server, long block, String reason);

    void deleted(long server, List<Long> blocks);

    void sealed(long server, List<ChunkMessage.BlockState> blocks);
  }

  public ChunkServers(
      ClusterKey key,
      ReplicatedLog log,
      Survey survey,
      CapabilityKeys capabilities,
      Time time,
      RandomGenerator random) {
    this.key = key;
    this.log = log;
    this.survey = survey;
    this.capabilities = capabilities;
    this.time = time;
    this.random = random;
  }

  void listen(Listener heard) {
    listener = heard;
  }

  @Override
  public Link.Receiver<ChunkMessage> accept(Link<ChunkOrder> link) {
    Connection connection = new Connection(link, KeyProof.nonce(random));
    link.send(new ChunkOrder.Challenge(connection.nonce));
    return connection;
  }

  /** One control stream. */
  private final class Connection implements Link.Receiver<ChunkMessage> {
    final Link<ChunkOrder> link;
    final ByteString nonce;
    private boolean registering;
    private long incarnation;

    /** Guarded by {@code connected}: it knows that it was welcomed. */
    private boolean spoken;

    /** Guarded by {@code connected}: nobody is at the other end any more. */
    private boolean ended;

    /** The number of the keys that it was told last. */
    private volatile long keys;

    volatile long server;
    volatile String address = "";
    volatile String host = "";
    volatile long heardNanos;
    volatile List<ChunkMessage.DirectoryState> directories = List.of();

    Connection(Link<ChunkOrder> link, ByteString nonce) {
      this.link = link;
      this.nonce = nonce;
      this.heardNanos = time.monotonicNanos();
    }

    @Override
    public void receive(ChunkMessage message) {
      heardNanos = time.monotonicNanos();
      switch (message) {
        case ChunkMessage.Register m -> register(m);
        case ChunkMessage.Heartbeat m -> {
          directories = m.directories();
          hear(heard -> keepFailures());
          tellKeys();
        }
        case ChunkMessage.Report m -> hear(heard -> heard.report(server, m.blocks(), m.last()));
        case ChunkMessage.CopyFailed m ->
            hear(heard -> heard.copyFailed(server, m.block(), m.reason()));
        case ChunkMessage.Deleted m -> hear(heard -> heard.deleted(server, m.blocks()));
        case ChunkMessage.Sealed m -> hear(heard -> heard.sealed(server, m.blocks()));
      }
    }

    private void tellKeys() {
      long number = capabilities.roll();
      if (number != keys) {
        keys = number;
        link.send(new ChunkOrder.Trust(capabilities.keys(), log.term(), 0));
      }
    }

    /** What failed says so once, and is gone. */
    private void keepFailures() {
      List<String> failed =
          directories.stream()
              .filter(directory -> !directory.isWell())
              .map(directory -> directory.path() + " is " + directory.state())
              .toList();
      if (failed.isEmpty()) {
        failures.remove(server);
      } else {
        failures.put(server, String.join("; ", failed));
      }
    }

    /** Only of the connection that stands for its server now. */
    private void hear(Consumer<Listener> what) {
      if (server == 0) {
        refuse("the first message must be a registration");
        return;
      }
      synchronized (connected) {
        Listener heard = listener;
        if (connected.get(server) == this) {
          spoken = true;
          if (heard != null) {
            what.accept(heard);
          }
          return;
        }
      }
      link.close();
    }

    private void refuse(String reason) {
      LOG.warn("a chunk server is refused: {}", reason);
      link.send(new ChunkOrder.Refused(reason));
      link.close();
    }

    private void register(ChunkMessage.Register message) {
      ByteString cluster = survey.cluster();
      if (registering) {
        refuse("it is registered already");
        return;
      }
      registering = true;
      if (!KeyProof.isNonce(message.nonce())) {
        refuse("it is of an older build, which does not ask the metadata server for a proof");
      } else if (!key.isShown(KeyProof.OF_CHUNK_SERVER, message.proof(), nonce, message.nonce())) {
        refuse("it does not know the cluster key");
      } else if (cluster == null) {
        refuse("the volume is not formatted yet");
      } else if (!message.cluster().isEmpty() && !message.cluster().equals(cluster)) {
        refuse("its data directory belongs to another cluster");
      } else {
        address = message.address();
        host = message.host();
        Upkeep order =
            new Upkeep.RegisterServer(message.host(), message.address(), message.directory());
        log.propose(
            Proposal.upkeep(order), (reply, failure) -> registered(cluster, message, reply));
      }
    }

    private void registered(
        ByteString cluster, ChunkMessage.Register message, @Nullable Reply reply) {
      if (!(reply instanceof Reply.Session known)) {
        refuse("it could not be registered: " + reply);
        return;
      }
      Connection before;
      synchronized (connected) {
        if (ended) {
          return;
        }
        long latest = incarnations.getOrDefault(known.id(), 0L);
        if (message.incarnation() < latest) {
          refuse(
              "server %d was started again since, or cut off: its incarnation %d is over"
                  .formatted(known.id(), message.incarnation()));
          return;
        }
        incarnation = message.incarnation();
        incarnations.put(known.id(), incarnation);
        server = known.id();
        before = connected.put(known.id(), this);
        Listener heard = listener;
        if (heard != null) {
          heard.connected(known.id());
        }
      }
      if (before != null && before != this) {
        LOG.warn("chunk server {} is here twice: the later one counts", known.id());
        before.link.close();
      }
      LOG.info("chunk server {} at {} is here", known.id(), message.address());
      keys = capabilities.roll();
      ByteString proof = key.show(KeyProof.TO_CHUNK_SERVER, nonce, message.nonce());
      link.send(
          new ChunkOrder.Welcome(known.id(), cluster, capabilities.keys(), log.term(), proof));
    }

    @Override
    public void closed(String reason) {
      synchronized (connected) {
        ended = true;
        if (server == 0 || !connected.remove(server, this)) {
          return;
        }
        Listener heard = listener;
        if (heard != null) {
          heard.gone(server);
        }
      }
      LOG.warn("chunk server {} is gone: {}", server, reason);
    }

    /**
     * It is cut off: this incarnation is over. One that never spoke may not know that it was
     * welcomed, and has nothing to take back.
     */
    void cut() {
      synchronized (connected) {
        if (spoken) {
          incarnations.merge(server, incarnation + 1, Math::max);
        }
      }
      link.close();
      closed("silent");
    }

    /** None of its disks has failed: a failed one is no full one. */
    boolean isWell() {
      return directories.stream().allMatch(ChunkMessage.DirectoryState::isWell);
    }

    boolean isAlive() {
      return time.monotonicNanos() - heardNanos < SILENT_NANOS;
    }

    /** Its host and device; what has said nothing yet has one of its own. */
    String device() {
      return directories.isEmpty()
          ? "server " + server
          : host + " " + directories.getFirst().device();
    }

    long totalBytes() {
      return directories.stream().mapToLong(ChunkMessage.DirectoryState::totalBytes).sum();
    }

    /** Whether it is to be given blocks at all, however full it is. */
    boolean takesBlocks() {
      return directories.isEmpty()
          || directories.stream().anyMatch(directory -> directory.weightThousandths() > 0);
    }

    double capacityBytes() {
      return directories.stream()
          .mapToDouble(
              directory ->
                  (double) directory.totalBytes()
                      * directory.weightThousandths()
                      / ChunkMessage.DirectoryState.WEIGHT_USUAL)
          .sum();
    }

    /** What it counts for when a block is placed: its space by its weight; 0: it takes none. */
    double share() {
      double share = 0;
      for (ChunkMessage.DirectoryState directory : directories) {
        if (directory.isWell()) {
          share += (double) directory.spaceBytes() * directory.weightThousandths();
        }
      }
      return share;
    }

    /** Whether there is room for more than a little. */
    boolean hasPlenty() {
      long plenty = 0;
      for (ChunkMessage.DirectoryState directory : directories) {
        plenty += Math.min(directory.totalBytes() / SCARCE_PARTS, PLENTY_BYTES);
      }
      return directories.isEmpty() || freeBytes() > plenty;
    }

    /** What new blocks may take: the server keeps a reserve for itself. */
    long freeBytes() {
      long free = 0;
      for (ChunkMessage.DirectoryState directory : directories) {
        if (directory.isWell()) {
          free += directory.spaceBytes();
        }
      }
      return free;
    }
  }

  /**
   * Where a new block goes.
   *
   * @param servers on as many hosts and disks as possible, by their shares; fewer when there are no
   *     more, and none when there are fewer than the minimum
   * @param enough so many chunk servers are here and not drained, however full
   */
  public record Placement(List<Long> servers, boolean enough) {}

  /** Finds servers for the copies of a new block, with the usual minimum. */
  public Placement place(int copies) {
    return place(copies, 0, Set.of());
  }

  /**
   * Finds servers for the copies of a new block.
   *
   * @param copiesMin no fewer than so many; 0: the usual number
   * @param suspects are given none as long as so many others are left, nor are those that are slow
   */
  public Placement place(int copies, int copiesMin, Set<Long> suspects) {
    List<Connection> alive = takers();
    int fewest = copiesMin == 0 ? Attributes.usualMin(copies) : Math.min(copiesMin, copies);
    List<Connection> able = able(alive);
    if (able.size() < fewest) {
      return new Placement(List.of(), alive.size() >= fewest);
    }
    Set<Long> avoided = new HashSet<>(suspects);
    SlowServers.among(conditions()).forEach(slow -> avoided.add(slow.server()));
    List<Connection> trusted = able.stream().filter(c -> !avoided.contains(c.server)).toList();
    return new Placement(ids(spread(trusted.size() < fewest ? able : trusted, copies)), true);
  }

  private List<Connection> takers() {
    return connected.values().stream()
        .filter(c -> c.isAlive() && !withheld.contains(c.server) && c.takesBlocks())
        .toList();
  }

  /** How many chunk servers are given new blocks, however full they are now. */
  public int takersCount() {
    return takers().size();
  }

  /**
   * So many of these, in their order but that those on hosts that nobody else is on come first,
   * then those on other disks.
   */
  private static List<Connection> spread(List<Connection> able, int count) {
    Set<String> hosts = new HashSet<>();
    Set<String> devices = new HashSet<>();
    List<Connection> chosen = new ArrayList<>();
    choose(able, count, chosen, c -> hosts.add(c.host) && devices.add(c.device()));
    choose(able, count, chosen, c -> devices.add(c.device()));
    choose(able, count, chosen, c -> true);
    return chosen;
  }

  private static List<Long> ids(List<Connection> of) {
    return of.stream().map(c -> c.server).toList();
  }

  private static void choose(
      List<Connection> able, int copies, List<Connection> chosen, Predicate<Connection> wanted) {
    for (Connection connection : able) {
      if (chosen.size() < copies && !chosen.contains(connection) && wanted.test(connection)) {
        chosen.add(connection);
      }
    }
  }

  /**
   * Servers by the device that their blocks lie on, of those that are connected: one that dies
   * takes all of a list away.
   */
  public List<List<Long>> byDevice() {
    Map<String, List<Long>> servers = new TreeMap<>();
    for (Connection connection : connected.values()) {
      servers.computeIfAbsent(connection.device(), d -> new ArrayList<>()).add(connection.server);
    }
    servers.values().forEach(Collections::sort);
    return List.copyOf(servers.values());
  }

  /**
   * Those that may be given a block, in a random order: which one comes first follows their shares,
   * and which one then, those of the rest (Efraimidis and Spirakis, Weighted random sampling with a
   * reservoir, 2006). What has said nothing yet counts as the largest share.
   */
  private List<Connection> able(Collection<Connection> of) {
    List<Connection> shuffled = new ArrayList<>(of);
    Collections.shuffle(shuffled, random);
    Map<Connection, Double> shares = new LinkedHashMap<>();
    for (Connection c : shuffled) {
      double share = c.share();
      if (c.isAlive() && !withheld.contains(c.server) && (c.directories.isEmpty() || share > 0)) {
        shares.put(c, share);
      }
    }
    shuffled.retainAll(shares.keySet());
    double largest = shares.values().stream().mapToDouble(share -> share).max().orElse(0);
    shares.replaceAll((c, share) -> c.directories.isEmpty() ? largest : share);
    if (shares.values().stream().distinct().count() > 1) {
      shares.replaceAll((c, share) -> Math.log(1 - random.nextDouble()) / share);
      shuffled.sort(Comparator.comparingDouble((Connection c) -> shares.get(c)).reversed());
    }
    return shuffled;
  }

  /** These servers are given no blocks. */
  void withhold(Set<Long> from) {
    withheld = Set.copyOf(from);
  }

  /** Servers that are drained, in order. */
  public List<Long> leaving() {
    return withheld.stream().sorted().toList();
  }

  /** What was wrong with the directories of a server when it was heard of last; empty: nothing. */
  public String failure(long server) {
    return failures.getOrDefault(server, "");
  }

  /** Whether a server has a control stream. */
  public boolean isHere(long server) {
    return connected.containsKey(server);
  }

  /** Servers that have space, in a random order that follows their shares. */
  List<Long> withSpace() {
    return ids(able(connected.values()));
  }

  /**
   * Of these servers, in their order, those on other hosts than the ones of {@code from}; if there
   * are none, those on other disks; else all.
   */
  List<Long> farthest(List<Long> of, Collection<Long> from) {
    List<Connection> near = from.stream().map(connected::get).filter(Objects::nonNull).toList();
    for (Function<Connection, String> what :
        List.<Function<Connection, String>>of(c -> c.host, Connection::device)) {
      Set<String> taken = near.stream().map(what).collect(Collectors.toSet());
      List<Long> far =
          of.stream()
              .filter(
                  server -> {
                    Connection known = connected.get(server);
                    return known != null && !taken.contains(what.apply(known));
                  })
              .toList();
      if (!far.isEmpty()) {
        return far;
      }
    }
    return of;
  }

  /** So many of these servers, on as many hosts and disks as possible. */
  List<Long> apart(List<Long> of, int count) {
    List<Connection> here = of.stream().map(connected::get).filter(Objects::nonNull).toList();
    return here.size() == of.size() ? ids(spread(here, count)) : of.subList(0, count);
  }

  /** Whether all of several servers are on one host. */
  boolean shareHost(List<Long> servers) {
    return share(servers, c -> c.host);
  }

  /** Whether all of several servers have one disk. */
  boolean shareDisk(List<Long> servers) {
    return share(servers, Connection::device);
  }

  private boolean share(List<Long> servers, Function<Connection, String> what) {
    List<Connection> here = servers.stream().map(connected::get).filter(Objects::nonNull).toList();
    return here.size() > 1
        && here.size() == servers.size()
        && here.stream().map(what).distinct().count() == 1;
  }

  /** Servers that were heard of lately. */
  Set<Long> alive() {
    return connected.values().stream()
        .filter(Connection::isAlive)
        .map(c -> c.server)
        .collect(Collectors.toSet());
  }

  /** Those that are connected and say that nothing of theirs can be read any more. */
  Set<Long> failed() {
    return connected.values().stream()
        .filter(c -> c.directories.stream().anyMatch(ChunkMessage.DirectoryState::hasFailed))
        .map(c -> c.server)
        .collect(Collectors.toSet());
  }

  /** Addresses of these servers, of those that are connected. */
  public List<String> addresses(List<Long> servers) {
    List<String> addresses = new ArrayList<>(servers.size());
    for (long server : servers) {
      Connection connection = connected.get(server);
      if (connection != null) {
        addresses.add(connection.address);
      }
    }
    return addresses;
  }

  /** Total and free bytes of all disks. */
  public Space space() {
    long total = 0;
    long free = 0;
    for (Connection connection : connected.values()) {
      for (ChunkMessage.DirectoryState directory : connection.directories) {
        total += directory.totalBytes();
      }
      free += connection.freeBytes();
    }
    return new Space(total, free);
  }

  /**
   * Whether new blocks of so many copies will soon find no room on the servers that are here, or do
   * not already.
   */
  public boolean isShortOfSpace(int copies) {
    List<Connection> able =
        connected.values().stream()
            .filter(
                c -> c.isAlive() && !withheld.contains(c.server) && c.isWell() && c.takesBlocks())
            .toList();
    return able.stream().filter(Connection::hasPlenty).count() < Math.min(copies, able.size());
  }

  /** Size of all disks. */
  public record Space(long totalBytes, long freeBytes) {}

  /**
   * Ends the connection of a server that is silent: what it says and does from now on is old, and
   * it has to come back as another incarnation and name all it has.
   */
  void cutIfSilent(long server) {
    Connection connection = connected.get(server);
    if (connection != null && !connection.isAlive()) {
      LOG.warn("chunk server {} is silent: it is cut off", server);
      connection.cut();
    }
  }

  /**
   * Sends an order to a server; whether it was heard of lately. For one that is silent orders would
   * heap up.
   */
  boolean order(long server, ChunkOrder order) {
    Connection connection = connected.get(server);
    if (connection == null || !connection.isAlive()) {
      return false;
    }
    connection.link.send(order);
    return true;
  }

  /**
   * How full a server is.
   *
   * @param usedBytes of its disks, by whomever, and what it keeps for itself
   * @param totalBytes of its disks
   * @param weight of its disks, the average
   */
  record Fill(long server, long usedBytes, long totalBytes, double weight) {}

  /** Of servers that may be given blocks. */
  List<Fill> fills() {
    List<Fill> fills = new ArrayList<>();
    for (Connection c : connected.values()) {
      double weight = c.capacityBytes() / c.totalBytes();
      if (weight > 0 && c.isAlive() && c.isWell() && !withheld.contains(c.server)) {
        fills.add(new Fill(c.server, c.totalBytes() - c.freeBytes(), c.totalBytes(), weight));
      }
    }
    fills.sort(Comparator.comparingLong(Fill::server));
    return fills;
  }

  /** Whether copies on these servers are on as many hosts and disks as copies on those. */
  boolean isSpreadAsFar(List<Long> before, List<Long> after) {
    return distinct(after, c -> c.host) >= distinct(before, c -> c.host)
        && distinct(after, Connection::device) >= distinct(before, Connection::device);
  }

  private long distinct(List<Long> servers, Function<Connection, String> place) {
    return servers.stream()
        .map(connected::get)
        .filter(Objects::nonNull)
        .map(place)
        .distinct()
        .count();
  }

  /** A chunk server as it shows itself. */
  public record Condition(
      long server,
      String host,
      String address,
      boolean alive,
      List<ChunkMessage.DirectoryState> directories) {}

  /** All that are connected, by id. */
  public List<Condition> conditions() {
    return connected.values().stream()
        .sorted(Comparator.comparingLong(c -> c.server))
        .map(c -> new Condition(c.server, c.host, c.address, c.isAlive(), c.directories))
        .toList();
  }
}
