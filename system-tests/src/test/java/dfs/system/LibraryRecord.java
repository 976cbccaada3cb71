package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.cli.data.DataDirectory;
import dfs.cli.volume.Volume;
import dfs.client.path.VolumeTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link LibraryWriter} was acknowledged, and the one thing that was under way. Thread-safe.
 */
final class LibraryRecord implements LibraryWriter.Heard {
  /** What a client that was killed while it put a file leaves behind. */
  private static final String UNFINISHED = ".dfs-put-";

  private final Map<String, Put> files = new TreeMap<>();
  private @Nullable Put underWay;
  private long acknowledged;

  /** A file as it was last put; of negative length: removed. */
  private record Put(String name, long seed, int length) {
    boolean isRemoval() {
      return length < 0;
    }

    /** Whether the directory shows what this left. */
    boolean isIn(Map<String, byte[]> directory) {
      byte[] there = directory.get(name);
      if (isRemoval() || there == null) {
        return isRemoval() && there == null;
      }
      return Arrays.equals(there, LibraryWriter.bytes(seed, length));
    }
  }

  @Override
  public synchronized void puts(String name, long seed, int length) {
    underWay = new Put(name, seed, length);
  }

  @Override
  public synchronized void removes(String name) {
    underWay = new Put(name, 0, -1);
  }

  @Override
  public synchronized void done() {
    Put done = underWay;
    if (done != null) {
      settle(done);
      acknowledged++;
    }
  }

  private void settle(Put put) {
    underWay = null;
    if (put.isRemoval()) {
      files.remove(put.name());
    } else {
      files.put(put.name(), put);
    }
  }

  synchronized long acknowledged() {
    return acknowledged;
  }

  synchronized boolean isUnderWay() {
    return underWay != null;
  }

  /**
   * What was acknowledged is there, as a fresh client sees it, and nothing else; what was under way
   * is there or is not.
   */
  synchronized void verify(DataDirectory data, String directory) throws IOException {
    Map<String, byte[]> actual = read(data, directory);
    Put last = underWay;
    if (last != null && last.isIn(actual)) {
      settle(last);
    }
    underWay = null;
    assertThat(actual.keySet()).as("names in %s", directory).isEqualTo(files.keySet());
    for (Put put : files.values()) {
      assertThat(put.isIn(actual)).as("%s/%s is as it was closed", directory, put).isTrue();
    }
  }

  private static Map<String, byte[]> read(DataDirectory data, String directory) throws IOException {
    Map<String, byte[]> actual = new TreeMap<>();
    try (Volume volume = Volume.open(data)) {
      VolumeTree tree = volume.tree();
      tree.list(directory, (name, attributes) -> actual.put(name.toStringUtf8(), new byte[0]));
      actual.keySet().removeIf(name -> name.startsWith(UNFINISHED));
      for (Map.Entry<String, byte[]> entry : actual.entrySet()) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        tree.copyOut(directory + "/" + entry.getKey(), Channels.newChannel(out));
        entry.setValue(out.toByteArray());
      }
    }
    return actual;
  }
}
