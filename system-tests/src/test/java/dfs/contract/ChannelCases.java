package dfs.contract;

import static dfs.contract.Expect.bytes;
import static dfs.contract.Expect.contents;
import static dfs.contract.Expect.failure;
import static dfs.contract.Expect.file;
import static dfs.contract.Expect.refused;
import static dfs.contract.Expect.thrown;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.DELETE_ON_CLOSE;
import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.SPARSE;
import static java.nio.file.StandardOpenOption.SYNC;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Opening, reading and writing through channels. */
final class ChannelCases {
  private ChannelCases() {}

  static List<Case> all() {
    List<Case> all = new ArrayList<>(OPENING);
    all.addAll(OPTIONS);
    all.addAll(READING);
    all.addAll(WRITING);
    all.addAll(LENGTHS);
    all.addAll(TRANSFERS);
    return all;
  }

  private static ByteBuffer buffer(String text) {
    return ByteBuffer.wrap(bytes(text));
  }

  private static String text(ByteBuffer buffer) {
    return StandardCharsets.UTF_8.decode(buffer.flip()).toString();
  }

  private static FileChannel open(Path file, OpenOption... options) throws Exception {
    return FileChannel.open(file, options);
  }

  /** A channel on a new file with this text. */
  private static FileChannel open(Path directory, String text, OpenOption... options)
      throws Exception {
    return FileChannel.open(file(directory, "f", text), options);
  }

  private static final List<Case> OPENING =
      List.of(
          Case.of(
              "open for reading what is missing",
              d -> {
                Path f = d.resolve("f");
                refused(NoSuchFileException.class, f, () -> open(f, READ).close());
              }),
          Case.of(
              "open for writing what is missing",
              d -> {
                Path f = d.resolve("f");
                refused(NoSuchFileException.class, f, () -> open(f, WRITE).close());
              }),
          Case.of(
              "open with CREATE",
              d -> {
                open(d.resolve("f"), WRITE, CREATE).close();
                open(d.resolve("f"), WRITE, CREATE).close();
                contents(d.resolve("f"), "");
              }),
          Case.of(
              "open with CREATE for reading makes nothing",
              d ->
                  thrown(
                      NoSuchFileException.class, () -> open(d.resolve("f"), READ, CREATE).close())),
          Case.of(
              "open with CREATE_NEW of what exists",
              d -> {
                Path f = file(d, "f", "x");
                refused(
                    FileAlreadyExistsException.class, f, () -> open(f, WRITE, CREATE_NEW).close());
                contents(f, "x");
              }),
          Case.of(
              "open with CREATE_NEW over a dangling link",
              d -> {
                Path l = Files.createSymbolicLink(d.resolve("l"), d.resolve("none"));
                refused(
                    FileAlreadyExistsException.class, l, () -> open(l, WRITE, CREATE_NEW).close());
              }),
          Case.of(
              "open without a parent",
              d ->
                  thrown(
                      NoSuchFileException.class,
                      () -> open(d.resolve("none/f"), WRITE, CREATE).close())),
          Case.of(
              "open below a file",
              d ->
                  thrown(
                      FileSystemException.class,
                      () -> open(file(d, "f", "").resolve("g"), WRITE, CREATE).close())),
          Case.of(
              "open a directory for writing",
              d -> refused(FileSystemException.class, d, () -> open(d, WRITE).close())),
          Case.of(
              "open without following a link",
              d -> {
                Path l = Files.createSymbolicLink(d.resolve("l"), file(d, "f", "x"));
                failure(IOException.class, () -> open(l, READ, LinkOption.NOFOLLOW_LINKS).close());
              }),
          Case.of(
              "open without following what is no link",
              d -> open(file(d, "f", "x"), READ, LinkOption.NOFOLLOW_LINKS).close()),
          Case.of(
              "open with READ and APPEND",
              d ->
                  thrown(IllegalArgumentException.class, () -> open(d, "x", READ, APPEND).close())),
          Case.of(
              "open with APPEND and TRUNCATE_EXISTING",
              d ->
                  thrown(
                      IllegalArgumentException.class,
                      () -> open(d, "x", APPEND, TRUNCATE_EXISTING).close())),
          Case.of(
              "open with an option that nobody knows",
              d ->
                  thrown(
                      UnsupportedOperationException.class,
                      () -> open(d, "x", READ, new OpenOption() {}).close())),
          Case.of(
              "open with TRUNCATE_EXISTING",
              d -> {
                open(d, "x", WRITE, TRUNCATE_EXISTING).close();
                contents(d.resolve("f"), "");
              }),
          Case.of(
              "TRUNCATE_EXISTING counts not for reading",
              d -> {
                open(d, "x", READ, TRUNCATE_EXISTING).close();
                contents(d.resolve("f"), "x");
              }));

