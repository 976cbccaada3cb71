package dfs.simulation;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What one user does to files of its own, through one client after the other, and what it was
 * promised. Each read is compared with that.
 */
final class Workload {
  private static final int FILES = 6;

  /** The file that all users write to, each to its part. */
  private static final String SHARED = "shared";

  private static final int PART_BYTES = 6_000;
  private static final int SHARED_ONE_IN = 8;
  private static final int NAMES_ONE_IN = 4;
  private static final int COPY_ONE_IN = 3;
  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final long SETTLED_NANOS = 3 * SECOND_NANOS;
  private static final long SLOW_NANOS = 12 * SECOND_NANOS;
  private static final long PAUSE_NANOS = 400_000_000L;

  /** Inline, in shared blocks, in pieces of a unit and more. */
  private static final List<Integer> LENGTHS = List.of(300, 5_000, 20_000, 70_000);

  final String user;
  private final Random random;

  /** By name; a file may have several. */
  private final Map<String, FileModel> files = new TreeMap<>();

  /** Names that were given or taken, and nobody said so yet. */
  private final Set<String> uncertain = new TreeSet<>();

  private final Map<String, Long> handles = new TreeMap<>();
  private @Nullable Renaming renaming;

  /** The part of the file of all that only this user writes to. */
  private final FileModel part = new FileModel(new byte[PART_BYTES]);

  private final int partOffset;
  private final int copiesMin;
  private final int copiesMax;
  private final List<Past> pasts = new ArrayList<>();
  private int stepsLeft;
  private int done;
  private int failed;
  private int pastsRead;
  private long rememberedNanos;

  /** A rename that was not answered yet: it was done, or not. */
  private record Renaming(String from, String to) {}

  /** What a file held at an instant. */
  private record Past(String name, long ino, long nanos, ByteString contents) {
    void check(SimulatedClient client, long pauseNanos) throws IOException {
      byte[] then = client.readAsOf(ino, nanos, contents.size(), pauseNanos);
      if (then != null && !contents.equals(ByteString.copyFrom(then))) {
        throw new AssertionError(
            "%s was not what it is said to have been at %d: %d bytes differ at %d"
                .formatted(
                    name, nanos, contents.size(), Arrays.mismatch(then, contents.toByteArray())));
      }
    }
  }

  /**
   * @param number of the user, which says which part of the file of all is its own
   * @param copiesMin no file has fewer
   * @param copiesMax there are servers for so many
   */
  Workload(int number, long seed, int steps, int copiesMin, int copiesMax) {
    this.user = "user" + number;
    this.random = new Random(seed);
    this.stepsLeft = steps;
    this.partOffset = number * PART_BYTES;
    this.copiesMin = copiesMin;
    this.copiesMax = copiesMax;
  }

  boolean isFinished() {
    return stepsLeft <= 0;
  }

  /** Unless it is forgotten while it is asked for. */
  private void check(Past past, SimulatedClient client, long pauseNanos) throws IOException {
    try {
      past.check(client, pauseNanos);
    } catch (AssertionError e) {
      if (past.nanos >= rememberedNanos) {
        throw e;
      }
    }
  }

