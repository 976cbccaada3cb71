package dfs.client.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.ByteString;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockFault.Kind;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.metadata.Reply.BlockPlace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a reader hears when no server of a block gives its bytes: whether to ask again, or not. */
class ChunkBlockStoreTest {
  private final BlockServices services = new BlockServices();
  private int next;
  private final ChunkBlockStore store = new ChunkBlockStore(services, () -> 1);

  /** A server that answers every read with a fault. */
  private record Failing(Kind kind) implements BlockService {
    @Override
    public void create(
        ByteString capability, long block, int epoch, boolean packed, List<String> next) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long append(
        ByteString capability, BlockRecord record, ByteBuffer payload, boolean synced) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long flush(ByteString capability, long block, int epoch) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long seal(ByteString capability, long block, int epoch) {
      throw new UnsupportedOperationException();
    }

    @Override
    public BlockDigest verify(ByteString capability, long block) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<BlockRecord> records(ByteString capability, long block, long offset) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Checksums read(ByteString capability, long block, long offset, ByteBuffer into)
        throws IOException {
      throw new BlockFault(kind, "planted");
    }
  }

  private Throwable readFrom(Kind... servers) {
    List<String> addresses = new ArrayList<>();
    for (Kind kind : servers) {
      String address = "local:" + next++;
      services.register(address, new Failing(kind));
      addresses.add(address);
    }
    BlockPlace place = new BlockPlace(3, true, 100, List.of(), addresses, ByteString.EMPTY);
    return catchThrowable(() -> store.read(place, 0, ByteBuffer.allocate(10)));
  }

  @Test
  void damagedEverywhereIsFinal() {
    assertThat(readFrom(Kind.DAMAGED, Kind.MALFORMED))
        .isInstanceOfSatisfying(
            BlockFault.class, fault -> assertThat(fault.kind()).isEqualTo(Kind.DAMAGED));
  }

  @Test
  void aServerThatMayComeBackIsWaitedFor() {
    assertThat(readFrom(Kind.DAMAGED, Kind.NOT_READY))
        .isInstanceOf(IOException.class)
        .isNotInstanceOfAny(BlockFault.class, NoSuchBlockException.class);
    assertThat(readFrom(Kind.DISK))
        .isInstanceOf(IOException.class)
        .isNotInstanceOfAny(BlockFault.class, NoSuchBlockException.class);
  }

  @Test
  void aBlockThatMovedIsLookedForElsewhere() {
    assertThat(readFrom(Kind.NO_SUCH_BLOCK)).isInstanceOf(NoSuchBlockException.class);
    assertThat(readFrom(Kind.DAMAGED, Kind.FORBIDDEN)).isInstanceOf(NoSuchBlockException.class);
  }
}
