package dfs.client.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.client.block.ChunkBlockStore;
import dfs.client.metadata.LeaseListener;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.BlockService;
import dfs.protocol.block.Checksums;
import dfs.protocol.block.Pieces;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.RealTime;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A read waits for what may come back, and fails at once where nothing can. */
class FileReaderTest {
  private static final String ADDRESS = "local:chunk";
  private static final int LENGTH = 4096;

  private final BlockServices services = new BlockServices();
  private final Session session = new Session();
  private final Server server = new Server();
  private final FileReader reader =
      new FileReader(session, new ChunkBlockStore(services, () -> 1L), new RealTime());
  private final FileState file = new FileState(attributes(), new BufferPool());

  private static Attributes attributes() {
    return attributes(LENGTH, 1);
  }

  private static Attributes attributes(long size, long change) {
    return new Attributes(
        7, FileType.REGULAR, 0644, 1, 0, 0, 0, size, size, 1, 1, 1, 1, change, 1, 0);
  }

  @AfterEach
  void close() {
    services.close();
  }

  private byte[] read() throws IOException {
    ByteBuffer into = ByteBuffer.allocate(LENGTH);
    reader.read(file, 0, into);
    assertThat(into.hasRemaining()).isFalse();
    return into.array();
  }

  /** The metadata server was started again, and the chunk server has not come to it yet. */
  @Test
  void waitsForAServerThatHasNotConnectedYet() throws IOException {
    services.register(ADDRESS, server);
    session.addresses.add(List.of());
    session.addresses.add(List.of());
    session.addresses.add(List.of());
    session.addresses.add(List.of(ADDRESS));
    assertThat(read()).isEqualTo(server.bytes);
    assertThat(session.asked).isEqualTo(4);
  }

  @Test
  void waitsForAServerThatIsAway() throws IOException {
    session.addresses.add(List.of(ADDRESS));
    session.onQuestion =
        () -> {
          if (session.asked == 2) {
            services.register(ADDRESS, server);
          }
        };
    assertThat(read()).isEqualTo(server.bytes);
    assertThat(session.asked).isEqualTo(2);
  }

  @Test
  void asksAServerForDamagedBytesOnce() {
    services.register(ADDRESS, server);
    session.addresses.add(List.of(ADDRESS));
    server.fault = new BlockFault(BlockFault.Kind.DAMAGED, "a bit is wrong");
    assertThatThrownBy(this::read).isInstanceOf(BlockFault.class).hasMessageContaining("a bit");
    assertThat(server.reads).isEqualTo(1);
  }

  @Test
  void believesNoBytesThatAreNotThoseOfTheChecksum() {
    services.register(ADDRESS, server);
    session.addresses.add(List.of(ADDRESS));
    server.lies = true;
    assertThatThrownBy(this::read).isInstanceOf(BlockFault.class).hasMessageContaining("checksum");
    assertThat(server.reads).isEqualTo(1);
  }

  @Test
  void asksAgainWhereABlockIsThatItsServerDoesNotHave() {
    services.register(ADDRESS, server);
    session.addresses.add(List.of(ADDRESS));
    server.fault = new BlockFault(BlockFault.Kind.NO_SUCH_BLOCK, "unknown");
    assertThatThrownBy(this::read).hasMessageContaining("block 3");
    assertThat(session.asked).isEqualTo(3);
  }

  /** What the first answer said of the block is forgotten, what the second says is kept. */
  @Test
  void asksOnceAfterABlockHasMoved() throws IOException {
    services.register("local:old", new Server(BlockFault.Kind.NO_SUCH_BLOCK));
    services.register(ADDRESS, server);
    session.addresses.add(List.of("local:old"));
    session.addresses.add(List.of(ADDRESS));
    for (int i = 0; i < 5; i++) {
      assertThat(read()).isEqualTo(server.bytes);
    }
    assertThat(session.asked).isEqualTo(2);
  }

