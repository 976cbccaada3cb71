package dfs.simulation;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Errno;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * What one user does to files of its own, through one client after the other, and what it was
 * promised. Each read is compared with that.
 */
final class Workload {
  private static final int FILES = 5;
  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final long SETTLED_NANOS = 3 * SECOND_NANOS;
  private static final long PAUSE_NANOS = 400_000_000L;

  /** Inline, in shared blocks, in pieces of a unit and more. */
  private static final List<Integer> LENGTHS = List.of(300, 5_000, 20_000, 70_000);

  final String user;
  private final Random random;
  private final Map<String, FileModel> files = new TreeMap<>();
  private final Map<String, Long> handles = new TreeMap<>();
  private final List<Past> pasts = new ArrayList<>();
  private int stepsLeft;
  private int done;
  private int failed;
  private int pastsRead;
  private long rememberedNanos;

  /** What a file held at an instant. */
  private record Past(String name, long ino, long nanos, ByteString contents) {
    void check(SimulatedClient client) throws IOException {
      byte[] then = client.readAsOf(ino, nanos, contents.size());
      if (then != null && !contents.equals(ByteString.copyFrom(then))) {
        throw new AssertionError(
            "%s was not what it is said to have been at %d: %d bytes differ at %d"
                .formatted(
                    name, nanos, contents.size(), Arrays.mismatch(then, contents.toByteArray())));
      }
    }
  }

  Workload(String user, long seed, int steps) {
    this.user = user;
    this.random = new Random(seed);
    this.stepsLeft = steps;
  }

  boolean isFinished() {
    return stepsLeft <= 0;
  }

  /** Unless it is forgotten while it is asked for. */
  private void check(Past past, SimulatedClient client) throws IOException {
    try {
      past.check(client);
    } catch (AssertionError e) {
      if (past.nanos >= rememberedNanos) {
        throw e;
      }
    }
  }

  /** Steps that were acknowledged. */
  int done() {
    return done;
  }

  /** What was before this is not remembered second by second any more. */
  void forgetBefore(long nanos) {
    rememberedNanos = Math.max(rememberedNanos, nanos);
    pasts.removeIf(past -> past.nanos < nanos);
  }

  int failed() {
    return failed;
  }

  /** How often it looked, in the end, what a file was before. */
  int pastsRead() {
    return pastsRead;
  }

  /** Goes on through a client until all steps are taken or its session is over. */
  void work(SimulatedClient next) {
    handles.clear();
    while (stepsLeft > 0 && !next.isOver()) {
      stepsLeft--;
      String name = user + "-" + random.nextInt(FILES);
      try {
        step(next, name);
        done++;
      } catch (IOException e) {
        failed++;
        note(next, name, "failed: " + e.getMessage());
        letGo(next, name);
      }
      next.process.pause(random.nextLong(2 * PAUSE_NANOS));
    }
  }

  private void note(SimulatedClient next, String name, String what) {
    FileModel file = files.get(name);
    if (file != null) {
      file.note("%.3f %s".formatted(next.process.monotonicNanos() / 1e9, what));
    }
  }

  private static void letGo(SimulatedClient client, Long handle) {
    try {
      client.close(handle);
    } catch (IOException e) {
      // It has failed already.
    }
  }

  private void letGo(SimulatedClient next, String name) {
    Long handle = handles.remove(name);
    if (handle != null) {
      letGo(next, handle);
    }
  }

