package dfs.metadata.keeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dfs.metadata.keeper.KeeperBed.Server;
import dfs.protocol.session.ChunkMessage.DirectoryState;
import dfs.protocol.session.ChunkOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where blocks go: apart from each other, and by space and weight. */
class PlacementTest {
  private static final long LENGTH = 1000;

  /** More than are made at a time. */
  private static final int COPIES = 20;

  private static final int PLACEMENTS = 20_000;

  private KeeperBed bed;
  private final List<Server> all = new ArrayList<>();

  @BeforeEach
  void prepare() {
    bed = new KeeperBed(2);
    for (int i = 0; i < 4; i++) {
      all.add(bed.server());
    }
  }

  private Server server(int number) {
    return all.get(number);
  }

  private void here() {
    all.forEach(Server::here);
    all.forEach(Server::beat);
    bed.run(1);
  }

  /** How often each server, by its place in the list, got a block of one copy. */
  private double[] shares() {
    Map<Long, Integer> counts = new HashMap<>();
    for (int i = 0; i < PLACEMENTS; i++) {
      counts.merge(bed.servers.place(1).servers().getFirst(), 1, Integer::sum);
    }
    return all.stream()
        .mapToDouble(server -> counts.getOrDefault(server.id, 0) / (double) PLACEMENTS)
        .toArray();
  }

  @Test
  void sharesFollowSpaceByWeight() {
    server(0).freeBytes = 1L << 38;
    server(1).freeBytes = 1L << 39;
    server(2).freeBytes = 1L << 38;
    server(2).weight = 4 * DirectoryState.WEIGHT_USUAL;
    server(3).freeBytes = 1L << 40;
    server(3).weight = DirectoryState.WEIGHT_USUAL / 4;
    here();
    assertThat(shares())
        .containsExactly(new double[] {1 / 8d, 2 / 8d, 4 / 8d, 1 / 8d}, within(.02));
  }

  @Test
  void withoutAWeightOneCountsAsUsual() {
    server(0).weight = 0;
    here();
    assertThat(shares()).containsExactly(new double[] {.25, .25, .25, .25}, within(.02));
  }

