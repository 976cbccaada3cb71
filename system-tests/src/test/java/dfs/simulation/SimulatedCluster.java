package dfs.simulation;

import static java.util.Objects.requireNonNull;

import dfs.chunk.SimulatedDisk;
import dfs.metadata.keeper.BlockKeeper;
import dfs.metadata.keeper.CapabilityKeys;
import dfs.metadata.keeper.Health;
import dfs.metadata.namespace.Survey;
import dfs.protocol.block.BlockService;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Order;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A whole cluster in one thread: a metadata server, chunk servers, users with their clients, and
 * what befalls them. All of it follows from a seed.
 */
final class SimulatedCluster {
  static final long SECOND = 1_000_000_000L;
  private static final int METADATA_MACHINE = 0;
  private static final int CLIENT_MACHINE = 100;
  private static final int SECOND_METADATA_MACHINE = 1000;
  private static final int LONG_ONE_IN = 8;
  private static final int LONG_TIMES = 6;
  private static final long SETTLE_NANOS = 600 * SECOND;

  /** Whatever rotted before was read by then. */
  private static final long SCRUBBED_NANOS = 70 * SECOND;

  /** Whoever reads the past slowly is done with it. */
  private static final long READING_NANOS = 30 * SECOND;

  /** After an event; after some, at all blocks. */
  private static final int BLOCKS_LOOKED_AT = 12;

  private static final int ALL_ONE_IN = 5;

  /** The keeper has looked at all blocks by then, more than once. */
  private static final long LOOKS_NANOS = 12 * SECOND;

  private static final Disk.Space SPACE = new Disk.Space(1L << 40, 1L << 39);

  final Scheduler scheduler;
  final SimulatedNetwork network;
  final SimulatedBlocks blocks;
  final SimulatedMetadata metadata;
  final List<SimulatedServer> servers = new ArrayList<>();
  final int copies;
  private final Random random;

  /** Not the one the run follows from. */
  private final Random onlooking;

  private final List<User> users = new ArrayList<>();

  /** Metadata servers that do not know that there is a later one. */
  private final List<SimulatedProcess> deposed = new ArrayList<>();

  /** Machines of chunk servers that have spoken to a later one. */
  private final Set<Integer> knowing = new HashSet<>();

  private int processes;
  private SimulatedProcess metadataProcess;
  private UnaryOperator<Disk> wrapDisk = disk -> disk;
  private final StringBuilder story = new StringBuilder();

  /** The one server whose disk rots; none if there is none of this number. */
  private final int rotten;

  private int looks;
  private boolean diskLost;
  private long forgottenNanos;
  private long healthyNanos;
  private Rot rot = SimulatedCluster::flip;

  private final Acknowledgements acknowledgements = new Acknowledgements();

  final Reached reached = new Reached();

  /** A user and the client that works for it now. */
  private final class User {
    final Workload workload;
    final int machine;
    @Nullable SimulatedProcess process;
    boolean idle = true;

    User(Workload workload, int machine) {
      this.workload = workload;
      this.machine = machine;
    }

    /** Starts a client, unless one works; goes on until the steps are taken. */
    void start() {
      if (!idle || workload.isFinished()) {
        return;
      }
      idle = false;
      SimulatedProcess next = process(workload.user, machine);
      process = next;
      next.atDeath(() -> idle = true);
      next.start(
          "main",
          () -> {
            try {
              SimulatedClient client = SimulatedClient.open(next, network, blocks);
              workload.work(client);
              if (!client.isOver()) {
                client.close();
              }
            } catch (IOException e) {
              story
                  .append(" [")
                  .append(workload.user)
                  .append(' ')
                  .append(e.getMessage())
                  .append(']');
            }
            next.kill();
          });
    }
  }

  SimulatedCluster(long seed) {
    this(seed, cluster -> {});
  }

