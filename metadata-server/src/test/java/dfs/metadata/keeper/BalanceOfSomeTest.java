package dfs.metadata.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.keeper.KeeperBed.Server;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What balancing does where the fullest server, or the emptiest, is not the one to look at. */
class BalanceOfSomeTest {
  private static final long BLOCK = 1L << 26;
  private static final long DISK = 1L << 30;

  private void run(KeeperBed bed, long seconds, List<Server> all, Map<Server, Long> foreign) {
    for (long i = 0; i < seconds; i++) {
      for (Server s : all) {
        s.totalBytes = DISK;
        s.freeBytes = DISK - foreign.getOrDefault(s, 0L) - s.replicas.size() * BLOCK;
      }
      bed.run(1);
      all.forEach(Server::obey);
    }
  }

  /** h1 {one}, h2 {two, three}: three is new and empty; two could give it half. */
  @Test
  void aNewDiskBesideAFullOneOnTheSameHostIsFilled() {
    KeeperBed bed = new KeeperBed(2);
    Server one = bed.server();
    Server two = bed.server();
    Server three = bed.server();
    one.host = "h1";
    two.host = "h2";
    three.host = "h2";
    List<Server> all = List.of(one, two, three);
    all.forEach(Server::here);
    for (int i = 0; i < 12; i++) {
      long b = bed.open(bed.session, one, two);
      bed.file("f" + i, b, 0, BLOCK);
      bed.seal(b, BLOCK, true);
      one.has(b, BLOCK, Replicas.SEALED);
      two.has(b, BLOCK, Replicas.SEALED);
    }
    run(bed, 600, all, Map.of(one, 1L));
    assertThat(three.replicas.size()).isGreaterThan(3);
  }

  /** one has a disk that is full of other things, and no block. */
  @Test
  void aDiskThatOthersFilledStopsNoBalance() {
    KeeperBed bed = new KeeperBed(1);
    Server one = bed.server().here();
    Server two = bed.server().here();
    Server three = bed.server().here();
    List<Server> all = List.of(one, two, three);
    for (int i = 0; i < 12; i++) {
      long b = bed.open(bed.session, two);
      bed.file("f" + i, b, 0, BLOCK);
      bed.seal(b, BLOCK, true);
      two.has(b, BLOCK, Replicas.SEALED);
    }
    run(bed, 600, all, Map.of(one, 13 * BLOCK));
    assertThat(three.replicas.size()).isGreaterThan(3);
  }

  /** One lost block of thirteen. */
  @Test
  void aLostBlockStopsNoBalance() {
    KeeperBed bed = new KeeperBed(1);
    Server two = bed.server().here();
    Server three = bed.server().here();
    List<Server> all = List.of(two, three);
    for (int i = 0; i < 12; i++) {
      long b = bed.open(bed.session, two);
      bed.file("f" + i, b, 0, BLOCK);
      bed.seal(b, BLOCK, true);
      two.has(b, i == 0 ? 0 : BLOCK, i == 0 ? Replicas.DAMAGED : Replicas.SEALED);
    }
    run(bed, 600, all, Map.of());
    assertThat(three.replicas.size()).isGreaterThan(3);
  }

  /** Weight 2, full to the brim; the third is empty. */
  @Test
  void oneThatIsFullDespiteItsWeightStopsNoBalance() {
    KeeperBed bed = new KeeperBed(1);
    Server one = bed.server().here();
    Server two = bed.server().here();
    Server three = bed.server().here();
    three.weight = 4000;
    List<Server> all = List.of(one, two, three);
    for (int i = 0; i < 14; i++) {
      long b = bed.open(bed.session, two);
      bed.file("f" + i, b, 0, BLOCK);
      bed.seal(b, BLOCK, true);
      two.has(b, BLOCK, Replicas.SEALED);
    }
    three.refuses = true; // as a full one does
    run(bed, 600, all, Map.of(three, 16 * BLOCK, one, 7 * BLOCK));
    assertThat(one.replicas.size()).isGreaterThan(1);
  }
}
