package dfs.client.metadata;

import com.google.protobuf.ByteString;
import dfs.protocol.session.LeaseMode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/** A file layer that writes down what it is told, and does with it what a test wants. */
final class RecordingListener implements LeaseListener {
  final BlockingQueue<String> told = new LinkedBlockingQueue<>();
  volatile Consumer<LeaseMode> recalling = to -> {};
  volatile Runnable emptying = () -> {};
  volatile boolean inUse;
  volatile Map<Long, Integer> open = Map.of();
  volatile List<Long> instants = List.of();

  @Override
  public void recall(LeaseMode to) {
    told.add("recall " + to);
    recalling.accept(to);
    told.add("recalled " + to);
  }

  @Override
  public void uncertain() {
    told.add("uncertain");
    emptying.run();
  }

  @Override
  public void granted(LeaseMode mode) {
    told.add("granted " + mode);
  }

  @Override
  public boolean invalidate(long ino, long fromOffset, long parent, ByteString name, boolean gone) {
    told.add("invalidate " + ino);
    return inUse;
  }

  @Override
  public boolean inUse(long ino) {
    told.add("inUse " + ino);
    return inUse;
  }

  @Override
  public void leaving(Set<Long> servers) {
    told.add("leaving " + servers);
  }

  @Override
  public void fenced(String reason) {
    told.add("fenced " + reason);
  }

  @Override
  public List<Long> instants() {
    return instants;
  }

  @Override
  public Map<Long, Integer> open() {
    return open;
  }
}
