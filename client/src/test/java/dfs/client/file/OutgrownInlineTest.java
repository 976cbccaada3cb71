package dfs.client.file;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Extent;
import dfs.protocol.session.LeaseMode;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A file that outgrows its metadata, while others, whom no lease keeps away, write what lies there.
 */
@Timeout(60)
class OutgrownInlineTest {
  private static final int OFFSET = 8192;
  private static final ByteString OLD = contents('x', 100);
  private static final ByteString MINE = contents('m', 10);

  private final Volume volume = new Volume();
  private final Blocks blocks = new Blocks();
  private final OpenFiles files = new OpenFiles(volume, blocks, new StillTime());

  @BeforeEach
  void withoutLease() {
    volume.lease = LeaseMode.NONE;
  }

  private static ByteString contents(char filler, int length) {
    return ByteString.copyFromUtf8(String.valueOf(filler).repeat(length));
  }

  private long openInline() {
    volume.othersWrite(OLD);
    return files.open(volume.now(7));
  }

  /** A handle of a file that, as far as is known here, lies in blocks. */
  private long openStale() {
    long handle = files.open(Volume.attributes(7, 10_000, 1, 0));
    files.expire(null);
    return handle;
  }

  private void writeLater(long handle, ByteString bytes) throws Exception {
    files.writeLater(handle, OFFSET, bytes.asReadOnlyByteBuffer(), false);
  }

  /** What the last commit made of the file: these bytes, a gap, and what was written here. */
  private void assertCommitted(ByteString others, ByteString mine) {
    List<Extent> extents = volume.commits.getLast().extents();
    assertThat(extents).extracting(Extent::fileOffset).containsExactly(0L, (long) OFFSET);
    assertThat(blocks.contents(extents.getFirst())).isEqualTo(others);
    assertThat(blocks.contents(extents.getLast())).isEqualTo(mine);
    assertThat(files.isDirty()).isFalse();
  }

  private ByteString read(long handle, int length) throws Exception {
    ByteBuffer into = ByteBuffer.allocate(length);
    files.read(handle, 0, into);
    return ByteString.copyFrom(into.flip());
  }

  @Test
  void whatLiesThereIsTakenAlong() throws Exception {
    long handle = openInline();
    writeLater(handle, MINE);
    files.sync(handle);
    assertCommitted(OLD, MINE);
  }

  @Test
  void whatOthersWriteBeforeTheCommitIsTakenAlong() throws Exception {
    ByteString others = contents('y', 100);
    long handle = openInline();
    writeLater(handle, MINE);
    volume.onCommit = () -> volume.othersWrite(others);
    files.sync(handle);
    assertCommitted(others, MINE);
  }

  @Test
  void whatOthersCutBeforeTheCommitStaysCut() throws Exception {
    ByteString others = contents('y', 40);
    long handle = openInline();
    writeLater(handle, MINE);
    volume.onCommit = () -> volume.othersWrite(others);
    files.sync(handle);
    assertCommitted(others, MINE);
  }

  /** What was taken along is no write of this client: what others have written since is seen. */
  @Test
  void whatIsOnItsWayToABlockHidesNothingThatOthersWrite() throws Exception {
    ByteString others = contents('y', 100);
    long handle = openStale();
    volume.othersWrite(OLD);
    writeLater(handle, contents('m', (int) FileWriter.SPILL_BYTES));
    volume.othersWrite(others);
    assertThat(read(handle, others.size())).isEqualTo(others);
  }

  @Test
  void whatOthersWriteAfterItWasSentToABlockIsTakenAlong() throws Exception {
    ByteString others = contents('y', 100);
    ByteString mine = contents('m', (int) FileWriter.SPILL_BYTES);
    long handle = openStale();
    volume.othersWrite(OLD);
    writeLater(handle, mine);
    assertThat(volume.commits).isEmpty();
    volume.othersWrite(others);
    files.sync(handle);
    assertCommitted(others, mine);
    assertThat(volume.commits).extracting(Change.Commit::expectedChange).doesNotContain(0L);
  }

  /** Nothing lay there when it was sent to a block. */
  @Test
  void whatOthersBeginAfterItWasSentToABlockIsTakenAlong() throws Exception {
    ByteString others = contents('y', 100);
    ByteString mine = contents('m', (int) FileWriter.SPILL_BYTES);
    long handle = openStale();
    volume.othersWrite(ByteString.EMPTY);
    volume.flags &= ~Attributes.FLAG_INLINE;
    writeLater(handle, mine);
    assertThat(volume.commits).isEmpty();
    volume.othersWrite(others);
    files.sync(handle);
    assertCommitted(others, mine);
  }
}
