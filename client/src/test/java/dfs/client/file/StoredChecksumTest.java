package dfs.client.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.client.block.BlockStore;
import dfs.client.block.BlockWriter;
import dfs.client.block.NoSuchBlockException;
import dfs.protocol.block.Pieces;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Reply.BlockGrant;
import dfs.protocol.metadata.Reply.BlockPlace;
import dfs.protocol.metadata.Reply.MapPage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The checksum of a file is that of its bytes, however they lie, and nothing of them is read. */
class StoredChecksumTest {
  private static final int BLOCK_BYTES = 1 << 16;

  private final Random random = new Random(7);
  private final byte[][] contents = new byte[3][BLOCK_BYTES];
  private final Stored blocks = new Stored();
  private int pages;

  StoredChecksumTest() {
    for (byte[] block : contents) {
      random.nextBytes(block);
    }
  }

  /** Tells checksums alone; fails as it is told to, or answers where it is told nothing. */
  private final class Stored implements BlockStore {
    final Deque<Optional<IOException>> failures = new ArrayDeque<>();
    final List<Integer> lengths = new ArrayList<>();

    @Override
    public BlockWriter create(BlockGrant grant) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void read(BlockPlace place, long blockOffset, ByteBuffer into) {
      throw new AssertionError("contents are read");
    }

    @Override
    public int checksum(BlockPlace place, long blockOffset, int length) throws IOException {
      Optional<IOException> failure = failures.isEmpty() ? Optional.empty() : failures.remove();
      if (failure.isPresent()) {
        throw failure.get();
      }
      lengths.add(length);
      byte[] block = contents[(int) place.block() - 1];
      return Pieces.checksum(ByteBuffer.wrap(block, (int) blockOffset, length), length);
    }

    @Override
    public void close() {}
  }

  private static MapPage page(long sizeBytes, long end, ByteString inline, Extent... extents) {
    int inBlocks = inline.isEmpty() ? 0 : Attributes.FLAG_INLINE;
    List<BlockPlace> places = new ArrayList<>();
    for (long block = 1; block <= 3; block++) {
      places.add(
          new BlockPlace(block, true, BLOCK_BYTES, List.of(5L), List.of("x"), ByteString.EMPTY));
    }
    return new MapPage(
        new Attributes(
            7,
            FileType.REGULAR,
            0644,
            1,
            0,
            0,
            0,
            sizeBytes,
            sizeBytes,
            1,
            1,
            1,
            1,
            1,
            1,
            inBlocks),
        end,
        inline,
        List.of(extents),
        places);
  }

  private int asked(OpenFiles.MapPages map) throws IOException {
    return new StoredChecksum(
            blocks,
            new StillTime(),
            from -> {
              pages++;
              return map.page(from);
            })
        .ask();
  }

  private static int of(byte[] bytes) {
    return Pieces.checksum(ByteBuffer.wrap(bytes), bytes.length);
  }

  private void copy(int block, int from, byte[] to, int at, int count) {
    System.arraycopy(contents[block - 1], from, to, at, count);
  }

  @Test
  void ofExtentsHolesAndPreallocatedRangesOverSeveralPages() throws IOException {
    byte[] file = new byte[300_000];
    copy(1, 100, file, 50, 1000);
    copy(2, 0, file, 1050, 500);
    copy(2, 500, file, 1550, 700);
    copy(3, 9, file, 100_000, 60_000);
    MapPage first =
        page(
            file.length,
            120_000,
            ByteString.EMPTY,
            new Extent(50, 1000, 1, 100, false),
            new Extent(1050, 500, 2, 0, false),
            new Extent(1550, 700, 2, 500, false),
            new Extent(5000, 3000, 0, 0, true),
            new Extent(100_000, 60_000, 3, 9, false));
    MapPage second =
        page(
            file.length,
            file.length,
            ByteString.EMPTY,
            new Extent(100_000, 60_000, 3, 9, false),
            new Extent(200_000, 10, 0, 0, true));
    assertThat(asked(from -> from < 120_000 ? first : second)).isEqualTo(of(file));
    assertThat(blocks.lengths).as("neighbours are asked for together").contains(1200);
  }

  @Test
  void ofWhatLiesInTheMetadata() throws IOException {
    byte[] file = new byte[3000];
    System.arraycopy(contents[0], 0, file, 0, 900);
    ByteString inline = ByteString.copyFrom(contents[0], 0, 900);
    assertThat(asked(from -> page(3000, 3000, inline))).isEqualTo(of(file));
    assertThat(asked(from -> page(500, 500, inline)))
        .as("a part of it")
        .isEqualTo(Pieces.checksum(ByteBuffer.wrap(file), 500));
  }

  @Test
  void ofNothing() throws IOException {
    assertThat(asked(from -> page(0, 0, ByteString.EMPTY))).isZero();
    byte[] hole = new byte[1_234_567];
    assertThat(asked(from -> page(hole.length, hole.length, ByteString.EMPTY))).isEqualTo(of(hole));
  }

  /** What was combined before stays. */
  @Test
  void whoIsAwayIsWaitedForAndABlockThatMovedIsAskedForAgain() throws IOException {
    byte[] file = new byte[2000];
    copy(1, 0, file, 0, 1000);
    copy(2, 0, file, 1000, 1000);
    MapPage page =
        page(
            2000,
            2000,
            ByteString.EMPTY,
            new Extent(0, 1000, 1, 0, false),
            new Extent(1000, 1000, 2, 0, false));
    blocks.failures.add(Optional.of(new NoSuchBlockException("moved")));
    blocks.failures.add(Optional.of(new IOException("away")));
    blocks.failures.add(Optional.empty());
    blocks.failures.add(Optional.of(new NoSuchBlockException("moved")));
    assertThat(asked(from -> page)).isEqualTo(of(file));
    assertThat(blocks.lengths).containsExactly(1000, 1000);
    for (int i = 0; i < 3; i++) {
      blocks.failures.add(Optional.of(new NoSuchBlockException("gone")));
    }
    pages = 0;
    assertThatThrownBy(() -> asked(from -> page)).hasMessage("gone");
    assertThat(pages).isEqualTo(3);
  }
}
