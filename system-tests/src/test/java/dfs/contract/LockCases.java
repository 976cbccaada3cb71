package dfs.contract;

import static dfs.contract.Expect.file;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Locks of ranges of a file, which a program has as a whole. */
final class LockCases {
  private LockCases() {}

  static List<Case> all() {
    List<Case> all = new ArrayList<>(HELD);
    all.addAll(REFUSED);
    return all;
  }

  /** What is done with a channel that may be read and written. */
  private interface Use {
    void of(FileChannel channel) throws Exception;
  }

  private static Case on(String what, Use use) {
    return Case.of(
        what,
        d -> {
          try (FileChannel channel = FileChannel.open(file(d, "f", "abcdef"), READ, WRITE)) {
            use.of(channel);
          }
        });
  }

  /** Two channels on one file. */
  private interface Both {
    void of(FileChannel channel, FileChannel other) throws Exception;
  }

  private static Case two(String what, Both both) {
    return Case.of(
        what,
        d -> {
          Path file = file(d, "f", "abcdef");
          try (FileChannel channel = FileChannel.open(file, READ, WRITE);
              FileChannel other = FileChannel.open(file, READ, WRITE)) {
            both.of(channel, other);
          }
        });
  }

  private static final List<Case> HELD =
      List.of(
          on(
              "lock of all",
              channel -> {
                FileLock lock = channel.lock();
                assertThat(lock.isValid()).isTrue();
                assertThat(lock.isShared()).isFalse();
                assertThat(lock.position()).isZero();
                assertThat(lock.size()).isEqualTo(Long.MAX_VALUE);
                assertThat(lock.acquiredBy()).isSameAs(channel);
                lock.release();
                assertThat(lock.isValid()).isFalse();
                lock.release();
              }),
          on(
              "lock of a range beyond the end",
              channel -> {
                try (FileLock lock = channel.lock(100, 5, false)) {
                  assertThat(lock.overlaps(104, 1)).isTrue();
                  assertThat(lock.overlaps(105, 1)).isFalse();
                  assertThat(channel.size()).isEqualTo(6);
                }
              }),
          on(
              "tryLock and again when it is released",
              channel -> {
                FileLock lock = channel.tryLock();
                assertThat(lock).isNotNull();
                lock.close();
                try (FileLock again = channel.tryLock()) {
                  assertThat(again).isNotNull();
                }
              }),
          two(
              "lock of ranges side by side",
              (channel, other) -> {
                try (FileLock lock = channel.lock(0, 3, false);
                    FileLock beside = other.tryLock(3, 3, false)) {
                  assertThat(lock.isValid()).isTrue();
                  assertThat(beside).isNotNull();
                }
              }),
          Case.of(
              "close frees what was locked",
              d -> {
                Path file = file(d, "f", "abcdef");
                FileLock lock;
                try (FileChannel channel = FileChannel.open(file, READ, WRITE)) {
                  lock = channel.lock();
                }
                assertThat(lock.isValid()).isFalse();
                try (FileChannel other = FileChannel.open(file, READ, WRITE);
                    FileLock again = other.tryLock()) {
                  assertThat(again).isNotNull();
                }
                Expect.thrown(ClosedChannelException.class, lock::release);
              }),
          Case.of(
              "shared lock of a channel that is read",
              d -> {
                try (FileChannel channel = FileChannel.open(file(d, "f", "abcdef"), READ);
                    FileLock lock = channel.lock(0, 3, true)) {
                  assertThat(lock.isShared()).isTrue();
                }
              }));

  private static final List<Case> REFUSED =
      List.of(
          two(
              "lock of what another channel has locked",
              (channel, other) -> {
                try (FileLock lock = channel.lock(2, 2, true)) {
                  assertThat(lock.isValid()).isTrue();
                  Expect.thrown(OverlappingFileLockException.class, () -> other.lock(0, 3, true));
                  Expect.thrown(
                      OverlappingFileLockException.class, () -> other.tryLock(3, 1, false));
                  Expect.thrown(OverlappingFileLockException.class, channel::tryLock);
                }
              }),
          Case.of(
              "exclusive lock of a channel that is read",
              d -> {
                try (FileChannel channel = FileChannel.open(file(d, "f", "abcdef"), READ)) {
                  Expect.thrown(NonWritableChannelException.class, channel::lock);
                  Expect.thrown(NonWritableChannelException.class, channel::tryLock);
                }
              }),
          Case.of(
              "shared lock of a channel that is written",
              d -> {
                try (FileChannel channel = FileChannel.open(file(d, "f", "abcdef"), WRITE)) {
                  Expect.thrown(NonReadableChannelException.class, () -> channel.lock(0, 1, true));
                  Expect.thrown(
                      NonReadableChannelException.class, () -> channel.tryLock(0, 1, true));
                }
              }),
          on(
              "lock of a range that is none",
              channel -> {
                Expect.thrown(IllegalArgumentException.class, () -> channel.lock(-1, 1, false));
                Expect.thrown(IllegalArgumentException.class, () -> channel.tryLock(0, -1, false));
                Expect.thrown(
                    IllegalArgumentException.class,
                    () -> channel.tryLock(Long.MAX_VALUE, 1, false));
              }),
          on(
              "lock of a channel that is closed",
              channel -> {
                channel.close();
                Expect.thrown(ClosedChannelException.class, channel::lock);
                Expect.thrown(ClosedChannelException.class, channel::tryLock);
              }),
          on(
              "lock of who is interrupted",
              channel -> {
                Thread.currentThread().interrupt();
                try {
                  Throwable thrown = catchThrowable(channel::lock);
                  assertThat(Thread.interrupted()).isTrue();
                  assertThat(thrown).isExactlyInstanceOf(FileLockInterruptionException.class);
                } finally {
                  Thread.interrupted();
                }
                assertThat(channel.isOpen()).isFalse();
              }));
}
