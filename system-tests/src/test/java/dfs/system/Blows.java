package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.client.metadata.StreamSession;
import dfs.protocol.metadata.Reply.BlockPlace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Kills or stops of chunk servers just when bytes of a block come to them, as their files show; and
 * which part in its chain each had, as the metadata shows later. That bytes were in flight is known
 * from what the victim has: more of the block than was ever acknowledged.
 */
final class Blows {
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long GROWTH_LOOK_NANOS = TimeUnit.MICROSECONDS.toNanos(200);
  private static final long GROWTH_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long STRIKE_NANOS = TimeUnit.SECONDS.toNanos(20);

  /** The stream has synced when a block has so much: then its file names the block. */
  private static final long BEGUN_BYTES = KillLoad.SYNCED_BYTES + KillLoad.SYNCED_BYTES / 2;

  /** Of this share of the rounds one that was killed must have had bytes in flight. */
  private static final double SHARE_MIN = 0.8;

  /** Of fewer it may be by chance that none had. */
  private static final int ROUNDS_MIN = 3;

  private final ServerProcesses servers;
  private final int count;
  private final int copies;
  private final Random random;
  private final Signal signal;
  private final List<Blow> open = new ArrayList<>();
  private final Map<Part, Integer> parts = new EnumMap<>(Part.class);
  private final Set<Integer> hitRounds = new LinkedHashSet<>();
  private int rounds;

  /** What a victim gets. */
  enum Signal {
    KILL,
    STOP
  }

  /** Of a server in the chain of a block. */
  private enum Part {
    HEAD,
    MIDDLE,
    TAIL
  }

  /**
   * A server that died or stood still while a block was written.
   *
   * @param bytes of the block that it has
   */
  private record Blow(int round, String stream, long server, long block, long bytes) {}

  /** A block and the servers that have some of it, by number. */
  private record Written(long block, List<Integer> members) {}

  /**
   * @param count of chunk servers, from 1 on
   * @param copies of each block
   */
  Blows(ServerProcesses servers, int count, int copies, Random random, Signal signal) {
    this.servers = servers;
    this.count = count;
    this.copies = copies;
    this.random = random;
    this.signal = signal;
  }

  /**
   * Strikes so many at once, the first as soon as the block of a file has grown on it.
   *
   * @param stream the only file that is written and has blocks of its own
   * @return their numbers
   */
  List<Integer> strike(int victims, String stream) throws Exception {
    Map<Integer, Long> ids = servers.ids();
    long since = System.nanoTime();
    while (true) {
      assertThat(System.nanoTime() - since).as("until a block grows").isLessThan(STRIKE_NANOS);
      Written written = growing();
      if (written == null) {
        continue;
      }
      int first = written.members().get(random.nextInt(written.members().size()));
      Set<Integer> chosen = new LinkedHashSet<>(List.of(first));
      while (chosen.size() < victims) {
        chosen.add(1 + random.nextInt(count));
      }
      if (!grows(servers.blockFile(first, written.block()))) {
        continue;
      }
      for (int victim : chosen) {
        if (signal == Signal.KILL) {
          servers.chunk(victim).kill();
        } else {
          servers.chunk(victim).pause();
        }
      }
      for (int victim : chosen) {
        Path file = servers.blockFile(victim, written.block());
        if (Files.exists(file)) {
          open.add(
              new Blow(
                  rounds, stream, ids.getOrDefault(victim, 0L), written.block(), Files.size(file)));
        }
      }
      rounds++;
      return List.copyOf(chosen);
    }
  }

  /** The block of one file alone that gets most bytes, which all its members have begun with. */
  private @Nullable Written growing() throws IOException {
    Map<Integer, Map<Long, Long>> before = new HashMap<>();
    for (int server = 1; server <= count; server++) {
      before.put(server, servers.blockBytes(server));
    }
    LockSupport.parkNanos(LOOK_NANOS);
    Map<Long, Long> growth = new HashMap<>();
    Map<Long, List<Integer>> members = new HashMap<>();
    Set<Long> begun = new HashSet<>();
    for (int server = 1; server <= count; server++) {
      Map<Long, Long> known = before.getOrDefault(server, Map.of());
      for (Map.Entry<Long, Long> now : servers.blockBytes(server).entrySet()) {
        long grown = now.getValue() - known.getOrDefault(now.getKey(), now.getValue());
        growth.merge(now.getKey(), grown, Long::sum);
        if (now.getValue() >= BEGUN_BYTES) {
          begun.add(now.getKey());
        }
        members.computeIfAbsent(now.getKey(), block -> new ArrayList<>()).add(server);
      }
    }
    growth.keySet().removeIf(block -> members.getOrDefault(block, List.of()).size() != copies);
    Written most = null;
    long bytes = 0;
    for (Map.Entry<Long, Long> grown : growth.entrySet()) {
      List<Integer> having = members.getOrDefault(grown.getKey(), List.of());
      if (grown.getValue() > bytes
          && begun.contains(grown.getKey())
          && servers.isSolo(having.getFirst(), grown.getKey())) {
        most = new Written(grown.getKey(), having);
        bytes = grown.getValue();
      }
    }
    return most;
  }

  private static boolean grows(Path file) throws IOException {
    long since = System.nanoTime();
    long before = Files.size(file);
    while (Files.size(file) <= before) {
      if (System.nanoTime() - since > GROWTH_NANOS) {
        return false;
      }
      LockSupport.parkNanos(GROWTH_LOOK_NANOS);
    }
    return true;
  }

  /**
   * Sees what parts those had who were just killed: before what they had is copied elsewhere, and
   * others take their places.
   */
  void judge(StreamSession session) throws IOException {
    for (Blow blow : open) {
      for (BlockPlace place : CopiesTest.map(session, blow.stream()).blocks()) {
        int at = place.servers().indexOf(blow.server());
        if (place.block() != blow.block() || at < 0) {
          continue;
        }
        if (place.sealed() && blow.bytes() > place.lengthBytes()) {
          hitRounds.add(blow.round());
          parts.merge(part(at, place.servers().size()), 1, Integer::sum);
        }
      }
    }
    open.clear();
  }

  private static Part part(int at, int members) {
    if (at == 0) {
      return Part.HEAD;
    }
    return at == members - 1 ? Part.TAIL : Part.MIDDLE;
  }

  /** Enough of them hit; each part, if there were many rounds. */
  void check(boolean many) {
    System.out.println(
        "in %d of %d rounds bytes were in flight to whom was struck: %s"
            .formatted(hitRounds.size(), rounds, parts));
    if (rounds >= ROUNDS_MIN) {
      assertThat(hitRounds).as("rounds with bytes in flight").isNotEmpty();
    }
    if (many) {
      assertThat((double) hitRounds.size()).isGreaterThanOrEqualTo(SHARE_MIN * rounds);
      List<Part> all = copies > 2 ? List.of(Part.values()) : List.of(Part.HEAD, Part.TAIL);
      assertThat(parts.keySet()).containsExactlyInAnyOrderElementsOf(all);
    }
  }
}