  /**
   * @param prepare plants a fault before anything runs
   */
  SimulatedCluster(long seed, Consumer<SimulatedCluster> prepare) {
    scheduler = new Scheduler(seed);
    random = scheduler.random;
    onlooking = new Random(seed);
    network = new SimulatedNetwork(scheduler, reached);
    blocks = new SimulatedBlocks(network, reached);
    metadata = new SimulatedMetadata(network);
    copies = 1 + random.nextInt(3);
    int count = Math.max(3, copies) + random.nextInt(5 - Math.max(0, copies - 3));
    for (int i = 1; i <= count; i++) {
      servers.add(new SimulatedServer(i));
    }
    int userCount = 1 + random.nextInt(3);
    // Now and then there is time for so many blocks that they are merged.
    int patience = random.nextInt(LONG_ONE_IN) == 0 ? LONG_TIMES : 1;
    for (int i = 0; i < userCount; i++) {
      Workload workload =
          new Workload(
              i,
              random.nextLong(),
              patience * (30 + random.nextInt(60)),
              copies,
              Math.min(copies + 1, count));
      users.add(new User(workload, CLIENT_MACHINE + i));
    }
    rotten = copies == 1 ? 0 : random.nextInt(2 * count);
    metadata.onApplied(this::applied);
    network.older(from -> knowing.contains(from.machine()));
    network.tap(reached::pass);
    network.tap(new ReplicaChecks(this, acknowledgements));
    prepare.accept(this);
    blocks.watch(acknowledgements::watch);
    metadataProcess = process("metadata", METADATA_MACHINE);
    metadata.start(metadataProcess, copies);
    servers.forEach(this::start);
  }

  private SimulatedProcess process(String name, int machine) {
    return new SimulatedProcess(scheduler, name, machine, ++processes);
  }

  /** Chunk servers see their disks through this. */
  void wrapDisk(UnaryOperator<Disk> wrap) {
    wrapDisk = wrap;
  }

  private void start(SimulatedServer server) {
    if (!server.isUp()) {
      SimulatedProcess next = process("server" + server.machine, server.machine);
      server.start(next, random, network, blocks, wrapDisk);
    }
  }

  private void startMetadata() {
    if (!metadataProcess.isAlive()) {
      metadataProcess = process("metadata", METADATA_MACHINE);
      metadata.start(metadataProcess, copies);
    }
  }

  private boolean run(BooleanSupplier until, long nanos) {
    return scheduler.run(until, nanos);
  }

  /** Everything: work under faults, peace, and a look whether all promises were kept. */
  void live() {
    say("%d servers, %d copies, %d users".formatted(servers.size(), copies, users.size()));
    var _ = run(() -> false, 3 * SECOND);
    while (!users.stream().allMatch(user -> user.workload.isFinished())) {
      users.forEach(User::start);
      befall();
      var _ = run(() -> false, scheduler.around(2 * SECOND));
      checkState();
      checkReachable();
    }
    say("peace");
    heal();
    startMetadata();
    for (SimulatedServer server : servers) {
      if (server.diskFails()) {
        server.cutPower(random);
      }
      start(server);
    }
    if (!run(() -> users.stream().allMatch(user -> user.idle), SETTLE_NANOS)) {
      throw new AssertionError("somebody waits for ever");
    }
    settle();
    verify();
  }

  /** Something happens to somebody. */
  private void befall() {
    SimulatedServer server = servers.get(random.nextInt(servers.size()));
    User user = users.get(random.nextInt(users.size()));
    switch (random.nextInt(6)) {
      case 0 -> restartAll();
      case 1, 2 -> befallProcess(server, user);
      case 3 -> befallNetwork(server, user);
      default -> befallDisk(server);
    }
  }

  private void restartAll() {
    say("start all");
    servers.forEach(this::start);
    startMetadata();
  }

  private void befallProcess(SimulatedServer server, User user) {
    switch (random.nextInt(6)) {
      case 0 -> {
        SimulatedProcess process = server.process();
        if (process != null && process.isAlive() && random.nextBoolean()) {
          say("%d is heard late".formatted(server.machine));
          network.stall(process);
          var _ = run(() -> false, scheduler.around(SECOND));
        }
        say("kill " + server.machine);
        server.kill();
        if (random.nextBoolean()) {
          start(server);
        }
      }
      case 1 -> {
        say("power " + server.machine);
        server.cutPower(random);
      }
      case 2 -> {
        say("power of all");
        servers.forEach(each -> each.cutPower(random));
      }
      case 3 -> {
        if (random.nextBoolean()) {
          takeOver();
        } else {
          say("kill metadata");
          metadataProcess.kill();
        }
      }
      case 4 -> {
        SimulatedProcess process = user.process;
        if (process != null) {
          say("kill " + user.workload.user);
          process.kill();
        }
      }
      default -> restartAll();
    }
  }

