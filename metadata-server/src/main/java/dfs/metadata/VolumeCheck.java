package dfs.metadata;

import dfs.metadata.keeper.CopyStates;
import dfs.metadata.keeper.CopyStates.State;
import dfs.metadata.keeper.CopyStates.Verdict;
import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.Block;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Time;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One run of {@code dfs fsck}: the state of each block of the files at and below some places, or of
 * all. Files, maps and blocks are those of one snapshot of the store; how the copies are is what
 * the chunk servers have said by then. It changes nothing, and keeps a bit for each block id and
 * what it names. Used once, by one thread.
 */
final class VolumeCheck implements Survey.Looker {
  /** So many blocks are named, and so many other things that are wrong. */
  private static final int NAMED_MAX = 1000;

  /**
   * No more is named when what is has so many characters: a report is one message, and a character
   * may take six bytes of it.
   */
  private static final int CHARACTERS_MAX = 320 << 10;

  private static final int PATH_CHARACTERS_MAX = 4096;

  /** So many blocks are looked at again because servers had not said yet what they have of them. */
  private static final int LATER_MAX = 10_000;

  /** And as long as their paths have no more characters. */
  private static final int LATER_CHARACTERS_MAX = 4 << 20;

  /**
   * By then a server was asked what it has and has had time to answer; the keeper asks each 5 s.
   */
  private static final long LATER_NANOS = 12_000_000_000L;

  private static final long LOOK_NANOS = 100_000_000L;
  private static final int BITS_LOG2 = 16;

  private final Survey survey;
  private final Supplier<CopyStates> copiesNow;
  private final Time time;
  private final boolean all;
  private final Map<Long, BitSet> seen = new HashMap<>();
  private final Map<State, Long> counts = new EnumMap<>(State.class);
  private final List<String> problems = new ArrayList<>();
  private final List<Object> named = new ArrayList<>();
  private final Set<Long> namedBlocks = new HashSet<>();
  private final List<Later> later = new ArrayList<>();
  private CopyStates copies;
  private long files;
  private long closed;
  private long notNamed;
  private int characters;
  private int laterCharacters;

  /** A block of which somebody has still to say what he has. */
  private record Later(@Nullable String path, long block, boolean counts) {}

  /**
   * @param all blocks that are as they should be are named, too
   */
  VolumeCheck(Survey survey, Supplier<CopyStates> copiesNow, Time time, boolean all) {
    this.survey = survey;
    this.copiesNow = copiesNow;
    this.time = time;
    this.all = all;
    this.copies = copiesNow.get();
    for (State state : State.values()) {
      counts.put(state, 0L);
    }
  }

  /**
   * Runs it.
   *
   * @param damaged blocks of which somebody has a damaged replica, whether it is needed or not
   */
  Reply report(Caller caller, List<Query.Place> places, Set<Long> damaged) {
    boolean whole = places.isEmpty();
    if (whole && !caller.isRoot()) {
      return Reply.refused(
          Errno.EACCES, "only root, or who has the cluster key, looks at everything: say a path");
    }
    long deadline = time.monotonicNanos() + LATER_NANOS;
    while (!copies.isComplete() && waited(deadline)) {
      copies = copiesNow.get();
    }
    if (survey.look(caller, places, this) instanceof Reply.Refused refused) {
      return refused;
    }
    lookAgain(deadline);
    if (whole) {
      damaged.stream()
          .filter(block -> !namedBlocks.contains(block))
          .forEach(block -> problem("a replica of block " + block + " is damaged"));
    }
    return new Reply.Report(Json.write(asMap(whole)));
  }

  /** What was found, as it is reported. */
  Map<String, Object> asMap(boolean whole) {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("healthy", problems.isEmpty() && notNamed == 0);
    report.put("problems", problems);
    report.put("whole", whole);
    report.put("files", files);
    report.put("directoriesLeftOut", closed);
    Map<String, Object> blocks = new LinkedHashMap<>();
    counts.forEach((state, count) -> blocks.put(state.text(), count));
    report.put("blocks", blocks);
    report.put("named", named);
    report.put("notNamed", notNamed);
    report.put("appliedIndex", survey.appliedIndex());
    return report;
  }

  /** Waits a little; whether there is still time to look again. */
  private boolean waited(long deadline) {
    time.pause(LOOK_NANOS);
    return time.monotonicNanos() < deadline && !Thread.currentThread().isInterrupted();
  }

  private void problem(String text) {
    if (problems.size() < NAMED_MAX && characters + text.length() <= CHARACTERS_MAX) {
      characters += text.length();
      problems.add(text);
    } else {
      notNamed++;
    }
  }

  @Override
  public void mismatch(String line) {
    problem(line);
  }

  @Override
  public void file() {
    files++;
  }

  @Override
  public void closed(String path) {
    closed++;
    problem(shortened(path) + ": not looked into: permission denied");
  }

