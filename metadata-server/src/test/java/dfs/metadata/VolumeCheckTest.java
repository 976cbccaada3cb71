package dfs.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.keeper.CopyStates;
import dfs.metadata.keeper.CopyStates.Copy;
import dfs.metadata.keeper.CopyStates.CopyState;
import dfs.metadata.keeper.CopyStates.State;
import dfs.metadata.keeper.CopyStates.Verdict;
import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.Time;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What a report on blocks names, counts and leaves out. */
class VolumeCheckTest {
  private static final List<Query.Place> HERE = List.of(new Query.Place(2, "/here"));
  private static final Caller ANN = new Caller(1001, 2001, List.of());

  private final Map<Long, Verdict> verdicts = new HashMap<>();
  private final Map<Long, Block> blocks = new HashMap<>();
  private final List<Consumer<Survey.Looker>> finds = new ArrayList<>();
  private boolean complete = true;
  private int pauses;

  /** Runs with each pause. */
  private Runnable meanwhile = () -> {};

  private final Time time =
      new Time() {
        private long nanos;

        @Override
        public long monotonicNanos() {
          return nanos;
        }

        @Override
        public long wallNanos() {
          return nanos;
        }

        @Override
        public Timer after(long delay, TimeUnit unit, Runnable task) {
          throw new UnsupportedOperationException();
        }

        @Override
        public void pause(long pauseNanos) {
          nanos += pauseNanos;
          pauses++;
          meanwhile.run();
        }
      };

  private final CopyStates copies =
      new CopyStates() {
        @Override
        public boolean isComplete() {
          return complete;
        }

        @Override
        public Verdict of(Block block) {
          return Objects.requireNonNull(verdicts.get(block.id()));
        }
      };

