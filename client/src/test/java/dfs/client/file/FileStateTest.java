package dfs.client.file;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.FileType;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How long a file is of which something is not committed, while others change its length. */
class FileStateTest {
  private static final long COMMITTED = 4000;
  private static final int WRITTEN = 20;

  private final FileState file = new FileState(committed(COMMITTED, 1, 7), new BufferPool());

  private static Attributes committed(long size, long change, long map) {
    return new Attributes(
        7, FileType.REGULAR, 0644, 1, 0, 0, 0, size, size, 1, 1, 1, 1, change, map, 0);
  }

  private long seen() {
    assertThat(file.seen(file.attributes()).sizeBytes()).isEqualTo(file.sizeBytes());
    return file.sizeBytes();
  }

  private void writeLater(long offset) {
    file.writeBack(offset, ByteBuffer.allocate(WRITTEN), 1, 1);
  }

  private void write(long offset) {
    file.write(offset, ByteBuffer.allocate(WRITTEN), 1, 1);
  }

  @Test
  void whatIsCutByOthersIsCutUnderWhatIsWrittenBelow() {
    writeLater(0);
    file.learn(committed(100, 2, 7));
    assertThat(seen()).isEqualTo(100);
  }

  @Test
  void whatIsWrittenAcrossTheNewEndOrBeyondItCountsAsWrittenAfterwards() {
    writeLater(90);
    file.learn(committed(100, 2, 7));
    assertThat(seen()).isEqualTo(90 + WRITTEN);
    write(300);
    assertThat(seen()).isEqualTo(300 + WRITTEN);
    file.learn(committed(200, 3, 7));
    assertThat(seen()).isEqualTo(300 + WRITTEN);
    file.learn(committed(1000, 4, 7));
    assertThat(seen()).as("others let it grow").isEqualTo(1000);
  }

  @Test
  void whatIsOnItsWayToABlockCountsUntilItIsCommitted() {
    write(0);
    List<Run> first = file.startMoving();
    write(500);
    List<Run> second = file.startMoving();
    file.learn(committed(100, 2, 7));
    assertThat(seen()).isEqualTo(500 + WRITTEN);
    file.settle(second);
    assertThat(seen()).isEqualTo(100);
    file.settle(first);
    file.committed(committed(50, 3, 7));
    assertThat(seen()).isEqualTo(50);
  }

  @Test
  void whatIsTakenBackGoesOnCounting() {
    write(500);
    assertThat(file.startMoving()).hasSize(1);
    file.learn(committed(0, 2, 8));
    file.stopMoving();
    assertThat(seen()).isEqualTo(500 + WRITTEN);
    assertThat(file.startMoving()).hasSize(1);
    file.settleAll();
    assertThat(seen()).as("given up").isZero();
  }

  @Test
  void anOlderAnswerTellsNothing() {
    write(0);
    file.learn(committed(100, 3, 7));
    file.learn(committed(COMMITTED, 2, 7));
    assertThat(seen()).isEqualTo(100);
  }
}
