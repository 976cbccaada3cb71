package dfs.client.block;

import dfs.protocol.frame.BlockServices;
import dfs.protocol.frame.Cancellation;
import dfs.protocol.metadata.Reply.BlockPlace;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * Reads of blocks that have several copies: which is asked first, and when a second one is asked
 * because the first takes unusually long (hedged requests, Dean and Barroso, "The Tail at Scale",
 * 2013). One timer looks after all of them, while there are any. Called by {@link ChunkBlockStore}.
 * Thread-safe.
 */
final class HedgedReads {
  /** One read of so many may ask twice: a busy cluster is not made busier. */
  private static final int HEDGED_ONE_IN = 20;

  /** So many may do so in a row. */
  private static final int BURST_READS = 10;

  private static final long LOOK_NANOS_MIN = 5_000_000L;

  private final BlockServices services;
  private final Time time;
  private final Map<String, ServerLoad> loads = new ConcurrentHashMap<>();
  private final Set<CopiesRead> waiting = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean looking = new AtomicBoolean();
  private final AtomicInteger credit = new AtomicInteger(HEDGED_ONE_IN * BURST_READS);
  private final AtomicLong asked = new AtomicLong();
  private final AtomicLong won = new AtomicLong();
  private final AtomicLong leftBehind = new AtomicLong();

  HedgedReads(BlockServices services) {
    this.services = services;
    this.time = services.time();
  }

  /** Asks one server for bytes and verifies them. */
  interface Asking {
    /** Fills the buffer; the cancellation is of this one request. */
    void ask(String address, Cancellation cancellation, ByteBuffer into) throws IOException;
  }

  /** How often a second copy was asked, gave the bytes, and how many requests were given up. */
  ChunkBlockStore.Hedges counted() {
    return new ChunkBlockStore.Hedges(asked.get(), won.get(), leftBehind.get());
  }

  /**
   * Fills {@code into} from any of the servers of the place, which are two at least.
   *
   * @throws IOException of each of them, the others suppressed by the first
   */
  void read(BlockPlace place, ByteBuffer into, Asking asking) throws IOException {
    credit.updateAndGet(known -> Math.min(known + 1, HEDGED_ONE_IN * BURST_READS));
    new CopiesRead(this, services, order(place), asking, into).run();
  }

  private record Candidate(String address, boolean suspect, long cost, boolean there, int turn) {}

  /**
   * Who is suspect comes last, then who is busy or slow; of those that are alike the nearest, and
   * else another one first for each block, so that each server's memory has blocks of its own.
   */
  private List<String> order(BlockPlace place) {
    List<String> addresses = place.addresses();
    long now = time.monotonicNanos();
    int first = (int) Long.remainderUnsigned(place.block(), addresses.size());
    return IntStream.range(0, addresses.size())
        .mapToObj(
            i -> {
              String address = addresses.get(i);
              return new Candidate(
                  address,
                  services.isSuspect(address),
                  load(address).costNanos(now),
                  !services.isHere(address),
                  Math.floorMod(i - first, addresses.size()));
            })
        .sorted(
            Comparator.comparing(Candidate::suspect)
                .thenComparingLong(Candidate::cost)
                .thenComparing(Candidate::there)
                .thenComparingInt(Candidate::turn))
        .map(Candidate::address)
        .toList();
  }

  ServerLoad load(String address) {
    return loads.computeIfAbsent(
        address, known -> new ServerLoad(services.isHere(known), time.monotonicNanos()));
  }

  /** From now on the read is looked at when it may be time for a second copy. */
  void watch(CopiesRead read) {
    waiting.add(read);
    if (looking.compareAndSet(false, true)) {
      lookIn(ServerLoad.HEDGE_NANOS_MIN);
    }
  }

  void unwatch(CopiesRead read) {
    waiting.remove(read);
  }

  private void lookIn(long nanos) {
    var _ = time.after(nanos, TimeUnit.NANOSECONDS, this::look);
  }

  /** Nothing that begins meanwhile is due before the next look. */
  private void look() {
    long now = time.monotonicNanos();
    long next = ServerLoad.HEDGE_NANOS_MIN;
    for (CopiesRead read : waiting) {
      next = Math.min(next, read.look(now));
    }
    if (waiting.isEmpty()) {
      looking.set(false);
      if (waiting.isEmpty() || !looking.compareAndSet(false, true)) {
        return;
      }
    }
    lookIn(Math.max(next, LOOK_NANOS_MIN));
  }

  /** Whether one more may be asked now; that counts as done. */
  boolean mayHedge() {
    int known = credit.get();
    while (known >= HEDGED_ONE_IN) {
      if (credit.compareAndSet(known, known - HEDGED_ONE_IN)) {
        asked.incrementAndGet();
        return true;
      }
      known = credit.get();
    }
    return false;
  }

  void hedgeWon() {
    won.incrementAndGet();
  }

  void oneLeftBehind() {
    leftBehind.incrementAndGet();
  }
}
