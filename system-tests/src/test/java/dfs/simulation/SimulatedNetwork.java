package dfs.simulation;

import dfs.protocol.seam.Link;
import dfs.protocol.seam.Peer;
import dfs.protocol.seam.Transport;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.Protocols;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The network between simulated processes: what goes from one machine to another takes its time,
 * and waits while that way is cut; the other way may be open. A stream keeps its order and breaks
 * when one end dies or a cut lasts.
 */
final class SimulatedNetwork {
  private static final long DELAY_NANOS = 200_000L;
  private static final long LATE_NANOS = 1_500_000_000L;
  private static final long RETRY_NANOS = 100_000_000L;
  private static final long BREAK_NANOS = 15_000_000_000L;
  private static final long CONNECT_NANOS = 10_000_000_000L;
  private static final int LATE_ONE_IN = 300;

  /** How long what a dead process had sent may be under way. */
  private static final long LAST_WORDS_NANOS = 8_000_000_000L;

  final Scheduler scheduler;
  private final Reached reached;

  /** By address, the latest last: two may think that it is theirs. */
  private final Map<String, List<Listening>> listening = new HashMap<>();

  /** The number of the latest process that ever listened at an address. */
  private final Map<String, Integer> latest = new HashMap<>();

  private final Set<Way> cut = new HashSet<>();

  /** Stands for the network itself, which never dies. */
  private final SimulatedProcess wire;

  /** Looks at what goes over streams, and says what goes instead. */
  interface Tap {
    List<Object> pass(SimulatedProcess from, SimulatedProcess to, Object message);
  }

  private Predicate<SimulatedProcess> older = from -> false;
  private final List<Tap> taps = new ArrayList<>();
  private final List<Stream> streams = new ArrayList<>();

  private record Way(int from, int to) {}

  private record Listening(SimulatedProcess process, List<Transport.Service<?, ?>> services) {}

  SimulatedNetwork(Scheduler scheduler, Reached reached) {
    this.scheduler = scheduler;
    this.reached = reached;
    this.wire = new SimulatedProcess(scheduler, "network", -1, 0);
  }

  /** Those that were added later see what the earlier ones let through. */
  void tap(Tap next) {
    taps.add(next);
  }

  /** Sends something over the stream between two processes, as if one of them had. */
  void inject(SimulatedProcess from, SimulatedProcess to, Object message) {
    streams.removeIf(stream -> stream.over);
    for (Stream stream : streams) {
      if (stream.client.equals(from) && stream.server.equals(to)) {
        stream.toServer.send(message);
      } else if (stream.server.equals(from) && stream.client.equals(to)) {
        stream.toClient.send(message);
      }
    }
  }

  /** Nothing gets from one machine to another from now on. */
  void cut(int from, int to) {
    cut.add(new Way(from, to));
  }

  /** Who may come to one that listened before the latest, which it cannot get to. */
  void older(Predicate<SimulatedProcess> whoMay) {
    older = whoMay;
  }

  /** These streams break at once. */
  void breakAll(Predicate<Stream> which) {
    for (Stream stream : List.copyOf(streams)) {
      if (which.test(stream)) {
        stream.broken("the connection was reset");
      }
    }
  }

  /** What a process sends from now on is under way for long, also when it dies meanwhile. */
  void stall(SimulatedProcess from) {
    long until = scheduler.nowNanos() + scheduler.around(LAST_WORDS_NANOS);
    for (Stream stream : streams) {
      if (stream.client.equals(from)) {
        stream.toServer.stalledUntilNanos = until;
      }
    }
  }

  void healAll() {
    cut.clear();
  }

  boolean isCut(SimulatedProcess from, SimulatedProcess to) {
    return cut.contains(new Way(from.machine(), to.machine()));
  }

  /** How long something is under way; now and then very long. */
  long delay() {
    return scheduler.random.nextInt(LATE_ONE_IN) == 0
        ? scheduler.around(LATE_NANOS)
        : scheduler.around(DELAY_NANOS);
  }

  /** Does something on the way, later. */
  void later(long nanos, Runnable what) {
    var _ = scheduler.after(wire, nanos, what);
  }

