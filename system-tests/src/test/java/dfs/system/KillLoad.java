package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Four readers past the page cache, at 8 MB/s each, and one stream on the mount {@code mnt} of a
 * folder, each a process. What the stream has written can be looked at while it writes.
 */
final class KillLoad implements AutoCloseable {
  private static final int READERS = 4;

  /** What the stream writes when it is not held up; it catches up a second at most. */
  static final long STREAM_BYTES_PER_SECOND = 32_000_000;

  /** It syncs whenever it has written so many more. */
  static final long SYNCED_BYTES = 4 << 20;

  /**
   * Bytes that the stream wrote by calls that returned, that are under way, and that each reader
   * read, each eight bytes.
   */
  private static final int PROGRESS_BYTES = 8 * (2 + READERS);

  /** Each says how long its longest call took. */
  private static final String LOAD =
      """
      import hashlib, mmap, os, random, struct, sys, time
      role, stop, files = sys.argv[1], sys.argv[2], sys.argv[3:]
      slowest = 0
      progress = mmap.mmap(os.open('progress', os.O_RDWR), 0)
      def timed(call, *arguments):
          global slowest
          since = time.monotonic()
          result = call(*arguments)
          slowest = max(slowest, time.monotonic() - since)
          return result
      def read():
          name, since = random.choice(files), time.monotonic()
          fd = timed(os.open, name, os.O_RDONLY | os.O_DIRECT)
          buffer = mmap.mmap(-1, 1 << 20)
          digest = hashlib.sha256()
          global moved
          while True:
              count = timed(os.readv, fd, [buffer])
              if count == 0:
                  break
              moved += count
              at = 16 + 8 * int(role[4:])
              progress[at : at + 8] = struct.pack('<q', moved)
              digest.update(buffer[:count])
          time.sleep(max(0, since + os.fstat(fd).st_size / 8e6 - time.monotonic()))
          os.close(fd)
          assert digest.hexdigest() == sums.setdefault(name, digest.hexdigest()), name
      def stream():
          name, rate, synced = files[0], int(files[1]), int(files[2])
          piece = bytearray(os.urandom(1 << 18))
          fd = timed(os.open, name, os.O_CREAT | os.O_RDWR | os.O_TRUNC)
          timed(os.ftruncate, fd, 1 << 30)  # large from the start: it gets blocks of its own
          digest = hashlib.sha256()
          written, since = 0, time.monotonic()
          while not os.path.exists(stop) and written < 1 << 30:
              piece[:8] = struct.pack('<q', written)
              progress[8:16] = struct.pack('<q', len(piece))
              timed(os.write, fd, piece)
              digest.update(piece)
              written += len(piece)
              progress[:16] = struct.pack('<qq', written, 0)
              if written % synced == 0:
                  timed(os.fsync, fd)
              ahead = since + written / rate - time.monotonic()
              if ahead > 0:
                  time.sleep(ahead)
              elif ahead < -1:
                  since -= ahead + 1
          timed(os.ftruncate, fd, written)
          timed(os.fsync, fd)
          os.close(fd)
          assert hashlib.sha256(open(name, 'rb').read()).digest() == digest.digest(), name
      sums, moved = {}, 0
      if role == 'stream':
          stream()
      while role != 'stream' and not os.path.exists(stop):
          read()
      print(slowest)
      """;

  private final Path scratch;
  private final List<Process> loads = new ArrayList<>();

  KillLoad(Path scratch) throws IOException {
    this.scratch = scratch;
    Files.writeString(scratch.resolve("load.py"), LOAD);
  }

  /** The readers read {@code s1} to {@code s8}; the stream goes into a file of this name. */
  void start(String stream) throws IOException {
    Files.deleteIfExists(scratch.resolve("stop"));
    Files.write(scratch.resolve("progress"), new byte[PROGRESS_BYTES]);
    loads.clear();
    for (int i = 0; i < READERS; i++) {
      begin("read" + i, "mnt/s" + (2 * i + 1), "mnt/s" + (2 * i + 2));
    }
    begin(
        "stream",
        "mnt/" + stream,
        String.valueOf(STREAM_BYTES_PER_SECOND),
        String.valueOf(SYNCED_BYTES));
  }

  private void begin(String role, String... files) throws IOException {
    List<String> command = new ArrayList<>(List.of("timeout", "300", "python3", "load.py", role));
    command.add("stop");
    command.addAll(List.of(files));
    loads.add(
        new ProcessBuilder(command).directory(scratch.toFile()).redirectErrorStream(true).start());
  }

  private long progress(int at) throws IOException {
    return ByteBuffer.wrap(Files.readAllBytes(scratch.resolve("progress")))
        .order(ByteOrder.LITTLE_ENDIAN)
        .getLong(at);
  }

  /** Bytes that the stream wrote, of calls that returned. */
  long written() throws IOException {
    return progress(0);
  }

  /** Bytes that the stream wrote and that were read. */
  long moved() throws IOException {
    long moved = written();
    for (int i = 0; i < READERS; i++) {
      moved += progress(8 * (2 + i));
    }
    return moved;
  }

  /** None of them heard of an error; the longest call of any, in seconds. */
  double stop() throws Exception {
    Files.createFile(scratch.resolve("stop"));
    double slowest = 0;
    for (Process load : loads) {
      String said =
          new String(load.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      assertThat(load.waitFor()).as("%s", said).isZero();
      slowest = Math.max(slowest, Double.parseDouble(said));
    }
    return slowest;
  }

  @Override
  public void close() {
    loads.forEach(Process::destroyForcibly);
  }
}
