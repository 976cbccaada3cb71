package dfs.client.metadata;

import dfs.protocol.Limits;
import dfs.protocol.seam.Time;
import dfs.protocol.session.LeaseMode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lease of a session: what the server granted, how long that is certain, and the order in which
 * the file layer hears of changes. What lowers the lease counts at once, before anybody is told;
 * what raises it counts when all that came before has been dealt with, so that a recall is never
 * overtaken by a later grant. Grants, recalls and lapses are told one at a time, in order, on a
 * virtual thread; no lock is held meanwhile. Thread-safe.
 */
final class Lease {
  /** Changes that may wait for the file layer; the server owes us an end before that many. */
  private static final int CHANGES_MAX = 1024;

  /** What is told to the file layer. */
  private sealed interface Change {
    /** {@code mode} is held from now on. */
    record Raised(LeaseMode mode, long number) implements Change {}

    /**
     * Down to {@code to}.
     *
     * @param before what is held until this is done
     * @param acknowledge tells the server that it is done
     */
    record Lowered(LeaseMode before, LeaseMode to, Runnable acknowledge) implements Change {}

    /** It was not certain for a while, however short. */
    record Lapsed() implements Change {}
  }

  private static final Logger LOG = LoggerFactory.getLogger(Lease.class);

  private final Time time;
  private final ReentrantLock lock = new ReentrantLock();

  // All below: guarded by the lock.
  private LeaseMode mode = LeaseMode.NONE;
  private long number;

  /**
   * What the server has us for: what it granted last, down to what we acknowledged since. It may be
   * more than what can be relied on.
   */
  private LeaseMode given = LeaseMode.NONE;

  /** A stream was open already. */
  private boolean met;

  /** When the last acknowledged heartbeat, or the hello, was sent. */
  private long renewedNanos;

  /** Not certain since the last renewal ran out. */
  private boolean lapsed = true;

  private boolean ended;
  private final ArrayDeque<Change> changes = new ArrayDeque<>();

  /** Lowerings that are not done, the one being told included. */
  private final List<Change.Lowered> lowerings = new ArrayList<>();

  /** Lapses that are not done, likewise: until then the lease is not usable. */
  private int lapses;

  private boolean telling;
  private @Nullable LeaseListener listener;

  Lease(Time time) {
    this.time = time;
  }

  /** Who is told; hears at once of a lease that is held already. */
  void listen(LeaseListener hearer) {
    lock.lock();
    try {
      listener = hearer;
      if (changes.stream().noneMatch(Change.Raised.class::isInstance)) {
        tellAgain();
      }
    } finally {
      lock.unlock();
    }
  }

  @Nullable LeaseListener listener() {
    lock.lock();
    try {
      return listener;
    } finally {
      lock.unlock();
    }
  }

  /** What may be relied on now. */
  LeaseMode mode() {
    lock.lock();
    try {
      return usable(time.monotonicNanos()) ? mode : LeaseMode.NONE;
    } finally {
      lock.unlock();
    }
  }

  /** Nanoseconds for which {@link #mode} is certain; 0 when it is NONE. */
  long validNanos() {
    lock.lock();
    try {
      long now = time.monotonicNanos();
      return usable(now) && mode != LeaseMode.NONE ? remaining(now) : 0;
    } finally {
      lock.unlock();
    }
  }

  long number() {
    lock.lock();
    try {
      return number;
    } finally {
      lock.unlock();
    }
  }

  private boolean usable(long now) {
    return !lapsed && lapses == 0 && remaining(now) > 0;
  }

  private long remaining(long now) {
    return renewedNanos + Limits.LEASE_CLIENT_NANOS - now;
  }

  /**
   * What is held as the server must see it: a recalled lease until the recall is done, since only
   * then everything dirty under it is flushed; nothing once it has lapsed.
   */
  LeaseMode held() {
    lock.lock();
    try {
      lapse(time.monotonicNanos());
      return lapsed ? LeaseMode.NONE : heldUntilDone();
    } finally {
      lock.unlock();
    }
  }