  /** Others append, and somebody looks at the file's length, while a read waits for its block. */
  @Test
  void whatOthersAppendBesideAReadIsNotReadAsZeros() throws IOException {
    services.register(ADDRESS, server);
    session.addresses.add(List.of(ADDRESS));
    server.onRead = () -> learn(attributes(LENGTH + 10, 2));
    ByteBuffer into = ByteBuffer.allocate(2 * LENGTH);
    reader.read(file, 0, into);
    assertThat(into.position()).isEqualTo(LENGTH);
    assertThat(into.array()).startsWith(server.bytes);
  }

  /** The gap is zeros up to what was written here, and no further. */
  @Test
  void whatIsWrittenHereBeyondTheEndIsReadBehindAGap() throws IOException {
    services.register(ADDRESS, server);
    session.addresses.add(List.of(ADDRESS));
    server.onRead = () -> learn(attributes(LENGTH + 100, 2));
    file.lock.lock();
    try {
      file.write(LENGTH + 5, ByteBuffer.wrap(new byte[] {1, 2, 3}), 1, 1);
    } finally {
      file.lock.unlock();
    }
    ByteBuffer into = ByteBuffer.allocate(2 * LENGTH);
    reader.read(file, 0, into);
    assertThat(into.position()).isEqualTo(LENGTH + 8);
    assertThat(into.array()).startsWith(server.bytes);
    assertThat(Arrays.copyOfRange(into.array(), LENGTH, LENGTH + 8))
        .containsExactly(0, 0, 0, 0, 0, 1, 2, 3);
  }

  private void learn(Attributes newer) {
    file.lock.lock();
    try {
      file.learn(newer);
    } finally {
      file.lock.unlock();
    }
  }

  /** Answers every question with the map of one block; its addresses change from one to another. */
  private static final class Session implements MetadataSession {
    final List<List<String>> addresses = new ArrayList<>();
    Runnable onQuestion = () -> {};
    int asked;

    @Override
    public Reply call(Caller caller, Operation operation) {
      List<String> at = addresses.get(Math.min(asked, addresses.size() - 1));
      asked++;
      onQuestion.run();
      return new Reply.MapPage(
          attributes(),
          LENGTH,
          ByteString.EMPTY,
          List.of(new Extent(0, LENGTH, 3, 0, false)),
          List.of(new Reply.BlockPlace(3, true, LENGTH, List.of(5L), at, ByteString.EMPTY)));
    }

    @Override
    public Reply callAsOf(Caller caller, Operation operation, long asOfNanos) {
      return call(caller, operation);
    }

    @Override
    public long id() {
      return 1;
    }

    @Override
    public ByteString cluster() {
      return ByteString.EMPTY;
    }

    @Override
    public boolean isOver() {
      return false;
    }

    @Override
    public boolean isSpaceScarce() {
      return false;
    }

    @Override
    public LeaseMode lease() {
      return LeaseMode.EXCLUSIVE;
    }

    @Override
    public long leaseNumber() {
      return 1;
    }

    @Override
    public long leaseValidNanos() {
      return Long.MAX_VALUE;
    }

    @Override
    public long nowNanos() {
      return 1;
    }

    @Override
    public void listen(LeaseListener listener) {}

    @Override
    public void close() {}
  }

  /** Has one block, or a fault. */
  private static final class Server implements BlockService {
    final byte[] bytes = new byte[LENGTH];
    @Nullable IOException fault;
    Runnable onRead = () -> {};
    boolean lies;
    int reads;

    Server(BlockFault.Kind kind) {
      this();
      fault = new BlockFault(kind, "unknown");
    }

    Server() {
      for (int i = 0; i < LENGTH; i++) {
        bytes[i] = (byte) (i * 31);
      }
    }

    @Override
    public BlockDigest verify(ByteString capability, long block) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int checksum(ByteString capability, long block, long offset, int length) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<BlockRecord> records(ByteString capability, long block, long offset) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Checksums read(ByteString capability, long block, long offset, ByteBuffer into)
        throws IOException {
      reads++;
      onRead.run();
      if (fault != null) {
        throw fault;
      }
      Checksums checksums = Pieces.checksums(offset, ByteBuffer.wrap(bytes));
      into.put(lies ? new byte[LENGTH] : bytes);
      return checksums;
    }

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
  }
}