  /**
   * Another metadata server is started; the present one lives on and does not know. Chunk servers
   * that have spoken to the later one, and do not see it any more, come back to the other.
   */
  private void takeOver() {
    if (!metadataProcess.isAlive() || !deposed.isEmpty()) {
      return;
    }
    say("another metadata server");
    SimulatedProcess before = metadataProcess;
    deposed.add(before);
    knowing.clear();
    metadataProcess = process("metadata", SECOND_METADATA_MACHINE + processes);
    metadata.takeOver(metadataProcess, copies);
    network.breakAll(stream -> stream.leadsTo(before));
    var _ = run(() -> false, scheduler.around(3 * SECOND));
    for (SimulatedServer server : servers) {
      if (random.nextInt(3) > 0) {
        say("%d does not see it".formatted(server.machine));
        network.cut(server.machine, metadataProcess.machine());
        network.cut(metadataProcess.machine(), server.machine);
      }
    }
    network.breakAll(stream -> stream.isCut());
  }

  /** A chunk server said what it has. */
  void reported(SimulatedProcess from, SimulatedProcess to) {
    if (to.equals(metadataProcess)) {
      knowing.add(from.machine());
    }
  }

  private void heal() {
    network.healAll();
    deposed.forEach(SimulatedProcess::kill);
    deposed.clear();
  }

  boolean isDeposed(SimulatedProcess process) {
    return deposed.contains(process);
  }

  private void befallNetwork(SimulatedServer server, User user) {
    switch (random.nextInt(6)) {
      case 0, 1 -> {
        int other = random.nextBoolean() ? metadataProcess.machine() : user.machine;
        // Of a one-way cut either the requests are lost or the answers.
        boolean there = random.nextInt(3) > 0;
        boolean back = !there || random.nextBoolean();
        say(
            "cut %d - %d%s%s"
                .formatted(other, server.machine, there ? " >" : "", back ? " <" : ""));
        if (there) {
          network.cut(other, server.machine);
        }
        if (back) {
          network.cut(server.machine, other);
        }
      }
      case 2 -> {
        say("cut %d from the metadata".formatted(user.machine));
        network.cut(user.machine, metadataProcess.machine());
      }
      default -> {
        say("heal");
        heal();
      }
    }
  }

  private void befallDisk(SimulatedServer server) {
    switch (random.nextInt(8)) {
      case 0 -> {
        say("disk of %d fails".formatted(server.machine));
        server.failDisk(random.nextInt(60));
      }
      case 1, 2, 3 -> {
        if (server.machine == rotten) {
          rot(server);
        }
      }
      case 4 -> {
        if (copies > 1 && rotten > servers.size() && !diskLost) {
          say("disk of %d is replaced".formatted(server.machine));
          diskLost = true;
          server.loseDisk();
          knowing.remove(server.machine);
          acknowledgements.forget(server.machine);
        }
      }
      case 5 -> order(new Change.DrainServer(server.id(), random.nextBoolean()));
      case 6 -> {
        say("disk of %d is full".formatted(server.machine));
        server.disk().space(new Disk.Space(1L << 40, 0));
      }
      default -> {
        say("space");
        servers.forEach(each -> each.disk().space(SPACE));
      }
    }
  }

  private void rot(SimulatedServer server) {
    String folder = random.nextInt(4) == 0 ? "journal" : "data";
    List<Path> files =
        server.disk().files().stream().filter(path -> path.startsWith(folder)).toList();
    if (!files.isEmpty()) {
      Path path = files.get(random.nextInt(files.size()));
      say("%s of %d rots".formatted(path, server.machine));
      rot.on(this, server, path);
    }
  }

  /**
   * Of a journal, or of a block that is not sealed, it may be the last that was written, and look
   * as if it had not been.
   */
  private static void flip(SimulatedCluster cluster, SimulatedServer server, Path path) {
    server.disk().rot(path, cluster.random);
    if (path.startsWith("journal")) {
      cluster.acknowledgements.forget(server.machine);
    } else {
      String name = path.getFileName().toString();
      cluster.acknowledgements.forget(
          server.machine, Long.parseLong(name.substring(0, name.indexOf('.')), 16));
    }
  }