  /** Reads what files were, each on a thread, slowly. */
  void readPasts(SimulatedClient client) {
    for (Past past : List.copyOf(pasts)) {
      long pause = client.process.random().nextLong(SLOW_NANOS);
      client.process.start(
          "reading",
          () -> {
            try {
              check(past, client, pause);
            } catch (IOException e) {
              // Those who have it are away.
            }
          });
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
      String name = random.nextInt(SHARED_ONE_IN) == 0 ? SHARED : anyName();
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

  private String anyName() {
    return user + "-" + random.nextInt(FILES);
  }

  private void note(SimulatedClient next, String name, String what) {
    FileModel file = name.equals(SHARED) ? part : files.get(name);
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
    settleRenaming(next);
    if (name.equals(SHARED)) {
      share(next);
      return;
    }
    FileModel file = files.get(name);
    if (file == null || uncertain.contains(name)) {
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
    if (random.nextInt(NAMES_ONE_IN) == 0) {
      stepOfNames(next, name, handle, file);
    } else {
      stepOfContents(next, name, handle, file);
    }
  }

  private void stepOfContents(SimulatedClient next, String name, long handle, FileModel file)
      throws IOException {
    switch (random.nextInt(11)) {
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
      case 9 -> look(next, name, handle, file);
      default -> restore(next, name, handle, file);
    }
  }

  private void stepOfNames(SimulatedClient next, String name, long handle, FileModel file)
      throws IOException {
    switch (random.nextInt(6)) {
      case 0 -> {
        handles.remove(name);
        note(next, name, "close");
        next.close(handle);
      }
      case 1, 2 -> rename(next, name, handle, file);
      case 3 -> link(next, name, handle, file);
      case 4 -> {
        int copies = copiesMin + random.nextInt(copiesMax - copiesMin + 1);
        note(next, name, copies + " copies");
        next.order(
            new Change.SetReplication(next.inodeOf(handle), copies, 0, Limits.FILE_SIZE_BYTES));
      }
      default -> remove(next, name);
    }
  }

  /** At what a file is, and at what some file was. */
  private void look(SimulatedClient next, String name, long handle, FileModel file)
      throws IOException {
    if (file.isSettledSince(next.process.monotonicNanos() - SETTLED_NANOS)) {
      // The full second before: of one that began before what is remembered nothing is left.
      long then = (next.process.wallNanos() - SETTLED_NANOS / 2) / SECOND_NANOS * SECOND_NANOS;
      if (then >= rememberedNanos) {
        pasts.add(new Past(name, next.inodeOf(handle), then, ByteString.copyFrom(file.now())));
      }
    }
    if (!pasts.isEmpty()) {
      check(anyPast(), next, 0);
    }
    byte[] contents = next.read(handle);
    if (!Arrays.equals(contents, file.now())) {
      throw new AssertionError(name + " is not as it was left: " + file.difference(contents));
    }
  }

  private Past anyPast() {
    return pasts.get(random.nextInt(pasts.size()));
  }

  private void restore(SimulatedClient next, String name, long handle, FileModel file)
      throws IOException {
    long ino = next.inodeOf(handle);
    List<Past> known = pasts.stream().filter(past -> past.ino == ino).toList();
    if (known.isEmpty()) {
      look(next, name, handle, file);
      return;
    }
    Past past = known.get(random.nextInt(known.size()));
    note(next, name, "restore %d bytes of %d".formatted(past.contents.size(), past.nanos));
    byte[] before = file.now();
    file.replace(past.contents.toByteArray());
    if (next.restore(ino, past.nanos)) {
      file.synced(next.process.monotonicNanos());
    } else {
      file.replace(before);
    }
  }

  private void rename(SimulatedClient next, String name, long handle, FileModel file)
      throws IOException {
    String to = anyName();
    if (to.equals(name) || uncertain.contains(to)) {
      return;
    }
    note(next, name, "rename to " + to);
    note(next, to, "%s is renamed to it".formatted(name));
    renaming = new Renaming(name, to);
    next.rename(handle, name, to);
    file.synced(next.process.monotonicNanos());
    renamed(next, name, to);
  }

  /** Two names of one file stay both. */
  private void renamed(SimulatedClient next, String from, String to) {
    renaming = null;
    FileModel file = files.get(from);
    if (file == null || file.equals(files.get(to))) {
      return;
    }
    files.remove(from);
    files.put(to, file);
    Long replaced = handles.remove(to);
    Long handle = handles.remove(from);
    if (handle != null) {
      handles.put(to, handle);
    }
    if (replaced != null) {
      letGo(next, replaced);
    }
  }

  private void settleRenaming(SimulatedClient next) throws IOException {
    Renaming open = renaming;
    if (open == null) {
      return;
    }
    if (next.exists(open.from)) {
      renaming = null;
    } else {
      note(next, open.from, "was renamed");
      renamed(next, open.from, open.to);
    }
  }

  private void link(SimulatedClient next, String name, long handle, FileModel file)
      throws IOException {
    String other = anyName();
    if (!files.containsKey(other)) {
      note(next, name, "link " + other);
      files.put(other, file);
      uncertain.add(other);
      next.link(next.inodeOf(handle), other);
      uncertain.remove(other);
    }
  }

  /** Something with the file of all. */
  private void share(SimulatedClient next) throws IOException {
    Long handle = handles.get(SHARED);
    if (handle == null) {
      handle = next.openOrCreate(SHARED);
      handles.put(SHARED, handle);
      note(next, SHARED, "opened");
      opened(next, SHARED, part, partOf(next.read(handle)));
      return;
    }
    switch (random.nextInt(5)) {
      case 0, 1 -> {
        byte[] bytes = new byte[1 + random.nextInt(PART_BYTES / 2)];
        random.nextBytes(bytes);
        int offset = random.nextInt(PART_BYTES - bytes.length + 1);
        note(next, SHARED, "write %d at %d".formatted(bytes.length, offset));
        part.write(offset, bytes);
        next.write(handle, partOffset + offset, bytes);
      }
      case 2 -> {
        next.sync(handle);
        note(next, SHARED, "synced");
        part.synced(next.process.monotonicNanos());
      }
      case 3 -> {
        handles.remove(SHARED);
        note(next, SHARED, "close");
        next.close(handle);
      }
      default -> {
        byte[] own = partOf(next.read(handle));
        if (!Arrays.equals(own, part.now())) {
          throw new AssertionError(
              "%s of %s is not as it was left: %s".formatted(SHARED, user, part.difference(own)));
        }
      }
    }
  }

  private byte[] partOf(byte[] contents) {
    byte[] own = new byte[PART_BYTES];
    int count = Math.clamp(contents.length - partOffset, 0, PART_BYTES);
    if (count > 0) {
      System.arraycopy(contents, partOffset, own, 0, count);
    }
    return own;
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

  private void remove(SimulatedClient next, String name) throws IOException {
    letGo(next, name);
    note(next, name, "remove");
    uncertain.add(name);
    try {
      next.remove(name);
    } catch (SimulatedClient.Refused e) {
      if (e.reply.errno() != Errno.ENOENT) {
        throw e;
      }
      throw new AssertionError(name + " is gone, and nobody removed it");
    }
    files.remove(name);
    uncertain.remove(name);
  }

  /** Makes a file, or finds what came of making or removing one that was not answered. */
  private void create(SimulatedClient next, String name) throws IOException {
    FileModel file = files.get(name);
    if (file == null) {
      if (pasts.isEmpty() || random.nextInt(COPY_ONE_IN) > 0) {
        make(next, name);
      } else {
        copy(next, name);
      }
      return;
    }
    try {
      long handle = next.open(name);
      handles.put(name, handle);
      note(next, name, "opened again");
      uncertain.remove(name);
      opened(next, name, file, next.read(handle));
    } catch (SimulatedClient.Refused e) {
      if (e.reply.errno() != Errno.ENOENT) {
        throw e;
      }
      files.remove(name);
      uncertain.remove(name);
    }
  }

  private void make(SimulatedClient next, String name) throws IOException {
    FileModel file = new FileModel(new byte[0]);
    file.madeBy(next);
    files.put(name, file);
    uncertain.add(name);
    note(next, name, "create");
    handles.put(name, next.create(name));
    uncertain.remove(name);
  }

  /** Makes a file of what one was. */
  private void copy(SimulatedClient next, String name) throws IOException {
    Past past = anyPast();
    FileModel file = new FileModel(past.contents.toByteArray());
    file.madeBy(next);
    files.put(name, file);
    uncertain.add(name);
    note(
        next,
        name,
        "copy of %d bytes of %s at %d".formatted(past.contents.size(), past.name, past.nanos));
    if (!next.copyPast(past.ino, past.nanos, name)) {
      files.remove(name);
    }
    uncertain.remove(name);
  }

  private void opened(SimulatedClient next, String name, FileModel file, byte[] contents) {
    if (!file.allows(contents)) {
      throw new AssertionError(name + " is not what was written: " + file.difference(contents));
    }
    file.found(next, contents);
  }

  /** Reads everything, in the end, through a client that never saw it. */
  void verify(SimulatedClient fresh) throws IOException {
    settleRenaming(fresh);
    verifyPart(fresh);
    for (Map.Entry<String, FileModel> entry : files.entrySet()) {
      String name = entry.getKey();
      FileModel file = entry.getValue();
      long handle;
      try {
        handle = fresh.open(name);
      } catch (SimulatedClient.Refused e) {
        if (e.reply.errno() == Errno.ENOENT && uncertain.contains(name)) {
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
        check(past, fresh, 0);
        pastsRead++;
      } catch (IOException e) {
        throw new AssertionError("the past of %s cannot be read: %s".formatted(past.name, e), e);
      }
    }
  }

  private void verifyPart(SimulatedClient fresh) throws IOException {
    long handle = fresh.openOrCreate(SHARED);
    opened(fresh, SHARED, part, partOf(fresh.read(handle)));
    fresh.close(handle);
  }
}
