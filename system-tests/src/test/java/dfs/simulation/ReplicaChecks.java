package dfs.simulation;

import dfs.metadata.namespace.Survey;
import dfs.metadata.namespace.Survey.Block;
import dfs.metadata.namespace.Survey.BlockState;
import dfs.protocol.session.ChunkMessage;
import dfs.protocol.session.ChunkOrder;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What must hold of replicas by what chunk servers say: none deletes what the state gives it, and
 * each has what it said was durable.
 */
final class ReplicaChecks implements SimulatedNetwork.Tap {
  private final SimulatedCluster cluster;
  private final Acknowledgements acknowledgements;

  /** What processes have named since they were welcomed, until they have named all. */
  private final Map<Integer, Set<Long>> naming = new HashMap<>();

  ReplicaChecks(SimulatedCluster cluster, Acknowledgements acknowledgements) {
    this.cluster = cluster;
    this.acknowledgements = acknowledgements;
  }

  /** What a metadata server orders that is no more makes no difference. */
  @Override
  public List<Object> pass(SimulatedProcess from, SimulatedProcess to, Object message) {
    if (cluster.isDeposed(from)) {
      if (isOrder(message)) {
        cluster.reached.count(Reached.ORDER_OF_AN_OLDER_TERM);
      }
      if (!(message instanceof ChunkOrder.Welcome)) {
        return List.of(message);
      }
    }
    switch (message) {
      case ChunkMessage.Deleted deleted -> {
        for (long block : deleted.blocks()) {
          acknowledgements.forget(from.machine(), block);
          deleted(cluster.server(from.machine()).id(), cluster.survey().block(block));
        }
      }
      case ChunkMessage.Report report -> {
        cluster.reported(from, to);
        report(from, report);
      }
      case ChunkOrder.Welcome _ -> naming.put(to.number(), new HashSet<>());
      case ChunkOrder.Delete order ->
          order.blocks().forEach(block -> acknowledgements.doom(to.machine(), block));
      case ChunkOrder.Copy order -> acknowledgements.copied(to.machine(), order.block().block());
      case ChunkOrder.SealAt order ->
          order
              .blocks()
              .forEach(b -> acknowledgements.cut(to.machine(), b.block(), b.lengthBytes()));
      default -> {}
    }
    return List.of(message);
  }

  private static boolean isOrder(Object message) {
    return message instanceof ChunkOrder.Delete
        || message instanceof ChunkOrder.Copy
        || message instanceof ChunkOrder.Compact
        || message instanceof ChunkOrder.SealAt
        || message instanceof ChunkOrder.SealLongest;
  }

  private void report(SimulatedProcess from, ChunkMessage.Report report) {
    for (ChunkMessage.BlockState block : report.blocks()) {
      Block known = cluster.survey().block(block.block());
      boolean cut = known != null && known.lengthBytes() == block.lengthBytes();
      if (!cut || block.state() == Acknowledgements.DAMAGED) {
        fail(acknowledgements.wrong(from.machine(), block, cluster.isRotten(from.machine())));
      }
      acknowledgements.reported(from.machine(), block);
    }
    Set<Long> named = naming.get(from.number());
    if (named != null) {
      report.blocks().forEach(block -> named.add(block.block()));
      if (report.last()) {
        naming.remove(from.number());
        fail(acknowledgements.missing(from.machine(), named));
      }
    }
  }

  private void fail(@Nullable String wrong) {
    if (wrong != null) {
      cluster.scheduler.fail(new AssertionError(wrong));
    }
  }

  private void deleted(long server, @Nullable Block block) {
    if (block == null || block.state().compareTo(BlockState.DEAD) >= 0) {
      return;
    }
    if (block.servers().contains(server)) {
      fail(whoseIs(block) + " was deleted: server %d deleted %s".formatted(server, block));
    }
    cluster.reached.count(Reached.SURPLUS_DELETED);
  }

  private String whoseIs(Block block) {
    Survey survey = cluster.survey();
    if (block.state() != BlockState.CLOSED) {
      return "a block that is not closed";
    }
    if (!survey.isOwned(block.id())) {
      return "a block that nobody condemned";
    }
    return cluster.metadata.blocksNamed().contains(block.id())
        ? "a block that a file names"
        : "a block that the past names";
  }
}
