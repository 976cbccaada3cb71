package dfs.chunk.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dfs.chunk.SimulatedDisk;
import dfs.chunk.block.BlockDirectory.State;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.Pieces;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Blocks that are sealed at a length which is not their own. */
class CutTest {
  private static final long SEGMENT_BYTES = 2 << 20;
  private static final long SESSION = 9;
  private static final int DIRECTORY = 77;
  private static final long BLOCK = 3;
  private static final Path DATA = Path.of("data/03/0000000000000003.d");

  /** Where each append ends. */
  private static final int[] ENDS = {20_000, 20_100, 50_100, 50_200, 130_200};

  private static final int CUT = 20_100;
  private static final byte[] BYTES = new byte[130_200];

  static {
    new Random(11).nextBytes(BYTES);
  }

  private static BlockRecord record(int from, int to, long acked) {
    ByteBuffer bytes = ByteBuffer.wrap(BYTES, from, to - from);
    return new BlockRecord(
        BLOCK,
        from,
        1,
        to - from,
        false,
        5,
        5,
        from,
        1,
        from,
        SESSION,
        acked,
        1,
        to,
        0,
        Pieces.checksums(from, bytes));
  }

  private static void append(BlockDirectory blocks, int i, boolean synced) throws IOException {
    int from = i == 0 ? 0 : ENDS[i - 1];
    ByteBuffer payload = ByteBuffer.wrap(BYTES, from, ENDS[i] - from);
    blocks.append(record(from, ENDS[i], from), payload, synced);
  }

  /**
   * A block of small and large appends, all durable.
   *
   * @param restartAfter the server is stopped and started after so many of them, so that these are
   *     in the side file and not in the journal
   */
  private static BlockDirectory written(SimulatedDisk disk, int restartAfter) throws IOException {
    BlockDirectory.format(disk, SEGMENT_BYTES);
    BlockDirectory blocks = BlockDirectory.open(disk, DIRECTORY);
    blocks.create(BLOCK, 1, SESSION, false);
    for (int i = 0; i < ENDS.length; i++) {
      if (i == restartAfter) {
        blocks.close();
        blocks = BlockDirectory.open(disk, DIRECTORY);
      }
      append(blocks, i, true);
    }
    return blocks;
  }

  private static void assertBytes(BlockDirectory blocks, String where) throws IOException {
    State state = Objects.requireNonNull(blocks.state(BLOCK));
    ByteBuffer into = ByteBuffer.allocate((int) state.lengthBytes());
    blocks.read(BLOCK, 0, into);
    assertThat(Arrays.equals(into.array(), Arrays.copyOf(BYTES, into.capacity())))
        .as(where)
        .isTrue();
    assertThat(blocks.wounded()).as(where).isEmpty();
  }

  private static void assertCut(BlockDirectory blocks, SimulatedDisk disk, String where)
      throws IOException {
    assertThat(blocks.state(BLOCK)).as(where).isEqualTo(new State(BLOCK, 1, CUT, true));
    assertThat(disk.open(DATA, false).size()).as(where).isEqualTo(CUT);
    assertBytes(blocks, where);
  }

  @Test
  void whatIsLongerIsCutAndStaysCut() throws IOException {
    for (int restart = 0; restart <= ENDS.length; restart++) {
      SimulatedDisk disk = new SimulatedDisk();
      BlockDirectory blocks = written(disk, restart);
      blocks.sealAt(BLOCK, CUT);
      assertCut(blocks, disk, "cut");
      assertThatThrownBy(() -> append(blocks, 4, true)).hasMessageContaining("sealed");
      disk.crash(new Random(restart));
      assertCut(BlockDirectory.open(disk, DIRECTORY), disk, "after a crash");
    }
  }