  /** What rotting does to a file. */
  interface Rot {
    void on(SimulatedCluster cluster, SimulatedServer server, Path path);
  }

  void rotBy(Rot other) {
    rot = other;
  }

  /** The administrator orders something, if the metadata server is there. */
  private void order(Change change) {
    say(String.valueOf(change));
    SimulatedProcess process = process("admin", CLIENT_MACHINE - 1);
    process.start(
        "main",
        () -> {
          try {
            SimulatedClient client = SimulatedClient.open(process, network, blocks);
            client.order(change);
            client.close();
          } catch (IOException e) {
            story.append(" [admin ").append(e.getMessage()).append(']');
          }
          process.kill();
        });
  }

  SimulatedServer server(int machine) {
    return servers.get(machine - 1);
  }

  /** Its disk is known to be no good. */
  boolean isRotten(int machine) {
    return machine == rotten;
  }

  /** Blocks are about to be relocated: some are slow to read what lies there of the past. */
  private void readPasts() {
    SimulatedProcess process = process("reader of the past", CLIENT_MACHINE + 52);
    process.start(
        "main",
        () -> {
          try {
            SimulatedClient client = SimulatedClient.open(process, network, blocks);
            for (User user : users) {
              user.workload.readPasts(client);
            }
            process.pause(READING_NANOS);
            client.close();
          } catch (IOException e) {
            story.append(" [reader ").append(e.getMessage()).append(']');
          }
          process.kill();
        });
  }

  private void applied(Order order) {
    reached.count(order.getClass().getSimpleName());
    if (order instanceof Upkeep.SetMembers change && isMove(change)) {
      reached.count(Reached.COPY_MOVED);
    }
    if (order instanceof Upkeep.OpenTarget) {
      readPasts();
    }
    if (order instanceof Upkeep.ReleaseHistory release) {
      users.forEach(user -> user.workload.forgetBefore(release.beforeNanos()));
    }
  }

  /**
   * A server that has its copy, and keeps it, gives it to another: nothing else moves copies so.
   */
  private boolean isMove(Upkeep.SetMembers order) {
    Survey.Block block = survey().block(order.block());
    List<Long> leaving = new ArrayList<>(order.before());
    leaving.removeAll(order.after());
    if (block == null
        || !block.servers().equals(order.before())
        || order.before().size() != order.after().size()
        || leaving.size() != 1) {
      return false;
    }
    long from = leaving.getFirst();
    boolean drained =
        survey().servers().stream().anyMatch(server -> server.id() == from && server.draining());
    return !drained
        && servers.stream()
            .filter(server -> server.id() == from && server.isUp() && server.machine != rotten)
            .anyMatch(
                server ->
                    acknowledgements.durable(server.machine, block.id()) >= block.lengthBytes());
  }

  private void say(String what) {
    story.append(" %.3f %s;".formatted(scheduler.nowNanos() / (double) SECOND, what));
  }

  /** All that befell, for a failure's message. */
  String story() {
    return story.toString();
  }

  SimulatedProcess metadataProcess() {
    return metadataProcess;
  }

  Survey survey() {
    return metadata.namespace().survey();
  }

  /** Until nothing is left to do. */
  private void settle() {
    for (SimulatedServer server : servers) {
      server.disk().space(SPACE);
    }
    for (Survey.Server known : survey().servers()) {
      if (known.draining()) {
        order(new Change.DrainServer(known.id(), false));
      }
    }
    var _ = run(() -> false, SCRUBBED_NANOS);
    if (diskLost) {
      var _ = run(this::forgetLost, SETTLE_NANOS);
    }
    healthyNanos = scheduler.nowNanos();
    if (!run(this::isHealthyForLong, SETTLE_NANOS)) {
      BlockKeeper keeper = metadata.keeper();
      throw new AssertionError(
          "the blocks do not become healthy: %s, open are %s"
              .formatted(
                  keeper == null ? "" : keeper.health(),
                  survey().blocks(Survey.BlockState.OPEN, 0, 10)));
    }
  }

