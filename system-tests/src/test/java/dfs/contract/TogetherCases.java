package dfs.contract;

import static dfs.contract.Expect.file;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Several threads at work on the same names and files. */
final class TogetherCases {
  private static final int THREADS = 8;
  private static final int ROUNDS = 25;

  private TogetherCases() {}

  static List<Case> all() {
    List<Case> all = new ArrayList<>(NAMES);
    all.addAll(CONTENTS);
    return all;
  }

  /** What one of the threads does, told its number. */
  private interface Work {
    void run(int thread) throws Exception;
  }

  /** Runs it in all threads at once; throws what one of them threw. */
  private static void together(Work work) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<Boolean>> results = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int thread = i;
        Callable<Boolean> task =
            () -> {
              work.run(thread);
              return true;
            };
        results.add(threads.submit(task));
      }
      for (Future<Boolean> result : results) {
        assertThat(result.get()).isTrue();
      }
    }
  }

  private static final List<Case> NAMES =
      List.of(
          Case.of(
              "createFile by eight: one makes it",
              d -> {
                AtomicInteger made = new AtomicInteger();
                together(
                    thread -> {
                      for (int i = 0; i < ROUNDS; i++) {
                        try {
                          Files.createFile(d.resolve("f" + i));
                          made.incrementAndGet();
                        } catch (FileAlreadyExistsException e) {
                          assertThat(e.getFile()).endsWith("f" + i);
                        }
                      }
                    });
                assertThat(made).hasValue(ROUNDS);
              }),
          Case.of(
              "createDirectories by eight",
              d -> {
                together(thread -> Files.createDirectories(d.resolve("a/b/c/d/e")));
                assertThat(d.resolve("a/b/c/d/e")).isDirectory();
              }),
          Case.of(
              "deleteIfExists by eight: one deletes it",
              d -> {
                for (int i = 0; i < ROUNDS; i++) {
                  file(d, "f" + i, "");
                }
                AtomicInteger deleted = new AtomicInteger();
                together(
                    thread -> {
                      for (int i = 0; i < ROUNDS; i++) {
                        if (Files.deleteIfExists(d.resolve("f" + i))) {
                          deleted.incrementAndGet();
                        }
                      }
                    });
                assertThat(deleted).hasValue(ROUNDS);
              }),
          Case.of(
              "move by eight: one moves it",
              d -> {
                file(d, "f", "x");
                AtomicInteger moved = new AtomicInteger();
                together(
                    thread -> {
                      try {
                        Files.move(d.resolve("f"), d.resolve("g" + thread));
                        moved.incrementAndGet();
                      } catch (NoSuchFileException e) {
                        assertThat(e.getFile()).endsWith("f");
                      }
                    });
                assertThat(moved).hasValue(1);
              }),
          Case.of(
              "createTempFile by eight: all are different",
              d -> {
                Set<Path> made = ConcurrentHashMap.newKeySet();
                together(
                    thread -> {
                      for (int i = 0; i < ROUNDS; i++) {
                        assertThat(made.add(Files.createTempFile(d, "t", ""))).isTrue();
                      }
                    });
                assertThat(made).hasSize(THREADS * ROUNDS);
              }),
          Case.of(
              "createLink by eight counts the names",
              d -> {
                Path f = file(d, "f", "x");
                together(thread -> Files.createLink(d.resolve("g" + thread), f));
                assertThat(Files.getAttribute(f, "unix:nlink")).isEqualTo(THREADS + 1);
              }),
          Case.of(
              "an atomic move is seen whole",
              d -> {
                Path f = file(d, "f", "0");
                AtomicBoolean over = new AtomicBoolean();
                together(
                    thread -> {
                      if (thread != 0) {
                        while (!over.get()) {
                          assertThat(Files.readString(f)).hasSize(1);
                        }
                        return;
                      }
                      try {
                        for (int i = 0; i < ROUNDS; i++) {
                          Files.move(file(d, "g", String.valueOf(i % 10)), f, ATOMIC_MOVE);
                        }
                      } finally {
                        over.set(true);
                      }
                    });
              }),
          Case.of(
              "a directory is listed while it changes",
              d -> {
                file(d, "stays", "");
                together(
                    thread -> {
                      for (int i = 0; i < ROUNDS; i++) {
                        if (thread % 2 == 0) {
                          Path f = d.resolve("f" + thread);
                          Files.createFile(f);
                          Files.delete(f);
                        } else {
                          try (DirectoryStream<Path> stream = Files.newDirectoryStream(d)) {
                            assertThat(stream).contains(d.resolve("stays"));
                          }
                        }
                      }
                    });
              }),
          Case.of(
              "entries of one stream by eight: each once",
              d -> {
                for (int i = 0; i < 100; i++) {
                  Files.createDirectory(d.resolve("n" + i));
                }
                Set<Path> seen = ConcurrentHashMap.newKeySet();
                try (DirectoryStream<Path> stream = Files.newDirectoryStream(d)) {
                  var entries = stream.iterator();
                  together(
                      thread -> {
                        while (true) {
                          Path entry;
                          try {
                            entry = entries.next();
                          } catch (NoSuchElementException e) {
                            return;
                          }
                          assertThat(seen.add(entry)).isTrue();
                        }
                      });
                }
                assertThat(seen).hasSize(100);
              }));

  private static final List<Case> CONTENTS =
      List.of(
          Case.of(
              "appends of one channel by eight are whole",
              d -> {
                Path f = file(d, "f", "");
                try (FileChannel channel = FileChannel.open(f, APPEND)) {
                  together(thread -> append(channel, thread));
                }
                whole(f);
              }),
          Case.of(
              "appends of eight channels are whole",
              d -> {
                Path f = file(d, "f", "");
                together(
                    thread -> {
                      try (FileChannel channel = FileChannel.open(f, APPEND)) {
                        append(channel, thread);
                      }
                    });
                whole(f);
              }),
          Case.of(
              "writes in order of one channel by eight are whole",
              d -> {
                Path f = file(d, "f", "");
                try (FileChannel channel = FileChannel.open(f, WRITE)) {
                  together(thread -> append(channel, thread));
                }
                whole(f);
              }),
          Case.of(
              "writes at positions by eight",
              d -> {
                Path f = d.resolve("f");
                try (FileChannel channel = FileChannel.open(f, WRITE, CREATE)) {
                  together(
                      thread -> {
                        for (int i = 0; i < ROUNDS; i++) {
                          byte[] bytes = Expect.bytes(line(thread));
                          long at = (long) (thread * ROUNDS + i) * bytes.length;
                          channel.write(ByteBuffer.wrap(bytes), at);
                        }
                      });
                }
                whole(f);
              }),
          Case.of(
              "reads in order of one channel by eight: each byte once",
              d -> {
                Path f = file(d, "f", "x".repeat(THREADS * ROUNDS));
                AtomicInteger read = new AtomicInteger();
                try (FileChannel channel = FileChannel.open(f, READ)) {
                  together(
                      thread -> {
                        ByteBuffer into = ByteBuffer.allocate(3);
                        while (channel.read(into.clear()) > 0) {
                          read.addAndGet(into.position());
                        }
                      });
                }
                assertThat(read).hasValue(THREADS * ROUNDS);
              }),
          Case.of(
              "files of their own by eight",
              d -> {
                together(
                    thread -> {
                      for (int i = 0; i < ROUNDS; i++) {
                        Path f = Files.writeString(d.resolve(thread + "-" + i), line(thread));
                        assertThat(Files.readString(f)).isEqualTo(line(thread));
                      }
                    });
                try (var listed = Files.list(d)) {
                  assertThat(listed).hasSize(THREADS * ROUNDS);
                }
              }),
          Case.of(
              "a file grows and shrinks beside its readers",
              d -> {
                Path f = file(d, "f", "aaaaaaaa");
                together(
                    thread -> {
                      try (FileChannel channel = FileChannel.open(f, READ, WRITE)) {
                        for (int i = 0; i < ROUNDS; i++) {
                          if (thread == 0) {
                            channel.truncate(4);
                            channel.write(ByteBuffer.wrap(Expect.bytes("aaaa")), 4);
                          } else {
                            ByteBuffer into = ByteBuffer.allocate(4);
                            assertThat(channel.read(into, 0)).isEqualTo(4);
                            assertThat(into.array()).containsOnly('a');
                          }
                        }
                      }
                    });
              }));

  private static String line(int thread) {
    return "line of thread %d\n".formatted(thread);
  }

  private static void append(FileChannel channel, int thread) throws Exception {
    for (int i = 0; i < ROUNDS; i++) {
      channel.write(ByteBuffer.wrap(Expect.bytes(line(thread))));
    }
  }

  private static void whole(Path file) throws Exception {
    List<String> lines = Files.readAllLines(file);
    assertThat(lines).hasSize(THREADS * ROUNDS);
    for (int thread = 0; thread < THREADS; thread++) {
      assertThat(lines.stream().filter(line(thread).strip()::equals)).hasSize(ROUNDS);
    }
  }
}