  /**
   * What a server that was started again must take it that this session holds: what it was given
   * and did not give back, also when that is not certain any more, since what was written under it
   * may wait to be flushed. A server that has let it go in between has ended the session.
   */
  LeaseMode claimed() {
    lock.lock();
    try {
      return higher(given, heldUntilDone());
    } finally {
      lock.unlock();
    }
  }

  private LeaseMode heldUntilDone() {
    LeaseMode held = mode;
    for (Change.Lowered lowering : lowerings) {
      held = higher(held, lowering.before);
    }
    return held;
  }

  /** Nanoseconds until the lease lapses unless it is renewed; 0 or less: it has. */
  long untilLapseNanos() {
    lock.lock();
    try {
      return lapsed ? 0 : remaining(time.monotonicNanos());
    } finally {
      lock.unlock();
    }
  }

  /** Nanoseconds since the last renewal was sent. */
  long sinceRenewalNanos() {
    lock.lock();
    try {
      return time.monotonicNanos() - renewedNanos;
    } finally {
      lock.unlock();
    }
  }

  /** Lets the lease lapse if its time is over; to be called about then. */
  void checkLapse() {
    lock.lock();
    try {
      lapse(time.monotonicNanos());
    } finally {
      lock.unlock();
    }
  }

  private void lapse(long now) {
    if (lapsed || ended || remaining(now) > 0) {
      return;
    }
    lapsed = true;
    if (expected().mode != LeaseMode.NONE) {
      lapses++;
      add(new Change.Lapsed());
    }
  }

  /**
   * The server answered a heartbeat of this stream that was sent then. After a lapse the lease is
   * back if the server cannot have let it go in between: its time runs from when it received the
   * last heartbeat, which is not before that was sent, and this one it received before now.
   */
  void renewed(long sentNanos) {
    lock.lock();
    try {
      long now = time.monotonicNanos();
      if (ended || sentNanos - now > 0 || sentNanos - renewedNanos <= 0) {
        return;
      }
      lapse(now);
      boolean kept = now - renewedNanos <= Limits.LEASE_SERVER_NANOS;
      renewedNanos = sentNanos;
      if (!lapsed) {
        return;
      }
      lapsed = false;
      if (kept) {
        tellAgain();
      } else {
        mode = LeaseMode.NONE;
        changes.removeIf(Change.Raised.class::isInstance);
      }
      lapse(now);
    } finally {
      lock.unlock();
    }
  }

  /** What will be held when all that waits has been dealt with. */
  private Change.Raised expected() {
    Change.Raised expected = new Change.Raised(mode, number);
    for (Change change : changes) {
      expected =
          switch (change) {
            case Change.Raised raised -> raised;
            case Change.Lowered lowered ->
                new Change.Raised(lower(expected.mode, lowered.to), expected.number);
            case Change.Lapsed _ -> expected;
          };
    }
    return expected;
  }

  private void tellAgain() {
    Change.Raised expected = expected();
    if (expected.mode != LeaseMode.NONE) {
      add(expected);
    }
  }

  /**
   * A stream is open, and what the server says now is all that holds. Whoever held nothing may have
   * been about to be told of what changed, by a server that was killed then: it forgets all.
   *
   * @param helloNanos when the hello was sent, which renews the lease
   * @return false if too many changes wait
   */
  boolean welcomed(long helloNanos, LeaseMode granted, long grant) {
    lock.lock();
    try {
      if (ended) {
        return true;
      }
      long now = time.monotonicNanos();
      lapse(now);
      changes.removeIf(Change.Raised.class::isInstance);
      if (lapsed) {
        mode = LeaseMode.NONE;
      }
      renewedNanos = helloNanos;
      lapsed = false;
      if (met && expected().mode == LeaseMode.NONE) {
        lapses++;
        add(new Change.Lapsed());
      }
      met = true;
      given = granted;
      boolean fits = assign(granted, grant);
      lapse(now);
      return fits;
    } finally {
      lock.unlock();
    }
  }

  /** The server grants; false if too many changes wait. */
  boolean granted(LeaseMode granted, long grant) {
    lock.lock();
    try {
      if (ended) {
        return true;
      }
      given = granted;
      return assign(granted, grant);
    } finally {
      lock.unlock();
    }
  }

