package dfs.metadata.state;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.metadata.records.NumberRecord;
import dfs.metadata.store.Key;
import dfs.metadata.store.KeyValueStore;
import dfs.metadata.store.MemoryStore;
import dfs.metadata.store.NoRoomException;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The present, which one thread changes while others read it. */
@Timeout(20)
class StateTest {
  private static final Key KEY = Key.of(7);

  private final CountDownLatch full = new CountDownLatch(1);
  private final CountDownLatch room = new CountDownLatch(1);

  /** Has no room until it is said to. */
  private KeyValueStore fullStore() {
    MemoryStore store = new MemoryStore();
    return (KeyValueStore)
        Proxy.newProxyInstance(
            KeyValueStore.class.getClassLoader(),
            new Class<?>[] {KeyValueStore.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("write") && room.getCount() > 0) {
                full.countDown();
                throw new NoRoomException("full", new IOException("no space left"));
              }
              try {
                return method.invoke(store, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /** The reader is done before there is room: it would wait for ever. */
  @Test
  void whoReadsDoesNotWaitUntilTheStoreHasRoom() throws Exception {
    State state = new State(fullStore());
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<?> commit =
          threads.submit(
              () -> {
                Transaction transaction = state.begin();
                transaction.put(Table.INSTANTS, KEY, new NumberRecord(3));
                state.commit(transaction, 1);
              });
      full.await();
      Future<?> read = threads.submit(() -> state.read(reader -> reader.get(Table.INSTANTS, KEY)));
      assertThat(read.get(5, TimeUnit.SECONDS)).as("the batch is not there yet").isNull();
      room.countDown();
      commit.get(5, TimeUnit.SECONDS);
    }
    assertThat(state.appliedIndex()).isEqualTo(1);
    @Nullable Stored<NumberRecord> after = state.read(reader -> reader.get(Table.INSTANTS, KEY));
    assertThat(after).isNotNull();
  }
}