  @Test
  void whatIsNotLongerIsSealedOrLeft() throws IOException {
    SimulatedDisk disk = new SimulatedDisk();
    BlockDirectory blocks = written(disk, 0);
    blocks.sealAt(BLOCK, 130_201);
    assertThat(blocks.state(BLOCK)).isEqualTo(new State(BLOCK, 1, 130_200, false));
    assertThatThrownBy(() -> blocks.sealAt(BLOCK, CUT - 1))
        .isInstanceOfSatisfying(
            BlockFault.class,
            fault -> assertThat(fault.kind()).isEqualTo(BlockFault.Kind.MALFORMED));
    assertThat(blocks.state(BLOCK)).isEqualTo(new State(BLOCK, 1, 130_200, false));
    blocks.sealAt(BLOCK, 130_200);
    assertThat(blocks.state(BLOCK)).isEqualTo(new State(BLOCK, 1, 130_200, true));
    blocks.sealAt(BLOCK, CUT);
    assertThat(blocks.state(BLOCK)).isEqualTo(new State(BLOCK, 1, 130_200, true));
    disk.crash(new Random(1));
    BlockDirectory again = BlockDirectory.open(disk, DIRECTORY);
    assertThat(again.state(BLOCK)).isEqualTo(new State(BLOCK, 1, 130_200, true));
    assertBytes(again, "whole");
  }

  @Test
  void aBlockMayBeCutToNothing() throws IOException {
    SimulatedDisk disk = new SimulatedDisk();
    written(disk, 2).sealAt(BLOCK, 0);
    disk.crash(new Random(1));
    assertThat(BlockDirectory.open(disk, DIRECTORY).state(BLOCK))
        .isEqualTo(new State(BLOCK, 1, 0, true));
  }

  /**
   * The power goes at each step: the block is as it was, or cut, whole in either case, and the same
   * order once more ends it.
   */
  @Test
  void theSameOrderFinishesWhatACrashCutShort() throws IOException {
    for (int restart = 0; restart <= ENDS.length; restart++) {
      int operations = 0;
      for (boolean whole = false; !whole; operations++) {
        for (long seed = 1; seed <= 6; seed++) {
          String where = "restart %d, step %d, seed %d".formatted(restart, operations, seed);
          SimulatedDisk disk = new SimulatedDisk();
          whole = cutShort(written(disk, restart), disk, operations);
          disk.crash(new Random(seed));
          BlockDirectory again = BlockDirectory.open(disk, DIRECTORY);
          State state = Objects.requireNonNull(again.state(BLOCK));
          assertThat(state.lengthBytes()).as(where).isIn(20_100L, 50_100L, 50_200L, 130_200L);
          assertThat(!state.sealed() || state.lengthBytes() == CUT).as(where).isTrue();
          assertThat(state.sealed() || !whole).as(where).isTrue();
          assertBytes(again, where);
          again.sealAt(BLOCK, CUT);
          assertCut(again, disk, where);
          disk.crash(new Random(seed));
          assertCut(BlockDirectory.open(disk, DIRECTORY), disk, where);
        }
      }
      assertThat(operations).isGreaterThan(5);
    }
  }

  /** Whether the order was answered. */
  private static boolean cutShort(BlockDirectory blocks, SimulatedDisk disk, int operations) {
    disk.powerOffAfter(operations);
    try {
      blocks.sealAt(BLOCK, CUT);
      return true;
    } catch (BlockFault e) {
      return false;
    }
  }

  /** An append that is flushing while its bytes are cut is not answered as durable. */
  @Test
  void aCutAppendIsNotAcknowledged() throws IOException {
    SimulatedDisk disk = new SimulatedDisk();
    BlockDirectory.format(disk, SEGMENT_BYTES);
    BlockDirectory blocks = BlockDirectory.open(disk, DIRECTORY);
    blocks.create(BLOCK, 1, SESSION, false);
    append(blocks, 0, true);
    append(blocks, 1, true);
    disk.beforeNextSync(
        () -> {
          try {
            blocks.sealAt(BLOCK, ENDS[0]);
          } catch (BlockFault e) {
            throw new AssertionError(e);
          }
        });
    ByteBuffer payload = ByteBuffer.wrap(BYTES, CUT, 100_000);
    assertThatThrownBy(() -> blocks.append(record(CUT, 120_100, 0), payload, true))
        .hasMessageContaining("was cut to 20000");
    assertThatThrownBy(() -> blocks.append(record(CUT, 120_100, 0), payload, true))
        .as("a repeat")
        .hasMessageContaining("sealed");
  }
}
