package dfs.metadata.keeper;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.block.Capability;
import dfs.protocol.session.ChunkOrder;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which keys sign, and which are trusted, while time passes. */
class CapabilityKeysTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long PERIOD = 10 * SECOND;
  private static final ClusterKey CLUSTER = new ClusterKey(ByteString.copyFromUtf8("a secret"));

  private final KeeperBed.Clock clock = new KeeperBed.Clock();
  private final CapabilityKeys keys = new CapabilityKeys(CLUSTER, clock, PERIOD);

  private static Capability good(ByteString signed, List<ChunkOrder.Key> trusted) {
    return requireNonNull(verified(signed, trusted));
  }

  private static @Nullable Capability verified(ByteString signed, List<ChunkOrder.Key> trusted) {
    Map<Integer, ByteString> secrets =
        trusted.stream().collect(Collectors.toMap(ChunkOrder.Key::id, ChunkOrder.Key::secret));
    return Capability.verify(signed, secrets::get);
  }

  /** Told at most so long ago: a chunk server may know no later ones. */
  private void expectGood(ByteString signed, NavigableMap<Long, List<ChunkOrder.Key>> told) {
    long oldest = told.floorKey(Math.max(told.firstKey(), clock.nanos - 2 * SECOND));
    told.tailMap(oldest).values().forEach(set -> assertThat(verified(signed, set)).isNotNull());
  }

  @Test
  void whatIsSignedIsGoodUntilItEndsForWhomeverIsHere() {
    TreeMap<Long, List<ChunkOrder.Key>> told = new TreeMap<>();
    TreeMap<Long, ByteString> signed = new TreeMap<>();
    Set<Integer> used = new HashSet<>();
    for (int second = 0; second < 80; second++) {
      clock.nanos += second == 40 ? 5 * PERIOD : SECOND;
      keys.roll();
      told.put(clock.nanos, keys.keys());
      signed.put(clock.nanos, keys.toWrite(1, 100, 7));
      for (Map.Entry<Long, ByteString> one :
          signed.tailMap(clock.nanos - PERIOD, false).entrySet()) {
        expectGood(one.getValue(), told);
      }
      used.add(good(signed.lastEntry().getValue(), keys.keys()).keyId());
    }
    assertThat(used).hasSizeBetween(8, 9);
    assertThat(keys.keys()).hasSizeLessThanOrEqualTo(5);
    assertThat(verified(signed.firstEntry().getValue(), keys.keys())).as("long over").isNull();
  }

  @Test
  void nothingIsGoodForLongerThanItsKeyIsTrusted() {
    Capability capability = good(keys.toWrite(1, 100, 7), keys.keys());
    assertThat(capability.expiryNanos()).isEqualTo(clock.nanos + PERIOD);
    assertThat(good(keys.toRead(1, 0, 100, 7), keys.keys()).expiryNanos())
        .isEqualTo(clock.nanos + PERIOD);
  }

  @Test
  void aRestartForgetsNoKey() {
    ByteString before = keys.toRead(1, 0, 100, 7);
    clock.nanos += PERIOD;
    assertThat(verified(before, new CapabilityKeys(CLUSTER, clock, PERIOD).keys())).isNotNull();
  }

  @Test
  void chunkServersAreToldWithTheirNextHeartbeat() {
    KeeperBed bed = new KeeperBed(1);
    KeeperBed.Server server = bed.server().here();
    bed.run(2);
    assertThat(server.told).noneMatch(ChunkOrder.Trust.class::isInstance);
    bed.clock.nanos += CapabilityKeys.PERIOD_NANOS - SECOND;
    bed.run(1);
    bed.run(1);
    assertThat(server.told.stream().filter(ChunkOrder.Trust.class::isInstance)).hasSize(1);
  }
}
