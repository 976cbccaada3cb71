package dfs.client.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.RealTime;
import dfs.protocol.session.LeaseMode;
import dfs.protocol.transport.Transports;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A session as it runs: over a Unix socket, in real time, with streams that break. */
@Timeout(60)
class UnixSessionTest {
  private static final int BREAKS = 20;
  private static final int CALLS = 1000;

  @TempDir private Path directory;

  @Test
  void operationsSurviveStreamsThatBreak() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    String address = "unix:" + directory.resolve("socket");
    try (Transports transports = new Transports();
        ScriptedServer server = new ScriptedServer(transports, new RealTime(), address)) {
      server.key = ByteString.copyFromUtf8("key");
      server.grants = LeaseMode.SHARED;
      server.answering = ScriptedServer::reply;
      try (StreamSession session =
          StreamSession.open(
              new StreamSession.Config(
                  address, server.key, "host", true, Optional.of(directory.resolve("state"))),
              transports,
              new RealTime(),
              new Random(seed))) {
        List<FutureTask<Integer>> callers = new ArrayList<>();
        AtomicInteger calls = new AtomicInteger();
        AtomicBoolean ended = new AtomicBoolean();
        for (int i = 0; i < 100; i++) {
          long first = i * 1_000_000L;
          FutureTask<Integer> caller =
              new FutureTask<>(() -> callUntil(ended, session, first, calls));
          callers.add(caller);
          Thread.ofVirtual().start(caller);
        }
        int breaks = 0;
        while (breaks < BREAKS || calls.get() < CALLS) {
          if (server.hellos.poll(random.nextInt(1, 200), TimeUnit.MILLISECONDS) != null) {
            breaks++;
            // A while in which nothing comes: no goodbye is said.
            server.goodbyes.poll(random.nextInt(1, 100), TimeUnit.MILLISECONDS);
            server.breakLink();
          }
          server.requests.clear();
        }
        ended.set(true);
        int answered = 0;
        for (FutureTask<Integer> caller : callers) {
          answered += caller.get();
        }
        assertThat(answered).as("seed %d", seed).isEqualTo(calls.get());
        assertThat(session.call(Caller.ROOT, new Query.GetAttributes(1)))
            .isInstanceOf(Reply.Session.class);
        assertThat(session.lease()).as("seed %d", seed).isEqualTo(LeaseMode.SHARED);
      }
      assertThat(server.goodbyes).hasSize(1);
    }
  }

  /** Calls until the end; each answer must be the one to its question. */
  private static int callUntil(
      AtomicBoolean ended, StreamSession session, long first, AtomicInteger calls)
      throws IOException {
    int own = 0;
    for (; !ended.get(); own++) {
      long ino = first + own;
      Reply reply = session.call(Caller.ROOT, new Query.GetAttributes(ino));
      assertThat(((Reply.Session) reply).id()).isEqualTo(ino);
      calls.incrementAndGet();
    }
    return own;
  }
}
