package dfs.metadata.keeper;

import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.seam.Time;
import dfs.protocol.session.ChunkOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Closed blocks without owners die; dead ones are deleted by their servers, and are gone once all
 * have; nothing of this before all servers have reported, or long after. A member that is lost is
 * not waited for: when it comes back after all, what it has of a block that nobody knows is
 * surplus. Rounds are the keeper's; what servers say comes from the transport's threads.
 */
final class Deletions {
  private static final int BLOCKS_PER_ROUND = 256;
  private static final long AGAIN_NANOS = 30_000_000_000L;

  private final Survey survey;
  private final ChunkServers servers;
  private final LongSupplier term;
  private final Function<Upkeep, @Nullable Reply> propose;
  private final LongPredicate lost;
  private final BooleanSupplier safe;
  private final Outstanding ordered;
  private final Map<Long, Set<Long>> deletedAt = new ConcurrentHashMap<>();

  /** Where the next round goes on: those before may have to wait for a server that is away. */
  private long after;

  /** Nothing was to be done when the blocks had changed so often; looking reads all of them. */
  private long noneOwnerless = -1;

  private long noneDead = -1;

  /**
   * @param propose null when the order did not get through
   * @param lost servers that are not waited for
   * @param safe whether enough servers have reported since the start
   */
  Deletions(
      Survey survey,
      ChunkServers servers,
      LongSupplier term,
      Function<Upkeep, @Nullable Reply> propose,
      LongPredicate lost,
      BooleanSupplier safe,
      Time time) {
    this.survey = survey;
    this.servers = servers;
    this.term = term;
    this.propose = propose;
    this.lost = lost;
    this.safe = safe;
    this.ordered = new Outstanding(time, AGAIN_NANOS);
  }

  void gone(long server) {
    ordered.gone(server);
  }

  void deleted(long server, List<Long> blocks) {
    for (long id : blocks) {
      Block block = survey.block(id);
      if (block != null && block.state() == BlockState.DEAD) {
        deletedAt.computeIfAbsent(id, b -> ConcurrentHashMap.newKeySet()).add(server);
      }
    }
  }

  void condemn() {
    long changes = survey.blockChanges();
    if (changes == noneOwnerless || !safe.getAsBoolean()) {
      return;
    }
    List<Long> ownerless = survey.ownerless(0, BLOCKS_PER_ROUND);
    if (ownerless.isEmpty()) {
      noneOwnerless = changes;
    } else {
      var _ = propose.apply(new Upkeep.CondemnBlocks(ownerless));
    }
  }

  void round() {
    long changes = survey.blockChanges();
    if (changes == noneDead || !safe.getAsBoolean()) {
      return;
    }
    List<Block> page = survey.blocks(BlockState.DEAD, after, BLOCKS_PER_ROUND);
    if (page.isEmpty() && after == 0) {
      noneDead = changes;
      return;
    }
    after = page.size() == BLOCKS_PER_ROUND ? page.getLast().id() : 0;
    List<Long> gone = new ArrayList<>();
    Map<Long, List<Long>> orders = new HashMap<>();
    Set<Long> alive = servers.alive();
    for (Block block : page) {
      Set<Long> left = new HashSet<>(block.servers());
      left.removeAll(deletedAt.getOrDefault(block.id(), Set.of()));
      left.removeIf(lost::test);
      if (left.isEmpty()) {
        gone.add(block.id());
      }
      for (long server : left) {
        if (alive.contains(server) && ordered.take(server, block.id())) {
          orders.computeIfAbsent(server, s -> new ArrayList<>()).add(block.id());
        }
      }
    }
    long mark = survey.allocationMark();
    orders.forEach(
        (server, blocks) ->
            servers.order(server, new ChunkOrder.Delete(blocks, mark, term.getAsLong(), 0)));
    if (!gone.isEmpty() && propose.apply(new Upkeep.BlocksGone(gone)) instanceof Reply.Done) {
      gone.forEach(deletedAt::remove);
      ordered.forget(gone);
    }
  }
}
