package dfs.metadata.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.keeper.KeeperBed.Server;
import dfs.protocol.session.ChunkOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Copies go from full servers to empty ones. */
class BalanceTest {
  private static final long BLOCK_BYTES = 1L << 26;
  private static final long DISK_BYTES = 1L << 30;
  private static final int BLOCKS = 12;

  private final KeeperBed bed = new KeeperBed(2);
  private final Server one = bed.server().here();
  private final Server two = bed.server().here();
  private final Server three = bed.server().here();
  private final List<Server> all = List.of(one, two, three);
  private final List<Long> blocks = new ArrayList<>();

  @BeforeEach
  void fill() {
    for (int i = 0; i < BLOCKS; i++) {
      long block = bed.open(bed.session, one, two);
      bed.file("file" + i, block, 0, BLOCK_BYTES);
      bed.seal(block, BLOCK_BYTES, true);
      one.has(block, BLOCK_BYTES, Replicas.SEALED);
      two.has(block, BLOCK_BYTES, Replicas.SEALED);
      blocks.add(block);
    }
    for (Server server : all) {
      server.totalBytes = DISK_BYTES;
    }
    measure();
  }

  private void measure() {
    for (Server server : all) {
      server.freeBytes = DISK_BYTES - server.replicas.size() * BLOCK_BYTES;
    }
  }

  private void run(long seconds) {
    for (long i = 0; i < seconds; i++) {
      bed.run(1);
      all.forEach(Server::obey);
      measure();
      assertThat(blocks)
          .as("each block has its copies at any time")
          .allMatch(
              block ->
                  bed.members(block).stream()
                      .allMatch(
                          id ->
                              all.stream()
                                  .anyMatch(s -> s.id == id && s.replicas.containsKey(block))));
    }
  }

  private long copiesOrdered() {
    return all.stream().mapToLong(server -> server.told(ChunkOrder.Copy.class).size()).sum();
  }

  @Test
  void copiesGoFromTheFullestToTheEmptiestUntilAllAreAboutAsFull() {
    run(300);
    assertThat(all).allMatch(server -> server.replicas.size() == 2 * BLOCKS / 3);
    assertThat(blocks).allMatch(block -> bed.members(block).size() == 2);
    long moved = copiesOrdered();
    assertThat(moved).as("nothing goes to and fro").isEqualTo(2 * BLOCKS / 3);
    run(300);
    assertThat(copiesOrdered()).isEqualTo(moved);
  }

  @Test
  void fewCopiesAreMovedAtATime() {
    bed.run(20);
    assertThat(copiesOrdered()).isEqualTo(2);
  }

  @Test
  void noTwoCopiesAreBroughtTogetherOnOneDisk() {
    for (Server server : List.of(two, three)) {
      server.leave();
      server.host = "the same";
      server.device = "the same";
      server.incarnation++;
      server.here();
    }
    run(300);
    assertThat(blocks)
        .allMatch(block -> bed.members(block).contains(one.id) && bed.members(block).size() == 2);
  }

  @Test
  void whatIsWantedMoreUrgentlyComesFirst() {
    three.has(blocks.getFirst(), 0, Replicas.DAMAGED);
    one.has(blocks.getFirst(), 0, Replicas.DAMAGED);
    bed.run(30);
    assertThat(copiesOrdered()).as("of the damaged one, and no other").isEqualTo(1);
  }

  @Test
  void aServerThatMakesNoCopyLosesNothing() {
    three.refuses = true;
    run(100);
    assertThat(three.replicas).isEmpty();
    assertThat(blocks).allMatch(block -> bed.members(block).equals(List.of(one.id, two.id)));
    three.refuses = false;
    run(200);
    assertThat(three.replicas).hasSize(2 * BLOCKS / 3);
  }
}
