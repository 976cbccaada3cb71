package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Changes files in a directory of its own and remembers what was acknowledged, and the one thing
 * that was under way when its file system died.
 */
final class RecordingWriter {
  private static final int NAMES = 24;
  private static final int LENGTH_MAX = 300_000;
  private static final int WRITE_MAX = 60_000;

  private final Random random;
  private final Map<String, RecordedFile> files = new TreeMap<>();

  /** What the names would mean if the operation under way took effect; null: none is. */
  private @Nullable Map<String, RecordedFile> underWay;

  private volatile boolean stopping;
  private volatile boolean cut;
  private final AtomicLong acknowledged = new AtomicLong();
  private long slowestNanos;

  RecordingWriter(long seed) {
    random = new Random(seed);
  }

  long acknowledged() {
    return acknowledged.get();
  }

  /** The longest that one step took. */
  long slowestNanos() {
    return slowestNanos;
  }

  boolean wasUnderWay() {
    return underWay != null;
  }

  void stop() {
    stopping = true;
  }

  /** From now on nothing counts as acknowledged: the power is about to go. */
  void cut() {
    cut = true;
  }

  private void checkPower() throws IOException {
    if (cut) {
      throw new IOException("the power is cut");
    }
  }

  /** Works until told to stop or the file system fails; returns the failure. */
  @Nullable IOException work(Path directory) {
    stopping = false;
    cut = false;
    underWay = null;
    try {
      Files.createDirectories(directory);
      while (!stopping) {
        long since = System.nanoTime();
        step(directory);
        slowestNanos = Math.max(slowestNanos, System.nanoTime() - since);
        acknowledged.incrementAndGet();
      }
      return null;
    } catch (IOException e) {
      return e;
    }
  }

  private void step(Path directory) throws IOException {
    String name = (random.nextInt(4) == 0 ? "g" : "f") + random.nextInt(NAMES);
    RecordedFile file = files.get(name);
    if (file == null) {
      create(directory, name);
      return;
    }
    switch (random.nextInt(10)) {
      case 0 -> unlink(directory, name);
      case 1 -> rename(directory, name, "g" + random.nextInt(NAMES), file);
      case 2 -> truncate(directory.resolve(name), file);
      default -> write(directory.resolve(name), file, random.nextInt(4) > 0);
    }
  }

  private void begin(Map<String, RecordedFile> after) {
    underWay = after;
  }

  private void done(Map<String, RecordedFile> after) throws IOException {
    checkPower();
    underWay = null;
    files.clear();
    files.putAll(after);
  }

  private void create(Path directory, String name) throws IOException {
    Map<String, RecordedFile> after = new HashMap<>(files);
    after.put(name, new RecordedFile());
    begin(after);
    FileChannel.open(
            directory.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)
        .close();
    done(after);
  }

  private void unlink(Path directory, String name) throws IOException {
    Map<String, RecordedFile> after = new HashMap<>(files);
    after.remove(name);
    begin(after);
    Files.delete(directory.resolve(name));
    done(after);
  }

  /** To another name: to its own nothing would happen, and nothing be flushed. */
  private void rename(Path directory, String from, String to, RecordedFile file)
      throws IOException {
    if (from.equals(to)) {
      return;
    }
    Map<String, RecordedFile> after = new HashMap<>(files);
    after.remove(from);
    after.put(to, file);
    begin(after);
    Files.move(
        directory.resolve(from),
        directory.resolve(to),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.ATOMIC_MOVE);
    checkPower();
    file.synced();
    done(after);
  }

  private void truncate(Path path, RecordedFile file) throws IOException {
    int length = random.nextInt(file.length() + 1);
    begin(files);
    file.tried(RecordedFile.truncate(length));
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.truncate(length);
    }
    checkPower();
    file.synced();
    underWay = null;
  }

  private void write(Path path, RecordedFile file, boolean sync) throws IOException {
    begin(files);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      for (int i = random.nextInt(3); i >= 0; i--) {
        byte[] bytes = new byte[1 + random.nextInt(WRITE_MAX)];
        random.nextBytes(bytes);
        int offset = random.nextInt(Math.min(file.length(), LENGTH_MAX) + 1);
        file.tried(RecordedFile.write(offset, bytes));
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          channel.write(buffer, offset + buffer.position());
        }
      }
      if (sync) {
        channel.force(true);
        checkPower();
        file.synced();
      }
    }
    underWay = null;
  }

  /**
   * What is there is what was acknowledged, give or take what was under way; then it is the truth.
   */
  void verify(Path directory) throws IOException {
    Map<String, byte[]> actual = new TreeMap<>();
    try (Stream<Path> entries = Files.list(directory)) {
      for (Path entry : entries.toList()) {
        actual.put(String.valueOf(entry.getFileName()), Files.readAllBytes(entry));
      }
    }
    List<String> wrong = differences(files, actual);
    Map<String, RecordedFile> truth = files;
    Map<String, RecordedFile> after = underWay;
    if (!wrong.isEmpty() && after != null) {
      List<String> alsoWrong = differences(after, actual);
      if (alsoWrong.isEmpty()) {
        wrong = alsoWrong;
        truth = after;
      }
    }
    assertThat(wrong).as("what differs in %s", directory).isEmpty();
    truth = new HashMap<>(truth);
    truth.forEach((name, file) -> file.settle(actual.getOrDefault(name, new byte[0])));
    files.clear();
    files.putAll(truth);
    underWay = null;
  }

  /** What is there is exactly what was written: nothing died that had something in memory. */
  void verifyExactly(Path directory) throws IOException {
    files.values().forEach(RecordedFile::synced);
    underWay = null;
    verify(directory);
  }

  private static List<String> differences(
      Map<String, RecordedFile> expected, Map<String, byte[]> actual) {
    List<String> wrong = new ArrayList<>();
    Set<String> names = new TreeSet<>(expected.keySet());
    names.addAll(actual.keySet());
    for (String name : names) {
      RecordedFile file = expected.get(name);
      byte[] contents = actual.get(name);
      if (file == null || contents == null) {
        wrong.add(name + (file == null ? " should not be there" : " is missing: " + file));
      } else if (!file.allows(contents)) {
        wrong.add(name + " has " + contents.length + " other bytes: " + file);
      }
    }
    return wrong;
  }

  @Override
  public String toString() {
    return files.entrySet().stream()
        .map(entry -> entry.getKey() + ": " + entry.getValue())
        .collect(Collectors.joining("\n"));
  }
}