  private final Survey survey =
      (Survey)
          Proxy.newProxyInstance(
              Survey.class.getClassLoader(),
              new Class<?>[] {Survey.class},
              (proxy, method, arguments) ->
                  switch (method.getName()) {
                    case "block" -> blocks.get(arguments[0]);
                    case "appliedIndex" -> 7L;
                    case "look" -> {
                      finds.forEach(find -> find.accept((Survey.Looker) arguments[2]));
                      yield Reply.Done.DONE;
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                  });

  private void block(long id, State state, int good, boolean confirmed, CopyState... of) {
    List<Copy> list = new ArrayList<>();
    for (CopyState each : of) {
      list.add(new Copy(list.size() + 1, each));
    }
    verdicts.put(id, new Verdict(state, 2, good, confirmed, list));
    blocks.put(id, new Block(id, 1, BlockState.CLOSED, 1, 100, false, List.of(1L, 2L), 0, 0));
  }

  private void file(String path, long... ids) {
    finds.add(
        looker -> {
          looker.file();
          for (long id : ids) {
            looker.block(() -> path, id, blocks.get(id), 100);
          }
        });
  }

  private Map<String, Object> report(List<Query.Place> places, boolean all) {
    VolumeCheck check = new VolumeCheck(survey, () -> copies, time, all);
    assertThat(check.report(Caller.ROOT, places, Set.of(5L))).isInstanceOf(Reply.Report.class);
    return check.asMap(places.isEmpty());
  }

  private static List<String> problems(Map<String, Object> report) {
    return list(report, "problems").stream().map(String::valueOf).toList();
  }

  private static List<?> list(Map<String, Object> report, String name) {
    return (List<?>) Objects.requireNonNull(report.get(name));
  }

  private static Object count(Map<String, Object> report, State state) {
    Map<?, ?> blocks = (Map<?, ?>) Objects.requireNonNull(report.get("blocks"));
    return Objects.requireNonNull(blocks.get(state.text()));
  }

  @Test
  void eachBlockIsCountedOnceAndNamedWithEachFileThatNeedsIt() {
    block(1, State.HEALTHY, 2, true, CopyState.GOOD, CopyState.GOOD);
    block(2, State.UNDER, 1, true, CopyState.GOOD, CopyState.AWAY);
    block(3, State.LOST, 0, true, CopyState.DAMAGED, CopyState.MISSING);
    block(4, State.OVER, 2, true, CopyState.GOOD, CopyState.GOOD);
    file("/here/a", 1, 2);
    file("/here/b", 2, 3, 1);
    file("/here/c", 4);
    Map<String, Object> report = report(HERE, false);
    assertThat(problems(report))
        .containsExactly(
            "/here/a: block 2 is under-replicated, 1 of 2 copies are good:"
                + " server 1 good, server 2 away",
            "/here/b: block 2 is under-replicated, 1 of 2 copies are good:"
                + " server 1 good, server 2 away",
            "/here/b: no good copy of block 3 is left: server 1 damaged, server 2 missing");
    assertThat(report.get("healthy")).isEqualTo(false);
    assertThat(report.get("files")).isEqualTo(3L);
    assertThat(count(report, State.HEALTHY)).isEqualTo(1L);
    assertThat(count(report, State.UNDER)).isEqualTo(1L);
    assertThat(count(report, State.LOST)).isEqualTo(1L);
    assertThat(count(report, State.OVER)).isEqualTo(1L);
    assertThat(list(report, "named")).hasSize(4);
    assertThat(list(report(HERE, true), "named")).hasSize(6);
    assertThat(pauses).as("nothing to wait for").isZero();
  }

  @Test
  void oneCopyTooManyIsNothingWrong() {
    block(4, State.OVER, 2, true, CopyState.GOOD, CopyState.GOOD);
    file("/here/c", 4);
    Map<String, Object> report = report(HERE, false);
    assertThat(report.get("healthy")).isEqualTo(true);
    assertThat(list(report, "named")).hasSize(1);
  }

  @Test
  void aFileWithoutItsBlockOrBeyondItsEndIsNamed() {
    block(1, State.HEALTHY, 2, true, CopyState.GOOD, CopyState.GOOD);
    file("/here/none", 9);
    finds.add(looker -> looker.block(() -> "/here/long", 1, blocks.get(1L), 101));
    assertThat(problems(report(HERE, false)))
        .containsExactly(
            "/here/none: no good copy of block 9 is left",
            "/here/long: has bytes up to 101 of block 1, which ends at 100");
  }

  @Test
  void whoHasNotSaidYetWhatItHasIsWaitedForButNotForLong() {
    block(1, State.UNREACHABLE, 0, false, CopyState.UNCONFIRMED);
    block(2, State.UNDER, 1, false, CopyState.GOOD, CopyState.UNCONFIRMED);
    file("/here/soon", 1);
    file("/here/never", 2);
    meanwhile =
        () -> {
          if (pauses == 3) {
            block(1, State.HEALTHY, 2, true, CopyState.GOOD, CopyState.GOOD);
          }
        };
    Map<String, Object> report = report(HERE, false);
    assertThat(problems(report)).hasSize(1).first().asString().startsWith("/here/never: block 2");
    assertThat(pauses).isEqualTo(120);
  }

  @Test
  void whatWasMendedOrDeletedSinceTheSnapshotIsNotBlamed() {
    block(1, State.UNDER, 1, true, CopyState.GOOD, CopyState.AWAY);
    block(2, State.LOST, 0, true, CopyState.MISSING);
    file("/here/mended", 1);
    file("/here/gone", 2);
    finds.add(
        looker -> {
          block(1, State.HEALTHY, 2, true, CopyState.GOOD, CopyState.GOOD);
          blocks.remove(2L);
        });
    assertThat(report(HERE, false).get("healthy")).isEqualTo(true);
  }

  @Test
  void serversThatHaveJustComeAreWaitedFor() {
    complete = false;
    meanwhile = () -> complete = pauses >= 5;
    report(HERE, false);
    assertThat(pauses).isEqualTo(5);
  }

  @Test
  void aReportHasAnEnd() {
    for (int i = 1; i <= 3000; i++) {
      block(i, State.UNDER, 1, true, CopyState.GOOD, CopyState.AWAY);
      file("/here/" + i, i);
    }
    Map<String, Object> report = report(HERE, false);
    assertThat(problems(report)).hasSize(1000);
    assertThat(report.get("notNamed")).isEqualTo(2000L);
    assertThat(count(report, State.UNDER)).isEqualTo(3000L);
    finds.clear();
    file("/here/" + "x".repeat(300_000), 1);
    assertThat(problems(report(HERE, false)).getFirst()).startsWith("...xxx").contains("block 1");
    finds.clear();
    for (int i = 1; i <= 100; i++) {
      file("/here/" + "x".repeat(4000), i);
    }
    assertThat(problems(report(HERE, false))).hasSizeBetween(38, 42);
  }

  /** Whatever the names: it is one message of the stream, of at most 4 MiB. */
  @Test
  void aReportFitsAMessage() {
    String name = "\u0001".repeat(4000);
    for (int i = 1; i <= 1000; i++) {
      block(i, State.UNDER, 1, true, CopyState.GOOD, CopyState.AWAY);
      finds.add(looker -> looker.closed("/closed/" + name));
      file("/here/" + name, i);
    }
    VolumeCheck check = new VolumeCheck(survey, () -> copies, time, false);
    Reply report = check.report(Caller.ROOT, HERE, Set.of());
    assertThat(((Reply.Report) report).json().getBytes(StandardCharsets.UTF_8))
        .hasSizeLessThan(4 << 20);
  }

  @Test
  void ofEverythingOnlyRootIsTold() {
    finds.add(looker -> looker.mismatch("inode 4 has 2 links, says 1"));
    block(1, State.LOST, 0, true, CopyState.FORGOTTEN);
    finds.add(looker -> looker.block(Objects.requireNonNull(blocks.get(1L))));
    Map<String, Object> report = report(List.of(), false);
    assertThat(problems(report))
        .containsExactly(
            "inode 4 has 2 links, says 1",
            "no good copy of block 1, which no file has now, is left: server 1 forgotten",
            "a replica of block 5 is damaged");
    VolumeCheck check = new VolumeCheck(survey, () -> copies, time, false);
    assertThat(check.report(ANN, List.of(), Set.of()))
        .isInstanceOfSatisfying(
            Reply.Refused.class, no -> assertThat(no.errno()).isEqualTo(Errno.EACCES));
    finds.clear();
    finds.add(looker -> looker.closed("/here/secret"));
    Reply anns = new VolumeCheck(survey, () -> copies, time, false).report(ANN, HERE, Set.of());
    assertThat(((Reply.Report) anns).json())
        .contains("/here/secret: not looked into: permission denied")
        .contains("\"healthy\":false")
        .doesNotContain("inode 4")
        .doesNotContain("block 5");
  }
}