  @Override
  public void block(Supplier<String> path, long id, @Nullable Block block, long endBytes) {
    boolean first = isNew(id);
    if (block == null || !mayBeRead(block)) {
      tell(path.get(), id, 0, new Verdict(State.LOST, 1, 0, true, List.of()), first);
      return;
    }
    if (block.state() != Survey.BlockState.OPEN && endBytes > block.lengthBytes()) {
      problem(
          "%s: has bytes up to %d of block %d, which ends at %d"
              .formatted(shortened(path.get()), endBytes, id, block.lengthBytes()));
    }
    look(path, block, first);
  }

  /** What was relocated and went nowhere, and what is dead, has no bytes. */
  private static boolean mayBeRead(Block block) {
    return switch (block.state()) {
      case OPEN, SEALED, CLOSED -> true;
      case DEAD, GONE, RELOCATED -> false;
    };
  }

  @Override
  public void block(Block block) {
    if (isNew(block.id())) {
      look(null, block, true);
    }
  }

  private boolean isNew(long id) {
    BitSet bits = seen.computeIfAbsent(id >> BITS_LOG2, high -> new BitSet(1 << BITS_LOG2));
    int bit = (int) (id & ((1 << BITS_LOG2) - 1));
    boolean first = !bits.get(bit);
    bits.set(bit);
    return first;
  }

  /** What does not look well may have changed since the snapshot: the state says how it is now. */
  private void look(@Nullable Supplier<String> path, Block block, boolean first) {
    Verdict verdict = copies.of(block);
    boolean settled = verdict.state().isWell() && verdict.confirmed();
    if (!settled && later.size() < LATER_MAX && laterCharacters < LATER_CHARACTERS_MAX) {
      String shown = path == null ? null : shortened(path.get());
      laterCharacters += shown == null ? 0 : shown.length();
      later.add(new Later(shown, block.id(), first));
    } else if (first || all || !verdict.state().isWell()) {
      tell(path == null ? null : path.get(), block.id(), block.lengthBytes(), verdict, first);
    }
  }

  /** Looks again until all have said what they have, or had time to. */
  private void lookAgain(long deadline) {
    copies = copiesNow.get();
    boolean waiting = true;
    for (Later one : later) {
      Block block = survey.block(one.block());
      while (waiting && block != null && mayBeRead(block) && !copies.of(block).confirmed()) {
        waiting = waited(deadline);
        copies = copiesNow.get();
        block = survey.block(one.block());
      }
      // What has gone since was not needed any more.
      if (block != null && mayBeRead(block)) {
        tell(one.path(), one.block(), block.lengthBytes(), copies.of(block), one.counts());
      }
    }
  }

  private void tell(
      @Nullable String path, long id, long lengthBytes, Verdict verdict, boolean first) {
    if (first) {
      counts.merge(verdict.state(), 1L, Long::sum);
    }
    boolean well = verdict.state().isWell();
    if (well && !all && verdict.state() != State.OVER) {
      return;
    }
    String shown = path == null ? "" : shortened(path);
    if (named.size() >= NAMED_MAX || characters + shown.length() > CHARACTERS_MAX) {
      notNamed += well ? 0 : 1;
      return;
    }
    characters += shown.length();
    if (!well) {
      namedBlocks.add(id);
      problem((path == null ? "" : shown + ": ") + sentence(id, verdict, path == null));
    }
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("path", shown);
    one.put("block", id);
    one.put("state", verdict.state().text());
    one.put("lengthBytes", lengthBytes);
    one.put("copiesWanted", verdict.wanted());
    one.put("copiesGood", verdict.good());
    List<Object> where = new ArrayList<>();
    for (CopyStates.Copy copy : verdict.copies()) {
      Map<String, Object> shownCopy = new LinkedHashMap<>();
      shownCopy.put("server", copy.server());
      shownCopy.put("state", copy.state().text());
      where.add(shownCopy);
    }
    one.put("copies", where);
    named.add(one);
  }

  private static String shortened(String path) {
    return path.length() <= PATH_CHARACTERS_MAX
        ? path
        : "..." + path.substring(path.length() - PATH_CHARACTERS_MAX);
  }

  private static String sentence(long id, Verdict verdict, boolean past) {
    String where =
        verdict.copies().stream()
            .map(copy -> "server %d %s".formatted(copy.server(), copy.state().text()))
            .collect(Collectors.joining(", "));
    String block = "block " + id + (past ? ", which no file has now," : "");
    String what =
        switch (verdict.state()) {
          case LOST -> "no good copy of " + block + " is left";
          case UNREACHABLE -> block + " cannot be read now";
          default ->
              "%s is %s, %d of %d copies are good"
                  .formatted(block, words(verdict.state()), verdict.good(), verdict.wanted());
        };
    return where.isEmpty() ? what : what + ": " + where;
  }

  private static String words(State state) {
    return switch (state) {
      case HEALTHY, OPEN, CORRUPT, UNREACHABLE, LOST -> state.text();
      case OVER -> "over-replicated";
      case UNDER -> "under-replicated";
    };
  }
}
