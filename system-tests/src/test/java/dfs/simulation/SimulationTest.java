package dfs.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whole clusters in one thread under everything that can befall them, a different one for each
 * seed: {@code -Ddfs.seed=S -Ddfs.rounds=1} runs one again, step by step the same.
 */
class SimulationTest {
  private static final int SEEDS = 200;
  private static final int SEEDS_LONG = 10_000;
  private static final int SEEDS_FOR_FAULT = 1_000;
  private static final long FIRST_SEED = 1;

  @Test
  void promisesAreKeptWhateverHappens() {
    int seeds =
        Integer.getInteger("dfs.rounds", Boolean.getBoolean("dfs.long") ? SEEDS_LONG : SEEDS);
    long first = Long.getLong("dfs.seed", FIRST_SEED);
    Map<String, Integer> reached = new TreeMap<>();
    int failed = 0;
    int done = 0;
    for (long seed = first; seed < first + seeds; seed++) {
      SimulatedCluster cluster = new SimulatedCluster(seed);
      live(seed, cluster);
      cluster.reached.counts().forEach((what, count) -> reached.merge(what, count, Integer::sum));
      done += cluster.stepsDone();
      failed += cluster.stepsFailed();
    }
    System.out.printf(
        "seeds %d to %d: %d steps done, %d failed; %s%n",
        first, first + seeds - 1, done, failed, reached);
    if (seeds >= SEEDS) {
      for (String what : Reached.WHAT_MATTERS) {
        assertThat(reached.getOrDefault(what, 0)).as("the seeds reach: " + what).isPositive();
      }
    }
  }

  private static void live(long seed, SimulatedCluster cluster) {
    try {
      cluster.live();
    } catch (AssertionError e) {
      throw new AssertionError(
          "-Ddfs.seed=%d: %s; what befell the cluster:%s"
              .formatted(seed, e.getMessage(), cluster.story()),
          e);
    }
  }

  @Test
  void theSameSeedGivesTheSameRun() {
    assertThat(trace(7)).isEqualTo(trace(7)).isNotEqualTo(trace(8));
  }

  private static long trace(long seed) {
    SimulatedCluster cluster = new SimulatedCluster(seed);
    live(seed, cluster);
    return cluster.scheduler.trace();
  }

  @ParameterizedTest
  @EnumSource
  void aPlantedFaultIsFound(Fault fault) {
    for (long seed = fault.seed(); seed < fault.seed() + SEEDS_FOR_FAULT; seed++) {
      SimulatedCluster cluster = new SimulatedCluster(seed, fault::plant);
      try {
        cluster.live();
      } catch (AssertionError e) {
        if (fault.isNamedBy(String.valueOf(e.getMessage()))) {
          System.out.printf(
              "%s: found at seed %d, recorded is %d: %s%n",
              fault, seed, fault.seed(), e.getMessage());
          return;
        }
      }
    }
    throw new AssertionError(fault + " was found by none of " + SEEDS_FOR_FAULT + " seeds");
  }
}