  /** Streams as one process sees them. */
  Transport transport(SimulatedProcess process) {
    return new Transport() {
      @Override
      public <C, S> Link<C> connect(
          String address, Protocol<C, S> protocol, Link.Receiver<S> receiver) throws IOException {
        return SimulatedNetwork.this.connect(process, address, protocol, receiver);
      }

      @Override
      public Listener listen(String address, List<Service<?, ?>> services) {
        Listening now = new Listening(process, List.copyOf(services));
        List<Listening> all = listening.computeIfAbsent(address, a -> new ArrayList<>());
        all.add(now);
        latest.merge(address, process.number(), Math::max);
        process.atDeath(() -> all.remove(now));
        return new Listener() {
          @Override
          public String address() {
            return address;
          }

          @Override
          public void close() {
            all.remove(now);
          }
        };
      }
    };
  }

  private <C, S> Link<C> connect(
      SimulatedProcess from,
      String address,
      Transport.Protocol<C, S> protocol,
      Link.Receiver<S> receiver)
      throws IOException {
    from.pause(delay());
    Listening to = reached(from, address, protocol);
    if (to == null || !to.process.isAlive()) {
      throw new IOException("nobody listens at " + address);
    }
    if (isCut(from, to.process) || isCut(to.process, from)) {
      from.pause(CONNECT_NANOS);
      throw new IOException("no way to " + address);
    }
    Stream stream = new Stream(from, to.process);
    streams.removeIf(other -> other.over);
    streams.add(stream);
    CompletableFuture<Boolean> accepted = new CompletableFuture<>();
    to.process.start(
        "accept",
        () -> {
          stream.toServer.receiver(acceptor(to, protocol).accept(stream.<S>end(stream.toClient)));
          accepted.complete(true);
        });
    to.process.atDeath(() -> accepted.complete(false));
    try {
      if (!accepted.get()) {
        throw new IOException("the connection to " + address + " was reset");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
    stream.toClient.receiver(receiver);
    boolean lingers = protocol.equals(Protocols.CONTROL);
    from.atDeath(
        () -> {
          // Users do not wait until nothing of a client that was killed is under way.
          if (lingers) {
            stream.left("the connection was reset");
          } else {
            stream.broken("the connection was reset");
          }
        });
    to.process.atDeath(() -> stream.broken("the connection was reset"));
    if (!to.process.isAlive()) {
      stream.broken("the connection was reset");
    }
    stream.watch();
    return stream.end(stream.toServer);
  }

  /** The latest; a chunk server that cannot get there may find one that was there before. */
  private @Nullable Listening reached(
      SimulatedProcess from, String address, Transport.Protocol<?, ?> protocol) {
    List<Listening> all = listening.getOrDefault(address, List.of());
    if (protocol.equals(Protocols.CONTROL) && older.test(from)) {
      for (Listening each : all.reversed()) {
        if (!isCut(from, each.process) && !isCut(each.process, from)) {
          return each;
        }
      }
    }
    return all.isEmpty() || all.getLast().process.number() < latest.getOrDefault(address, 0)
        ? null
        : all.getLast();
  }

  @SuppressWarnings("unchecked")
  private static <C, S> Transport.Acceptor<C, S> acceptor(
      Listening to, Transport.Protocol<C, S> protocol) {
    for (Transport.Service<?, ?> service : to.services) {
      if (service.protocol().equals(protocol)) {
        return (Transport.Acceptor<C, S>) service.acceptor();
      }
    }
    throw new IllegalStateException("nobody serves " + protocol.name());
  }

  /** A stream with its two directions. */
  final class Stream {
    private final SimulatedProcess client;
    private final SimulatedProcess server;
    private final Direction toServer;
    private final Direction toClient;
    private boolean over;
    private long cutNanos = -1;

    Stream(SimulatedProcess client, SimulatedProcess server) {
      this.client = client;
      this.server = server;
      this.toServer = new Direction(client, server);
      this.toClient = new Direction(server, client);
    }

    private <M> Link<M> end(Direction out) {
      return new Link<>() {
        @Override
        public void send(M message) {
          if (!over) {
            out.put(message);
          }
        }

        @Override
        public Peer peer() {
          return Peer.LOCAL;
        }

        @Override
        public void close() {
          if (!over) {
            over = true;
            out.end("closed by the other end");
            (out.equals(toServer) ? toClient : toServer).end("closed");
          }
        }
      };
    }

    boolean leadsTo(SimulatedProcess process) {
      return server.equals(process);
    }

    boolean isCut() {
      return SimulatedNetwork.this.isCut(client, server)
          || SimulatedNetwork.this.isCut(server, client);
    }

    /** Both ends hear of it in their time; what is under way is lost. */
    void broken(String reason) {
      if (!over) {
        over = true;
        toServer.lose();
        toClient.lose();
        toServer.end(reason);
        toClient.end(reason);
      }
    }

    /** The client died: what it had sent still comes, and then the end. */
    void left(String reason) {
      if (!over) {
        over = true;
        toClient.lose();
        toServer.send(new Packet(reason, true, true));
      }
    }

    /** A cut that lasts is noticed by the one who hears nothing. */
    void watch() {
      if (over) {
        return;
      }
      boolean isCut = isCut();
      cutNanos = isCut ? cutNanos : -1;
      if (isCut && cutNanos < 0) {
        cutNanos = scheduler.nowNanos();
      }
      if (isCut && scheduler.nowNanos() - cutNanos > BREAK_NANOS) {
        broken("nothing was heard for long");
        return;
      }
      later(1_000_000_000L, this::watch);
    }
  }

  /** What is under way, each its own; the last one of a stream is its end. */
  private static final class Packet {
    private final Object message;
    private final boolean end;

    /** It comes after what is before it. */
    private final boolean inOrder;

    Packet(Object message, boolean end, boolean inOrder) {
      this.message = message;
      this.end = end;
      this.inOrder = inOrder;
    }
  }

  /** One direction of a stream: messages in order, the end last. */
  private final class Direction {
    private final SimulatedProcess from;
    private final SimulatedProcess to;
    private final Queue<Packet> arrived = new ArrayDeque<>();
    private final Deque<Packet> underWay = new ArrayDeque<>();
    private Link.@Nullable Receiver<Object> receiver;
    private long lastDueNanos;
    private long stalledUntilNanos;
    private boolean delivering;
    private boolean ended;

    Direction(SimulatedProcess from, SimulatedProcess to) {
      this.from = from;
      this.to = to;
    }

    @SuppressWarnings("unchecked")
    void receiver(Link.Receiver<?> next) {
      receiver = (Link.Receiver<Object>) next;
      deliver();
    }

    void lose() {
      underWay.clear();
    }

    void put(Object message) {
      List<Object> passed = List.of(message);
      for (Tap tap : taps) {
        passed = passed.stream().flatMap(next -> tap.pass(from, to, next).stream()).toList();
      }
      passed.forEach(this::send);
    }

    void send(Object message) {
      send(new Packet(message, false, true));
    }

    void end(String reason) {
      send(new Packet(reason, true, false));
    }

    private void send(Packet packet) {
      underWay.addLast(packet);
      lastDueNanos = Math.max(lastDueNanos, scheduler.nowNanos() + delay());
      later(lastDueNanos - scheduler.nowNanos(), () -> arrive(packet));
    }

    /** Some ends come when they come; what is before them may be lost then. */
    private void arrive(Packet packet) {
      boolean waits =
          packet.inOrder
              && (isCut(from, to)
                  || scheduler.nowNanos() < stalledUntilNanos
                  || !packet.equals(underWay.peekFirst()));
      if (waits && underWay.contains(packet)) {
        later(RETRY_NANOS, () -> arrive(packet));
      } else if (underWay.remove(packet)) {
        arrived.add(packet);
        deliver();
      }
    }

    private void deliver() {
      if (delivering || receiver == null || arrived.isEmpty() || !to.isAlive()) {
        return;
      }
      delivering = true;
      to.start("receiver", this::drain);
    }

    /** A later process of the machine is connected to the same one. */
    private boolean hasSuccessor() {
      return streams.stream()
          .anyMatch(
              stream ->
                  !stream.over
                      && stream.server.equals(to)
                      && stream.client.machine() == from.machine()
                      && stream.client.number() > from.number());
    }

    private void drain() {
      Link.Receiver<Object> taker = receiver;
      for (Packet next = arrived.poll(); next != null && taker != null; next = arrived.poll()) {
        if (ended) {
          continue;
        }
        if (next.end) {
          ended = true;
          taker.closed(String.valueOf(next.message));
        } else {
          if (next.message instanceof ChunkMessage && hasSuccessor()) {
            reached.count(Reached.MESSAGE_OF_AN_EARLIER_START);
          }
          taker.receive(next.message);
        }
      }
      delivering = false;
    }
  }
}
