package dfs.contract;

import static dfs.contract.Expect.file;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Interrupts, which close channels and nothing else, and channels that others close. */
final class InterruptCases {
  private static final long PATIENCE_SECONDS = 60;

  private InterruptCases() {}

  static List<Case> all() {
    List<Case> all = new ArrayList<>(CHANNELS);
    all.addAll(NAMES);
    all.addAll(CLOSING);
    return all;
  }

  /** What is done with a channel on a file of six bytes. */
  private interface Use {
    void of(FileChannel channel) throws Exception;
  }

  /** Who is interrupted finds the channel closed, and is still interrupted. */
  private static Case interrupted(String what, Use use) {
    return Case.of(
        what + " of who is interrupted closes the channel",
        d -> {
          try (FileChannel channel = FileChannel.open(file(d, "f", "abcdef"), READ, WRITE)) {
            Thread.currentThread().interrupt();
            Throwable thrown = catchThrowable(() -> use.of(channel));
            assertThat(Thread.interrupted()).isTrue();
            assertThat(thrown).isExactlyInstanceOf(ClosedByInterruptException.class);
            assertThat(channel.isOpen()).isFalse();
          } finally {
            Thread.interrupted();
          }
        });
  }

  private static ByteBuffer one() {
    return ByteBuffer.allocate(1);
  }

  private static final List<Case> CHANNELS =
      List.of(
          interrupted("read", channel -> channel.read(one())),
          interrupted("read at a position", channel -> channel.read(one(), 1)),
          interrupted("scattering read", channel -> channel.read(new ByteBuffer[] {one()})),
          interrupted("write", channel -> channel.write(one())),
          interrupted("write at a position", channel -> channel.write(one(), 1)),
          interrupted("gathering write", channel -> channel.write(new ByteBuffer[] {one()})),
          interrupted("size", FileChannel::size),
          interrupted("position", FileChannel::position),
          interrupted("truncate", channel -> channel.truncate(1)),
          interrupted("force", channel -> channel.force(true)),
          Case.of(
              "readAllBytes of who is interrupted reads all",
              d -> {
                Path f = file(d, "f", "x");
                Thread.currentThread().interrupt();
                try {
                  assertThat(Files.readAllBytes(f)).isEqualTo(Expect.bytes("x"));
                } finally {
                  assertThat(Thread.interrupted()).isTrue();
                }
              }),
          Case.of(
              "what was written before an interrupt is kept",
              d -> {
                Path f = file(d, "f", "");
                try (FileChannel channel = FileChannel.open(f, WRITE)) {
                  channel.write(ByteBuffer.wrap(Expect.bytes("abc")));
                  Thread.currentThread().interrupt();
                  assertThat(catchThrowable(() -> channel.write(one())))
                      .isExactlyInstanceOf(ClosedByInterruptException.class);
                } finally {
                  Thread.interrupted();
                }
                assertThat(Files.readString(f)).startsWith("abc");
              }));

  /** What has no channel goes on, and leaves the interrupt to who asks. */
  private static Case unmoved(String what, Case.Body body) {
    return Case.of(
        what + " of who is interrupted",
        d -> {
          Path f = file(d, "f", "x");
          Thread.currentThread().interrupt();
          try {
            body.run(f);
          } finally {
            assertThat(Thread.interrupted()).isTrue();
          }
        });
  }

  private static final List<Case> NAMES =
      List.of(
          unmoved("createDirectory", f -> Files.createDirectory(f.resolveSibling("g"))),
          unmoved("delete", Files::delete),
          unmoved("move", f -> Files.move(f, f.resolveSibling("g"))),
          unmoved("createLink", f -> Files.createLink(f.resolveSibling("g"), f)),
          unmoved("createSymbolicLink", f -> Files.createSymbolicLink(f.resolveSibling("g"), f)),
          unmoved("readAttributes", f -> Files.readAttributes(f, BasicFileAttributes.class)),
          unmoved("setLastModifiedTime", f -> Files.setLastModifiedTime(f, FileTime.fromMillis(1))),
          unmoved(
              "newDirectoryStream",
              f -> {
                try (var stream = Files.newDirectoryStream(f.getParent())) {
                  assertThat(stream).hasSize(1);
                }
              }),
          unmoved("exists", f -> assertThat(Files.exists(f)).isTrue()),
          unmoved("toRealPath", f -> assertThat(f.toRealPath()).isNotNull()),
          unmoved("getFileStore", f -> Files.getFileStore(f).getTotalSpace()),
          unmoved("copy", f -> Files.copy(f, f.resolveSibling("g"))));

  /** Others use the channel again and again until it is closed: they hear of nothing else. */
  private static Case closed(String what, int users, Use use) {
    return Case.of(
        "close while " + users + " " + what,
        d -> {
          FileChannel channel = FileChannel.open(file(d, "f", "abcdef"), READ, WRITE);
          AtomicReference<Throwable> wrong = new AtomicReference<>();
          CountDownLatch begun = new CountDownLatch(users);
          List<Thread> threads = new ArrayList<>();
          for (int i = 0; i < users; i++) {
            threads.add(
                Thread.ofPlatform()
                    .start(
                        () -> {
                          try {
                            use.of(channel);
                            begun.countDown();
                            while (true) {
                              use.of(channel);
                            }
                          } catch (ClosedChannelException e) {
                            begun.countDown();
                          } catch (Throwable e) {
                            wrong.set(e);
                            begun.countDown();
                          }
                        }));
          }
          assertThat(begun.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
          channel.close();
          for (Thread thread : threads) {
            thread.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
            assertThat(thread.isAlive()).isFalse();
          }
          assertThat(wrong.get()).isNull();
          assertThat(Files.size(d.resolve("f"))).isGreaterThanOrEqualTo(6);
        });
  }

  private static final List<Case> CLOSING =
      List.of(
          closed("read", 1, channel -> channel.read(one(), 0)),
          closed("read", 8, channel -> channel.read(one(), 0)),
          closed("read in order", 4, channel -> channel.read(one())),
          closed("write", 1, channel -> channel.write(one(), 0)),
          closed("write", 8, channel -> channel.write(one(), 0)),
          closed("ask for the size", 4, FileChannel::size),
          closed("force", 2, channel -> channel.force(true)),
          closed("truncate", 2, channel -> channel.truncate(6)),
          Case.of(
              "interrupt of one of two users closes it for both",
              d -> {
                FileChannel channel = FileChannel.open(d.resolve("f"), Set.of(READ, WRITE, CREATE));
                AtomicReference<Throwable> heard = new AtomicReference<>();
                CountDownLatch begun = new CountDownLatch(1);
                Thread user =
                    Thread.ofPlatform()
                        .start(
                            () -> {
                              begun.countDown();
                              heard.set(
                                  catchThrowable(
                                      () -> {
                                        while (true) {
                                          channel.write(one(), 0);
                                        }
                                      }));
                            });
                assertThat(begun.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
                user.interrupt();
                user.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
                assertThat(heard.get()).isExactlyInstanceOf(ClosedByInterruptException.class);
                Expect.thrown(ClosedChannelException.class, () -> channel.write(one(), 0));
              }));
}