  private void step(SimulatedClient next, String name) throws IOException {
    FileModel file = files.get(name);
    if (file == null || file.mayBeMissing()) {
      create(next, name);
      return;
    }
    Long handle = handles.get(name);
    if (handle == null) {
      handle = next.open(name);
      handles.put(name, handle);
      note(next, name, "opened");
      opened(next, name, file, next.read(handle));
      return;
    }
    switch (random.nextInt(12)) {
      case 0, 1, 2, 3 -> write(next, name, handle, file);
      case 4 -> {
        int length = random.nextInt(file.now().length + 2_000);
        note(next, name, "truncate " + length);
        file.truncate(length);
        next.truncate(handle, length);
      }
      case 5 -> {
        note(next, name, "empty");
        file.truncate(0);
        next.empty(handle);
      }
      case 6, 7, 8 -> {
        next.sync(handle);
        note(next, name, "synced");
        file.synced(next.process.monotonicNanos());
      }
      case 9 -> {
        if (file.isSettledSince(next.process.monotonicNanos() - SETTLED_NANOS)) {
          // The full second before: of one that began before what is remembered nothing is left.
          long then = (next.process.wallNanos() - SETTLED_NANOS / 2) / SECOND_NANOS * SECOND_NANOS;
          if (then >= rememberedNanos) {
            pasts.add(new Past(name, next.inodeOf(handle), then, ByteString.copyFrom(file.now())));
          }
        }
        if (!pasts.isEmpty()) {
          check(pasts.get(random.nextInt(pasts.size())), next);
        }
        byte[] contents = next.read(handle);
        if (!Arrays.equals(contents, file.now())) {
          throw new AssertionError(name + " is not as it was left: " + file.difference(contents));
        }
      }
      case 10 -> {
        handles.remove(name);
        note(next, name, "close");
        next.close(handle);
      }
      default -> remove(next, name, file);
    }
  }

  private void write(SimulatedClient next, String name, long handle, FileModel file)
      throws IOException {
    byte[] bytes = new byte[1 + random.nextInt(LENGTHS.get(random.nextInt(LENGTHS.size())))];
    random.nextBytes(bytes);
    int offset = random.nextInt(3) == 0 ? file.now().length : random.nextInt(file.now().length + 1);
    note(next, name, "write %d at %d".formatted(bytes.length, offset));
    file.write(offset, bytes);
    next.write(handle, offset, bytes);
  }

  private void remove(SimulatedClient next, String name, FileModel file) throws IOException {
    letGo(next, name);
    note(next, name, "remove");
    file.missing(true);
    try {
      next.remove(name);
    } catch (SimulatedClient.Refused e) {
      if (e.reply.errno() != Errno.ENOENT) {
        throw e;
      }
      throw new AssertionError(name + " is gone, and nobody removed it");
    }
    files.remove(name);
  }

  /** Makes a file, or finds what came of making or removing one that was not answered. */
  private void create(SimulatedClient next, String name) throws IOException {
    FileModel file = files.get(name);
    if (file == null) {
      file = new FileModel();
      file.madeBy(next);
      file.missing(true);
      files.put(name, file);
      note(next, name, "create");
      handles.put(name, next.create(name));
      file.missing(false);
      return;
    }
    try {
      long handle = next.open(name);
      handles.put(name, handle);
      note(next, name, "opened again");
      file.missing(false);
      opened(next, name, file, next.read(handle));
    } catch (SimulatedClient.Refused e) {
      if (e.reply.errno() != Errno.ENOENT) {
        throw e;
      }
      files.remove(name);
    }
  }

  private void opened(SimulatedClient next, String name, FileModel file, byte[] contents) {
    if (!file.allows(contents)) {
      throw new AssertionError(name + " is not what was written: " + file.difference(contents));
    }
    file.found(next, contents);
  }

  /** Reads everything, in the end, through a client that never saw it. */
  void verify(SimulatedClient fresh) throws IOException {
    for (Map.Entry<String, FileModel> entry : files.entrySet()) {
      String name = entry.getKey();
      FileModel file = entry.getValue();
      long handle;
      try {
        handle = fresh.open(name);
      } catch (SimulatedClient.Refused e) {
        if (e.reply.errno() == Errno.ENOENT && file.mayBeMissing()) {
          continue;
        }
        throw new AssertionError(name + " cannot be opened: " + e.getMessage(), e);
      }
      try {
        opened(fresh, name, file, fresh.read(handle));
      } catch (IOException e) {
        throw new AssertionError(name + " cannot be read: " + e.getMessage(), e);
      }
      fresh.close(handle);
    }
    for (Past past : pasts) {
      try {
        check(past, fresh);
        pastsRead++;
      } catch (IOException e) {
        throw new AssertionError("the past of %s cannot be read: %s".formatted(past.name, e), e);
      }
    }
  }
}