  private static final List<Case> OPTIONS =
      List.of(
          Case.of(
              "DELETE_ON_CLOSE",
              d -> {
                FileChannel channel = open(d.resolve("f"), WRITE, CREATE, DELETE_ON_CLOSE);
                channel.write(buffer("x"));
                channel.close();
                assertThat(d.resolve("f")).doesNotExist();
              }),
          Case.of(
              "DELETE_ON_CLOSE of what is deleted already",
              d -> {
                FileChannel channel = open(d.resolve("f"), WRITE, CREATE, DELETE_ON_CLOSE);
                Files.deleteIfExists(d.resolve("f"));
                channel.close();
                assertThat(d.resolve("f")).doesNotExist();
              }),
          Case.of(
              "SPARSE",
              d -> {
                Path f = d.resolve("f");
                try (FileChannel channel = open(f, WRITE, CREATE_NEW, SPARSE)) {
                  channel.write(buffer("x"), 1L << 32);
                }
                assertThat(Files.size(f)).isEqualTo((1L << 32) + 1);
              }),
          Case.of(
              "SYNC and DSYNC",
              d -> {
                try (FileChannel channel = open(d.resolve("f"), WRITE, CREATE, SYNC)) {
                  channel.write(buffer("ab"));
                }
                try (FileChannel channel = open(d.resolve("f"), WRITE, DSYNC)) {
                  channel.write(buffer("c"));
                }
                contents(d.resolve("f"), "cb");
              }),
          Case.of(
              "APPEND",
              d -> {
                try (FileChannel channel = open(d, "a", APPEND)) {
                  channel.write(buffer("b"));
                  channel.write(buffer("c"));
                  assertThat(channel.position()).isEqualTo(3);
                }
                contents(d.resolve("f"), "abc");
              }),
          Case.of(
              "APPEND of two channels",
              d -> {
                try (FileChannel one = open(d, "", APPEND);
                    FileChannel other = open(d.resolve("f"), APPEND)) {
                  one.write(buffer("a"));
                  other.write(buffer("b"));
                  one.write(buffer("c"));
                }
                contents(d.resolve("f"), "abc");
              }),
          Case.of(
              "APPEND after a write that is not flushed",
              d -> {
                try (FileChannel one = open(d, "", WRITE);
                    FileChannel other = open(d.resolve("f"), APPEND)) {
                  one.write(buffer("a"));
                  other.write(buffer("b"));
                }
                contents(d.resolve("f"), "ab");
              }),
          Case.of(
              "newOutputStream refuses READ",
              d ->
                  thrown(
                      IllegalArgumentException.class,
                      () -> Files.newOutputStream(d.resolve("f"), READ).close())),
          Case.of(
              "newInputStream refuses WRITE",
              d ->
                  thrown(
                      UnsupportedOperationException.class,
                      () -> Files.newInputStream(file(d, "f", ""), WRITE).close())),
          Case.of(
              "newOutputStream makes and empties",
              d -> {
                file(d, "f", "long before");
                try (var out = Files.newOutputStream(d.resolve("f"))) {
                  out.write(bytes("new"));
                }
                contents(d.resolve("f"), "new");
              }),
          Case.of(
              "newOutputStream with APPEND",
              d -> {
                try (var out = Files.newOutputStream(file(d, "f", "a"), APPEND)) {
                  out.write('b');
                }
                contents(d.resolve("f"), "ab");
              }),
          Case.of(
              "newBufferedWriter and newBufferedReader",
              d -> {
                try (var writer = Files.newBufferedWriter(d.resolve("f"))) {
                  writer.write("a\nb\n");
                }
                try (var reader = Files.newBufferedReader(d.resolve("f"))) {
                  assertThat(reader.readAllLines()).containsExactly("a", "b");
                }
              }),
          Case.of(
              "newInputStream skips, tells what is there, and copies",
              d -> {
                try (var in = Files.newInputStream(file(d, "f", "abcdef"))) {
                  assertThat(in.skip(2)).isEqualTo(2);
                  assertThat(in.available()).isEqualTo(4);
                  assertThat(in.read()).isEqualTo('c');
                  assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                      .isEqualTo("def");
                  assertThat(in.read()).isEqualTo(-1);
                }
              }));