  @Test
  void whoIsSuspectGetsNothingAsLongAsEnoughOthersAreLeft() {
    here();
    Set<Long> suspects = Set.of(server(0).id, server(1).id);
    for (int i = 0; i < 100; i++) {
      assertThat(bed.servers.place(3, 0, suspects).servers())
          .containsExactlyInAnyOrder(server(2).id, server(3).id);
    }
    server(2).leave();
    Set<Long> found = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      found.addAll(bed.servers.place(2, 0, suspects).servers());
    }
    assertThat(found).as("the hint is ignored").hasSize(3);
  }

  @Test
  void whoIsMuchSlowerThanTheOthersGetsNothingAsLongAsEnoughAreLeft() {
    all.forEach(server -> server.flushNanos = 9_000_000);
    server(0).flushNanos = 199_000_000;
    server(1).flushNanos = 80_000_000;
    here();
    assertThat(bed.servers.place(4).servers()).as("slow, and not very").hasSize(4);
    server(0).flushNanos = 400_000_000;
    server(0).beat();
    assertThat(SlowServers.among(bed.servers.conditions()))
        .containsExactly(new SlowServers.Slow(server(0).id, 400_000_000, 9_000_000));
    for (int i = 0; i < 100; i++) {
      assertThat(bed.servers.place(4).servers()).hasSize(3).doesNotContain(server(0).id);
    }
    List.of(server(1), server(2)).forEach(Server::leave);
    assertThat(bed.servers.place(2).servers()).as("it is better than none").hasSize(2);
    all.forEach(server -> server.flushNanos = 400_000_000);
    List.of(server(0), server(3)).forEach(Server::beat);
    assertThat(SlowServers.among(bed.servers.conditions())).as("all alike").isEmpty();
  }

  @Test
  void whoIsSilentForThreeSecondsGetsNothing() {
    here();
    server(0).silent = true;
    bed.run(2);
    assertThat(bed.servers.place(4).servers()).as("it may be late").hasSize(4);
    bed.run(1);
    for (int i = 0; i < 100; i++) {
      assertThat(bed.servers.place(4).servers()).hasSize(3).doesNotContain(server(0).id);
    }
    List.of(server(1), server(2), server(3)).forEach(server -> server.silent = true);
    bed.run(3);
    assertThat(bed.servers.place(1)).isEqualTo(new ChunkServers.Placement(List.of(), false));
    server(0).silent = false;
    bed.run(1);
    assertThat(bed.servers.place(1).servers()).containsExactly(server(0).id);
  }

  private boolean isShort(long totalBytes, long freeBytes) {
    for (Server server : all) {
      server.totalBytes = totalBytes;
      server.freeBytes = freeBytes;
      server.beat();
    }
    return bed.servers.isShortOfSpace(2);
  }

  @Test
  void aTenthOfADiskIsPlentyAndSoAreSixteenGibibytes() {
    here();
    assertThat(isShort(1L << 40, 17L << 30)).isFalse();
    assertThat(isShort(1L << 40, 15L << 30)).isTrue();
    assertThat(isShort(100L << 30, 11L << 30)).isFalse();
    assertThat(isShort(100L << 30, 9L << 30)).isTrue();
  }

  @Test
  void whatWeighsNothingGetsNothing() {
    server(0).weight = DirectoryState.WEIGHT_NONE;
    here();
    assertThat(shares()).containsExactly(new double[] {0, 1 / 3d, 1 / 3d, 1 / 3d}, within(.02));
    assertThat(bed.servers.place(4).servers()).hasSize(3).doesNotContain(server(0).id);
    assertThat(bed.servers.isShortOfSpace(4)).isFalse();
    all.forEach(server -> server.weight = DirectoryState.WEIGHT_NONE);
    all.forEach(Server::beat);
    assertThat(bed.servers.place(1)).isEqualTo(new ChunkServers.Placement(List.of(), false));
  }

  @Test
  void copiesGoToDifferentHostsThenToDifferentDisks() {
    server(0).host = server(1).host = server(2).host = "a";
    server(0).device = server(1).device = "a";
    server(3).freeBytes = 1L << 30;
    here();
    for (int i = 0; i < 100; i++) {
      assertThat(bed.servers.place(2).servers()).as("a full host is better").contains(server(3).id);
      assertThat(bed.servers.place(3).servers()).contains(server(2).id, server(3).id);
    }
  }

  @Test
  void aNewCopyGoesWhereNoOtherIs() {
    server(0).host = server(1).host = server(2).host = "a";
    server(3).freeBytes = 1L << 30;
    here();
    for (int i = 0; i < COPIES; i++) {
      bed.sealed(2, LENGTH, server(0), server(1));
    }
    server(1).leave();
    for (int i = 0; i < 60; i++) {
      bed.run(1);
      List.of(server(2), server(3)).forEach(Server::obey);
    }
    assertThat(server(3).told(ChunkOrder.Copy.class)).hasSize(COPIES);
    assertThat(server(2).told(ChunkOrder.Copy.class)).as("on the same host").isEmpty();
  }

  @Test
  void ofTooManyCopiesThoseStayThatAreApart() {
    server(1).host = server(2).host = "a";
    here();
    long block = bed.sealed(2, LENGTH, server(1), server(2), server(3));
    bed.run(20);
    assertThat(bed.members(block)).hasSize(2).contains(server(3).id);
  }

  @Test
  void copiesThatAreLostTogetherAreCounted() {
    server(0).host = server(1).host = server(2).host = "a";
    server(0).device = server(1).device = "a";
    here();
    bed.sealed(2, LENGTH, server(0), server(1));
    bed.sealed(2, LENGTH, server(0), server(2));
    bed.sealed(2, LENGTH, server(0), server(3));
    bed.sealed(1, LENGTH, server(0));
    bed.run(10);
    Health health = bed.keeper.health();
    assertThat(health.onOneHost()).isEqualTo(2);
    assertThat(health.onOneDisk()).isEqualTo(1);
  }
}