  private boolean assign(LeaseMode granted, long grant) {
    if (granted.compareTo(expected().mode) < 0) {
      return lower(granted, () -> {});
    }
    if (granted == LeaseMode.NONE) {
      return true;
    }
    if (changes.isEmpty() && !telling) {
      mode = granted;
      number = grant;
    }
    return add(new Change.Raised(granted, grant));
  }

  /**
   * The server wants the lease back down to {@code to}; false if too many changes wait.
   *
   * @param acknowledge tells the server when that is done, on the stream that the recall came on:
   *     on another it would be somebody else's number
   */
  boolean recalled(LeaseMode to, Runnable acknowledge) {
    lock.lock();
    try {
      return ended || lower(to, acknowledge);
    } finally {
      lock.unlock();
    }
  }

  private boolean lower(LeaseMode to, Runnable acknowledge) {
    LeaseMode before = mode;
    for (Change change : changes) {
      if (change instanceof Change.Raised raised) {
        before = higher(before, raised.mode);
      }
    }
    mode = lower(mode, to);
    Change.Lowered lowering = new Change.Lowered(before, to, acknowledge);
    lowerings.add(lowering);
    return add(lowering);
  }

  /** The session is over: nothing is held, and nothing more is told. */
  void end() {
    lock.lock();
    try {
      ended = true;
      mode = LeaseMode.NONE;
      given = LeaseMode.NONE;
      lapsed = true;
      changes.clear();
      lowerings.clear();
    } finally {
      lock.unlock();
    }
  }

  private boolean add(Change change) {
    changes.add(change);
    if (!telling) {
      telling = true;
      // No virtual one: it may wait in the kernel, and would hold up its carrier there.
      time.thread("dfs-lease", this::tell).start();
    }
    return changes.size() <= CHANGES_MAX;
  }

  /** Tells all that waits, one after the other. */
  private void tell() {
    while (true) {
      Change change;
      LeaseListener hearer;
      lock.lock();
      try {
        change = changes.poll();
        if (change == null) {
          telling = false;
          return;
        }
        hearer = listener;
        if (change instanceof Change.Raised raised) {
          change = raise(raised);
        }
      } finally {
        lock.unlock();
      }
      boolean told = tell(hearer, change);
      done(change, told);
    }
  }

  /** A grant counts from now on, up to what is recalled behind it. */
  private Change raise(Change.Raised raised) {
    LeaseMode effective = raised.mode;
    for (Change.Lowered lowering : lowerings) {
      effective = lower(effective, lowering.to);
    }
    mode = effective;
    number = raised.number;
    return new Change.Raised(effective, raised.number);
  }

  /** False if the file layer failed: then what it should have done is not done. */
  private static boolean tell(@Nullable LeaseListener hearer, Change change) {
    if (hearer == null) {
      return true;
    }
    try {
      switch (change) {
        case Change.Raised raised -> {
          if (raised.mode != LeaseMode.NONE) {
            hearer.granted(raised.mode);
          }
        }
        case Change.Lowered lowered -> hearer.recall(lowered.to);
        case Change.Lapsed _ -> hearer.uncertain();
      }
      return true;
    } catch (RuntimeException e) {
      LOG.error("a change of the lease was not carried out: {}", change, e);
      return false;
    }
  }

  /** What failed is never acknowledged: the server fences us rather than trust us. */
  private void done(Change change, boolean told) {
    if (!told) {
      return;
    }
    lock.lock();
    try {
      switch (change) {
        case Change.Raised _ -> {}
        case Change.Lowered lowered -> {
          lowerings.remove(lowered);
          given = lower(given, lowered.to);
        }
        case Change.Lapsed _ -> lapses--;
      }
    } finally {
      lock.unlock();
    }
    if (change instanceof Change.Lowered lowered) {
      lowered.acknowledge.run();
    }
  }

  private static LeaseMode lower(LeaseMode a, LeaseMode b) {
    return a.compareTo(b) <= 0 ? a : b;
  }

  private static LeaseMode higher(LeaseMode a, LeaseMode b) {
    return a.compareTo(b) >= 0 ? a : b;
  }
}