  /** Orders that who does not come back is forgotten; whether that is so of all of them. */
  private boolean forgetLost() {
    List<Long> here = servers.stream().map(SimulatedServer::id).toList();
    List<Long> lost =
        survey().servers().stream()
            .map(Survey.Server::id)
            .filter(id -> !here.contains(id))
            .toList();
    if (lost.isEmpty()) {
      return true;
    }
    if (scheduler.nowNanos() - forgottenNanos > SECOND) {
      forgottenNanos = scheduler.nowNanos();
      lost.forEach(id -> order(new Change.ForgetServer(id)));
    }
    return false;
  }

  /** What the keeper says is as old as its last look at the blocks. */
  private boolean isHealthyForLong() {
    if (!isHealthy()) {
      healthyNanos = scheduler.nowNanos();
    }
    return scheduler.nowNanos() - healthyNanos > LOOKS_NANOS;
  }

  private boolean isHealthy() {
    BlockKeeper keeper = metadata.keeper();
    Health health = keeper == null ? null : keeper.health();
    return health != null
        && health.under() + health.unreachable() + health.lost() == 0
        && survey().blockCounts().getOrDefault(Survey.BlockState.OPEN, 0L) == 0;
  }

  /** Owners are counted right, and nothing names what is not there. */
  private void checkState() {
    List<String> wrong = survey().check(10);
    if (!wrong.isEmpty()) {
      throw new AssertionError("the namespace is not consistent: " + wrong);
    }
  }

  /** After each event: what servers that are here have of the blocks. */
  private void checkReachable() {
    CapabilityKeys keys = metadata.capabilities();
    Map<Long, ReachableCopies.Asked> asked = new HashMap<>();
    for (SimulatedServer server : servers) {
      BlockService service = server.isUp() ? blocks.servedAt(server.address()) : null;
      if (service != null && server.id() != 0 && !server.diskFails() && server.machine != rotten) {
        asked.put(server.id(), new ReachableCopies.Asked(server.machine, service));
      }
    }
    if (!metadataProcess.isAlive() || keys == null || asked.isEmpty()) {
      return;
    }
    int most = ++looks % ALL_ONE_IN == 0 ? Integer.MAX_VALUE : BLOCKS_LOOKED_AT;
    SimulatedProcess process = process("onlooker", CLIENT_MACHINE + 51);
    process.start(
        "main",
        () -> {
          try {
            new ReachableCopies(survey(), keys, acknowledgements, asked).check(onlooking, most);
          } catch (AssertionError e) {
            scheduler.fail(e);
          }
          process.kill();
        });
    if (!run(() -> !process.isAlive(), SETTLE_NANOS)) {
      throw new AssertionError("the onlooker waits for ever");
    }
  }

  private void verify() {
    checkState();
    SimulatedProcess process = process("reader", CLIENT_MACHINE + 50);
    boolean[] read = new boolean[1];
    process.start(
        "main",
        () -> {
          try {
            SimulatedClient fresh = SimulatedClient.open(process, network, blocks);
            for (User user : users) {
              user.workload.verify(fresh);
            }
            countPasts();
            peace().checkReplicas();
            read[0] = true;
          } catch (IOException e) {
            scheduler.fail(new AssertionError("the last reader failed: " + e.getMessage(), e));
          }
        });
    if (!run(() -> read[0], SETTLE_NANOS)) {
      throw new AssertionError("the last reader waits for ever");
    }
  }

  private Peace peace() {
    Map<Long, String> addresses = new HashMap<>();
    servers.forEach(server -> addresses.put(server.id(), server.address()));
    return new Peace(survey(), requireNonNull(metadata.capabilities()), blocks, addresses);
  }

  private void countPasts() {
    users.forEach(user -> reached.count(Reached.PAST_READ, user.workload.pastsRead()));
  }

  int stepsDone() {
    return users.stream().mapToInt(user -> user.workload.done()).sum();
  }

  int stepsFailed() {
    return users.stream().mapToInt(user -> user.workload.failed()).sum();
  }

  /** The disks, by machine. */
  List<SimulatedDisk> disks() {
    return servers.stream().map(SimulatedServer::disk).toList();
  }
}