  private static final List<Case> READING =
      List.of(
          Case.of(
              "read moves the position",
              d -> {
                try (FileChannel channel = open(d, "abcdef", READ)) {
                  ByteBuffer into = ByteBuffer.allocate(4);
                  assertThat(channel.read(into)).isEqualTo(4);
                  assertThat(text(into)).isEqualTo("abcd");
                  assertThat(channel.position()).isEqualTo(4);
                  assertThat(channel.read(into.clear())).isEqualTo(2);
                  assertThat(channel.read(into.clear())).isEqualTo(-1);
                }
              }),
          Case.of(
              "read at a position leaves the position",
              d -> {
                try (FileChannel channel = open(d, "abcdef", READ)) {
                  ByteBuffer into = ByteBuffer.allocate(2);
                  assertThat(channel.read(into, 3)).isEqualTo(2);
                  assertThat(text(into)).isEqualTo("de");
                  assertThat(channel.position()).isZero();
                }
              }),
          Case.of(
              "read behind the end",
              d -> {
                try (FileChannel channel = open(d, "ab", READ)) {
                  assertThat(channel.read(ByteBuffer.allocate(1), 2)).isEqualTo(-1);
                  assertThat(channel.read(ByteBuffer.allocate(1), 100)).isEqualTo(-1);
                  channel.position(100);
                  assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1);
                }
              }),
          Case.of(
              "read into a full buffer",
              d -> {
                try (FileChannel channel = open(d, "ab", READ)) {
                  assertThat(channel.read(ByteBuffer.allocate(0))).isZero();
                }
              }),
          Case.of(
              "read into a buffer that is only read",
              d -> {
                try (FileChannel channel = open(d, "ab", READ)) {
                  thrown(
                      IllegalArgumentException.class,
                      () -> channel.read(ByteBuffer.allocate(1).asReadOnlyBuffer()));
                }
              }),
          Case.of(
              "read into a direct buffer, up to its limit",
              d -> {
                try (FileChannel channel = open(d, "abcdef", READ)) {
                  ByteBuffer into = ByteBuffer.allocateDirect(8).position(1).limit(4);
                  assertThat(channel.read(into)).isEqualTo(3);
                  assertThat(into.position()).isEqualTo(4);
                  assertThat(into.get(1)).isEqualTo((byte) 'a');
                }
              }),
          Case.of(
              "read at a negative position",
              d -> {
                try (FileChannel channel = open(d, "ab", READ)) {
                  thrown(
                      IllegalArgumentException.class,
                      () -> channel.read(ByteBuffer.allocate(1), -1));
                }
              }),
          Case.of(
              "read of a channel that writes",
              d -> {
                try (FileChannel channel = open(d, "ab", WRITE)) {
                  thrown(
                      NonReadableChannelException.class,
                      () -> channel.read(ByteBuffer.allocate(1)));
                  thrown(
                      NonReadableChannelException.class,
                      () -> channel.read(ByteBuffer.allocate(1), 0));
                }
              }),
          Case.of(
              "read of a closed channel",
              d -> {
                FileChannel channel = open(d, "ab", READ);
                channel.close();
                thrown(ClosedChannelException.class, () -> channel.read(ByteBuffer.allocate(1)));
                thrown(ClosedChannelException.class, () -> channel.read(ByteBuffer.allocate(1), 0));
                channel.close();
                assertThat(channel.isOpen()).isFalse();
              }),
          Case.of(
              "read scatters",
              d -> {
                try (FileChannel channel = open(d, "abcdef", READ)) {
                  ByteBuffer[] into = {
                    ByteBuffer.allocate(2), ByteBuffer.allocate(0), ByteBuffer.allocate(9)
                  };
                  assertThat(channel.read(into)).isEqualTo(6);
                  assertThat(text(into[0])).isEqualTo("ab");
                  assertThat(text(into[2])).isEqualTo("cdef");
                  into[2].clear();
                  assertThat(channel.read(into, 2, 1)).isEqualTo(-1);
                }
              }),
          Case.of(
              "read scatters out of bounds",
              d -> {
                try (FileChannel channel = open(d, "ab", READ)) {
                  thrown(
                      IndexOutOfBoundsException.class, () -> channel.read(new ByteBuffer[1], 1, 1));
                }
              }),
          Case.of(
              "read of what another channel wrote and did not flush",
              d -> {
                try (FileChannel out = open(d, "", WRITE);
                    FileChannel in = open(d.resolve("f"), READ)) {
                  out.write(buffer("abc"));
                  ByteBuffer into = ByteBuffer.allocate(8);
                  assertThat(in.read(into)).isEqualTo(3);
                  assertThat(in.size()).isEqualTo(3);
                  assertThat(Files.size(d.resolve("f"))).isEqualTo(3);
                  contents(d.resolve("f"), "abc");
                }
              }));

  private static final List<Case> WRITING =
      List.of(
          Case.of(
              "write moves the position",
              d -> {
                try (FileChannel channel = open(d, "abc", WRITE)) {
                  ByteBuffer from = buffer("xy");
                  assertThat(channel.write(from)).isEqualTo(2);
                  assertThat(from.hasRemaining()).isFalse();
                  assertThat(channel.position()).isEqualTo(2);
                }
                contents(d.resolve("f"), "xyc");
              }),
          Case.of(
              "write at a position leaves the position",
              d -> {
                try (FileChannel channel = open(d, "abc", WRITE)) {
                  assertThat(channel.write(buffer("x"), 1)).isEqualTo(1);
                  assertThat(channel.position()).isZero();
                }
                contents(d.resolve("f"), "axc");
              }),
          Case.of(
              "write behind the end leaves zeros",
              d -> {
                try (FileChannel channel = open(d, "a", WRITE)) {
                  channel.position(3).write(buffer("b"));
                }
                contents(d.resolve("f"), "a\0\0b");
              }),
          Case.of(
              "write of nothing",
              d -> {
                try (FileChannel channel = open(d, "a", WRITE)) {
                  assertThat(channel.write(ByteBuffer.allocate(0))).isZero();
                  assertThat(channel.write(ByteBuffer.allocate(0), 100)).isZero();
                }
                contents(d.resolve("f"), "a");
              }),
          Case.of(
              "write gathers",
              d -> {
                try (FileChannel channel = open(d, "", WRITE)) {
                  assertThat(channel.write(new ByteBuffer[] {buffer("ab"), buffer("c")}))
                      .isEqualTo(3);
                }
                contents(d.resolve("f"), "abc");
              }),
          Case.of(
              "write of a channel that reads",
              d -> {
                try (FileChannel channel = open(d, "ab", READ)) {
                  thrown(NonWritableChannelException.class, () -> channel.write(buffer("x")));
                  thrown(NonWritableChannelException.class, () -> channel.write(buffer("x"), 0));
                }
              }),
          Case.of(
              "write at a negative position",
              d -> {
                try (FileChannel channel = open(d, "ab", WRITE)) {
                  thrown(IllegalArgumentException.class, () -> channel.write(buffer("x"), -1));
                }
              }),
          Case.of(
              "write of a closed channel",
              d -> {
                FileChannel channel = open(d, "ab", WRITE);
                channel.close();
                thrown(ClosedChannelException.class, () -> channel.write(buffer("x")));
              }),
          Case.of(
              "write of 9 MiB in one call and in pieces",
              d -> {
                byte[] bytes = new byte[9 << 20];
                new Random(5).nextBytes(bytes);
                try (FileChannel channel = open(d, "", WRITE)) {
                  ByteBuffer from = ByteBuffer.wrap(bytes, 0, 5 << 20);
                  while (from.hasRemaining()) {
                    channel.write(from);
                  }
                  for (int at = 5 << 20; at < bytes.length; at += 10_000) {
                    channel.write(ByteBuffer.wrap(bytes, at, Math.min(10_000, bytes.length - at)));
                  }
                }
                assertThat(Files.readAllBytes(d.resolve("f"))).isEqualTo(bytes);
              }),
          Case.of(
              "force",
              d -> {
                try (FileChannel channel = open(d, "", WRITE)) {
                  channel.write(buffer("x"));
                  channel.force(true);
                  channel.force(false);
                }
                contents(d.resolve("f"), "x");
              }),
          Case.of(
              "force of a closed channel",
              d -> {
                FileChannel channel = open(d, "ab", WRITE);
                channel.close();
                thrown(ClosedChannelException.class, () -> channel.force(true));
              }),
          Case.of(
              "a file that is deleted while it is open",
              d -> {
                try (FileChannel channel = open(d, "ab", READ, WRITE)) {
                  Files.delete(d.resolve("f"));
                  channel.write(buffer("c"), 2);
                  ByteBuffer into = ByteBuffer.allocate(8);
                  channel.read(into, 0);
                  assertThat(text(into)).isEqualTo("abc");
                }
              }));

  private static final List<Case> LENGTHS =
      List.of(
          Case.of(
              "truncate",
              d -> {
                try (FileChannel channel = open(d, "abcdef", WRITE)) {
                  channel.position(5);
                  assertThat(channel.truncate(2)).isSameAs(channel);
                  assertThat(channel.position()).isEqualTo(2);
                  assertThat(channel.size()).isEqualTo(2);
                }
                contents(d.resolve("f"), "ab");
              }),
          Case.of(
              "truncate to more than there is",
              d -> {
                try (FileChannel channel = open(d, "ab", WRITE)) {
                  channel.position(1).truncate(10);
                  assertThat(channel.size()).isEqualTo(2);
                  assertThat(channel.position()).isEqualTo(1);
                }
              }),
          Case.of(
              "truncate cuts the position alone",
              d -> {
                try (FileChannel channel = open(d, "ab", WRITE)) {
                  channel.position(100).truncate(10);
                  assertThat(channel.position()).isEqualTo(10);
                }
                contents(d.resolve("f"), "ab");
              }),
          Case.of(
              "truncate and write again",
              d -> {
                try (FileChannel channel = open(d, "abcdef", WRITE)) {
                  channel.truncate(1).write(buffer("x"), 3);
                }
                contents(d.resolve("f"), "a\0\0x");
              }),
          Case.of(
              "truncate of what is written and not flushed",
              d -> {
                try (FileChannel channel = open(d, "", WRITE)) {
                  channel.write(buffer("abcdef"));
                  channel.truncate(3);
                }
                contents(d.resolve("f"), "abc");
              }),
          Case.of(
              "truncate to less than nothing",
              d -> {
                try (FileChannel channel = open(d, "ab", WRITE)) {
                  thrown(IllegalArgumentException.class, () -> channel.truncate(-1));
                }
              }),
          Case.of(
              "truncate of a channel that reads",
              d -> {
                try (FileChannel channel = open(d, "ab", READ)) {
                  thrown(NonWritableChannelException.class, () -> channel.truncate(1));
                }
              }),
          Case.of(
              "truncate of a closed channel",
              d -> {
                FileChannel channel = open(d, "ab", WRITE);
                channel.close();
                thrown(ClosedChannelException.class, () -> channel.truncate(1));
              }),
          Case.of(
              "position less than nothing",
              d -> {
                try (FileChannel channel = open(d, "ab", READ)) {
                  thrown(IllegalArgumentException.class, () -> channel.position(-1));
                }
              }),
          Case.of(
              "position and size of a closed channel",
              d -> {
                FileChannel channel = open(d, "ab", READ);
                channel.close();
                thrown(ClosedChannelException.class, channel::position);
                thrown(ClosedChannelException.class, () -> channel.position(1));
                thrown(ClosedChannelException.class, channel::size);
              }),
          Case.of(
              "size follows another channel",
              d -> {
                try (FileChannel channel = open(d, "ab", READ)) {
                  Files.writeString(d.resolve("f"), "abcd");
                  assertThat(channel.size()).isEqualTo(4);
                }
              }));

  private static final List<Case> TRANSFERS =
      List.of(
          Case.of(
              "transferTo",
              d -> {
                try (FileChannel in = open(d, "abcdef", READ);
                    FileChannel out = open(d.resolve("g"), WRITE, CREATE)) {
                  assertThat(in.transferTo(1, 3, out)).isEqualTo(3);
                  assertThat(in.position()).isZero();
                  assertThat(out.position()).isEqualTo(3);
                }
                contents(d.resolve("g"), "bcd");
              }),
          Case.of(
              "transferTo of more than there is",
              d -> {
                try (FileChannel in = open(d, "abc", READ);
                    FileChannel out = open(d.resolve("g"), WRITE, CREATE)) {
                  assertThat(in.transferTo(2, 100, out)).isEqualTo(1);
                  assertThat(in.transferTo(50, 100, out)).isZero();
                }
              }),
          Case.of(
              "transferTo of nonsense",
              d -> {
                try (FileChannel in = open(d, "abc", READ);
                    FileChannel out = open(d.resolve("g"), WRITE, CREATE)) {
                  thrown(IllegalArgumentException.class, () -> in.transferTo(-1, 1, out));
                  thrown(IllegalArgumentException.class, () -> in.transferTo(0, -1, out));
                  thrown(NonReadableChannelException.class, () -> out.transferTo(0, 1, out));
                  thrown(NonWritableChannelException.class, () -> in.transferTo(0, 1, in));
                }
              }),
          Case.of(
              "transferTo a closed channel",
              d -> {
                FileChannel out = open(d.resolve("g"), WRITE, CREATE);
                out.close();
                try (FileChannel in = open(d, "abc", READ)) {
                  thrown(ClosedChannelException.class, () -> in.transferTo(0, 1, out));
                }
              }),
          Case.of(
              "transferFrom",
              d -> {
                try (FileChannel in = open(d, "abcdef", READ);
                    FileChannel out = open(file(d, "g", "123"), WRITE)) {
                  assertThat(out.transferFrom(in.position(2), 1, 3)).isEqualTo(3);
                  assertThat(in.position()).isEqualTo(5);
                  assertThat(out.position()).isZero();
                }
                contents(d.resolve("g"), "1cde");
              }),
          Case.of(
              "transferFrom behind the end leaves zeros",
              d -> {
                try (FileChannel in = open(d, "abc", READ);
                    FileChannel out = open(file(d, "g", "1"), WRITE)) {
                  assertThat(out.transferFrom(in, 2, 3)).isEqualTo(3);
                }
                contents(d.resolve("g"), "1\0abc");
              }),
          Case.of(
              "transferFrom of nonsense",
              d -> {
                try (FileChannel in = open(d, "abc", READ);
                    FileChannel out = open(file(d, "g", "1"), WRITE)) {
                  thrown(IllegalArgumentException.class, () -> out.transferFrom(in, -1, 3));
                  thrown(IllegalArgumentException.class, () -> out.transferFrom(in, 0, -3));
                  thrown(NonWritableChannelException.class, () -> in.transferFrom(in, 0, 1));
                }
              }));
}
