package dfs.chunk.server;

import com.google.protobuf.ByteString;
import dfs.chunk.SimulatedDisk;
import dfs.chunk.block.BlockDirectory;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import dfs.protocol.session.ChunkOrder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** A server that has a block to copy, and does what a test wants when it is read. */
final class Source implements BlockService {
  final SimulatedDisk disk = new SimulatedDisk();
  private final CheckedBlocks blocks;
  int reads;
  long firstOffset = -1;

  /** What happens with each read of bytes, which are there already. */
  Reading reading = (count, into) -> {};

  interface Reading {
    void done(int count, ByteBuffer into) throws IOException;
  }

  Source() throws IOException {
    BlockDirectory.format(disk, ChunkServer.Config.SEGMENT_BYTES_MIN);
    blocks =
        new CheckedBlocks(
            BlockDirectory.open(disk, 1), new SpaceReserve(disk, 0, 0), new ManualTime());
    blocks.trust(List.of(new ChunkOrder.Key(Samples.KEY_ID, Samples.SECRET)));
  }

  /** Changes a byte of the block. */
  void damage(long block, long offset, byte to) throws IOException {
    Path path = Path.of("data/%02x/%016x.d".formatted(block & 0xff, block));
    disk.damage(path, offset, ByteBuffer.wrap(new byte[] {to}));
  }

  @Override
  public void create(
      ByteString capability, long block, int epoch, boolean packed, List<String> next)
      throws IOException {
    blocks.create(capability, block, epoch, packed, next);
  }

  @Override
  public long append(ByteString capability, BlockRecord record, ByteBuffer payload, boolean synced)
      throws IOException {
    return blocks.append(capability, record, payload, synced);
  }

  @Override
  public long flush(ByteString capability, long block, int epoch) throws IOException {
    return blocks.flush(capability, block, epoch);
  }

  @Override
  public long seal(ByteString capability, long block, int epoch) throws IOException {
    return blocks.seal(capability, block, epoch);
  }

  @Override
  public Checksums read(ByteString capability, long block, long offset, ByteBuffer into)
      throws IOException {
    int start = into.position();
    firstOffset = firstOffset < 0 ? offset : firstOffset;
    Checksums checksums = blocks.read(capability, block, offset, into);
    reads++;
    reading.done(reads, into.duplicate().flip().position(start));
    return checksums;
  }

  @Override
  public List<BlockRecord> records(ByteString capability, long block, long offset)
      throws IOException {
    return blocks.records(capability, block, offset);
  }

  @Override
  public BlockDigest verify(ByteString capability, long block) throws IOException {
    return blocks.verify(capability, block);
  }

  @Override
  public int checksum(ByteString capability, long block, long offset, int length)
      throws IOException {
    return blocks.checksum(capability, block, offset, length);
  }
}
