package dfs.client.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.ByteString;
import dfs.client.block.BlockWriter.Origin;
import dfs.protocol.block.BlockService;
import dfs.protocol.metadata.Reply.BlockGrant;
import dfs.protocol.seam.RealTime;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is sent ahead. */
@Timeout(10)
class AheadWriterTest {
  private static final Origin ORIGIN = new Origin(1, 1, 0, 1, 1, 0, 0);

  /** Whatever it is asked for ends like this. */
  private static BlockService failing(Throwable failure) {
    return (BlockService)
        Proxy.newProxyInstance(
            BlockService.class.getClassLoader(),
            new Class<?>[] {BlockService.class},
            (proxy, method, arguments) -> {
              throw failure;
            });
  }

  @Test
  void whateverEndsTheSenderFailsTheBlockForAll() throws IOException {
    BlockGrant grant =
        new BlockGrant(7, 1, true, false, List.of(1L), List.of("there"), ByteString.EMPTY);
    Error failure = new OutOfMemoryError("planted");
    Replica replica =
        new Replica(failing(failure), grant, 1, new Suspects(new RealTime(), address -> false));
    AheadWriter writer = new AheadWriter(replica, new AheadBuffers(), new RealTime());
    writer.append(ORIGIN, ByteBuffer.allocate(100));
    assertThat(catchThrowable(writer::flush)).isInstanceOf(IOException.class).hasCause(failure);
    assertThat(catchThrowable(() -> writer.append(ORIGIN, ByteBuffer.allocate(100))))
        .isInstanceOf(IOException.class);
  }
}
