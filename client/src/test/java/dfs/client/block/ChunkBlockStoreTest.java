package dfs.client.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockFault.Kind;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.frame.BlockTransport;
import dfs.protocol.frame.Cancellation;
import dfs.protocol.metadata.Reply.BlockGrant;
import dfs.protocol.metadata.Reply.BlockPlace;
import dfs.protocol.seam.RealTime;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What a reader hears when no server of a block gives its bytes, whether to ask again or not; and
 * how servers of this process and of others are told apart.
 */
class ChunkBlockStoreTest {
  private final BlockServices services = new BlockServices();
  private int next;
  private final ChunkBlockStore store = new ChunkBlockStore(services, () -> 1);

  /** A server that answers every read with a fault. */
  private static final class Failing extends ReadOnlyService {
    private final Kind kind;

    Failing(Kind kind) {
      this.kind = kind;
    }

    @Override
    public Checksums read(ByteString capability, long block, long offset, ByteBuffer into)
        throws IOException {
      throw new BlockFault(kind, "planted");
    }

    @Override
    public int checksum(ByteString capability, long block, long offset, int length)
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

  /** Reaches nobody, and remembers with which patience each socket was asked for. */
  private static final class Elsewhere implements BlockTransport {
    final List<String> asked = new ArrayList<>();

    @Override
    public Serving serve(Path socket, BlockService service) {
      throw new UnsupportedOperationException();
    }

    @Override
    public BlockService connect(
        Path socket, long answerNanos, @Nullable Cancellation cancellation) {
      asked.add(socket + " " + answerNanos);
      return new Failing(Kind.NOT_READY);
    }

    @Override
    public boolean isSuspect(Path socket) {
      return socket.endsWith("slow");
    }

    @Override
    public void close() {}
  }

  @Test
  void namesThatLeadToSocketsAreTreatedAsSockets() {
    Elsewhere elsewhere = new Elsewhere();
    BlockServices both = new BlockServices(new RealTime(), elsewhere);
    both.leadTo("local:1", Path.of("/slow"));
    both.leadTo("local:2", Path.of("/quick"));
    BlockPlace place =
        new BlockPlace(3, true, 100, List.of(), List.of("local:1", "local:2"), ByteString.EMPTY);
    ChunkBlockStore reader = new ChunkBlockStore(both, () -> 1);
    assertThat(catchThrowable(() -> reader.read(place, 0, ByteBuffer.allocate(10)))).isNotNull();
    assertThat(elsewhere.asked)
        .containsExactly("/quick " + Limits.ANSWER_NANOS, "/slow " + Limits.ANSWER_NANOS);
    both.close();
  }

  @Test
  void whatGoesToAnotherProcessIsSentAhead() throws IOException {
    BlockServices both = new BlockServices(new RealTime(), new Elsewhere());
    both.register("local:1", new Failing(Kind.NOT_READY));
    both.leadTo("local:2", Path.of("/there"));
    ChunkBlockStore writer = new ChunkBlockStore(both, () -> 1);
    assertThat(writer.create(grant("local:1"))).isInstanceOf(DirectWriter.class);
    assertThat(writer.create(grant("local:2"))).isInstanceOf(AheadWriter.class);
    both.close();
  }

  private static BlockGrant grant(String address) {
    return new BlockGrant(7, 1, true, false, List.of(1L), List.of(address), ByteString.EMPTY);
  }

  /** A server that says the same checksum of everything. */
  private static final class Telling extends ReadOnlyService {
    private final int checksum;

    Telling(int checksum) {
      this.checksum = checksum;
    }

    @Override
    public Checksums read(ByteString capability, long block, long offset, ByteBuffer into) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int checksum(ByteString capability, long block, long offset, int length) {
      return checksum;
    }
  }

  private BlockPlace on(BlockService... servers) {
    List<String> addresses = new ArrayList<>();
    for (BlockService server : servers) {
      addresses.add("local:" + next);
      services.register("local:" + next++, server);
    }
    return new BlockPlace(3, true, 100, List.of(), addresses, ByteString.EMPTY);
  }

  @Test
  void allServersThatAnswerHaveToTellTheSameChecksum() throws IOException {
    BlockService away = new Failing(Kind.NOT_READY);
    assertThat(store.checksum(on(new Telling(7), away, new Telling(7)), 0, 10)).isEqualTo(7);
    BlockPlace different = on(new Telling(7), new Telling(8));
    assertThat(catchThrowable(() -> store.checksum(different, 0, 10)))
        .isInstanceOfSatisfying(
            BlockFault.class, fault -> assertThat(fault.kind()).isEqualTo(Kind.DAMAGED))
        .hasMessageContaining("different checksums");
    BlockPlace none = on(away, new Failing(Kind.NOT_READY));
    assertThat(catchThrowable(() -> store.checksum(none, 0, 10)))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(BlockFault.class);
    BlockPlace moved = on(new Failing(Kind.NO_SUCH_BLOCK));
    assertThat(catchThrowable(() -> store.checksum(moved, 0, 10)))
        .isInstanceOf(NoSuchBlockException.class);
  }
}
