package dfs.contract;

import static dfs.contract.Expect.contents;
import static dfs.contract.Expect.failure;
import static dfs.contract.Expect.file;
import static dfs.contract.Expect.refused;
import static dfs.contract.Expect.thrown;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.ClosedDirectoryStreamException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;

/** Listing and walking directories, and working in an open one. */
final class DirectoryCases {
  private DirectoryCases() {}

  static List<Case> all() {
    List<Case> all = new ArrayList<>(LISTING);
    all.addAll(WALKING);
    all.addAll(SECURE);
    return all;
  }

  private static List<String> names(Iterable<Path> entries) {
    List<String> names = new ArrayList<>();
    entries.forEach(entry -> names.add(entry.getFileName().toString()));
    names.sort(null);
    return names;
  }

  private static final List<Case> LISTING =
      List.of(
          Case.of(
              "newDirectoryStream",
              d -> {
                file(d, "a", "");
                Files.createDirectory(d.resolve("b"));
                Files.createSymbolicLink(d.resolve("c"), d.resolve("none"));
                try (DirectoryStream<Path> stream = Files.newDirectoryStream(d)) {
                  assertThat(names(stream)).containsExactly("a", "b", "c");
                }
              }),
          Case.of(
              "newDirectoryStream gives paths below the one that was given",
              d -> {
                file(d, "a", "");
                try (DirectoryStream<Path> stream = Files.newDirectoryStream(d)) {
                  assertThat(stream).containsExactly(d.resolve("a"));
                }
              }),
          Case.of(
              "newDirectoryStream with a glob",
              d -> {
                file(d, "a.txt", "");
                file(d, "b.bin", "");
                try (DirectoryStream<Path> stream = Files.newDirectoryStream(d, "*.{txt,md}")) {
                  assertThat(names(stream)).containsExactly("a.txt");
                }
              }),
          Case.of(
              "newDirectoryStream with a filter that fails",
              d -> {
                file(d, "a", "");
                DirectoryStream.Filter<Path> filter =
                    entry -> {
                      throw new IOException("no");
                    };
                try (DirectoryStream<Path> stream = Files.newDirectoryStream(d, filter)) {
                  thrown(DirectoryIteratorException.class, () -> stream.iterator().hasNext());
                }
              }),
          Case.of(
              "newDirectoryStream of a file",
              d -> {
                Path f = file(d, "f", "");
                refused(NotDirectoryException.class, f, () -> Files.newDirectoryStream(f).close());
              }),
          Case.of(
              "newDirectoryStream of what is missing",
              d -> {
                Path f = d.resolve("f");
                refused(NoSuchFileException.class, f, () -> Files.newDirectoryStream(f).close());
              }),
          Case.of(
              "a directory stream is iterated once",
              d -> {
                try (DirectoryStream<Path> stream = Files.newDirectoryStream(d)) {
                  assertThat(stream.iterator().hasNext()).isFalse();
                  thrown(IllegalStateException.class, stream::iterator);
                }
              }),
          Case.of(
              "a directory stream at its end",
              d -> {
                try (DirectoryStream<Path> stream = Files.newDirectoryStream(d)) {
                  Iterator<Path> entries = stream.iterator();
                  thrown(NoSuchElementException.class, entries::next);
                  thrown(UnsupportedOperationException.class, entries::remove);
                }
              }),
          Case.of(
              "a closed directory stream",
              d -> {
                DirectoryStream<Path> stream = Files.newDirectoryStream(d);
                stream.close();
                stream.close();
                thrown(IllegalStateException.class, stream::iterator);
              }),
          Case.of(
              "2,500 entries",
              d -> {
                for (int i = 0; i < 2500; i++) {
                  Files.createDirectory(d.resolve("n" + i));
                }
                try (DirectoryStream<Path> stream = Files.newDirectoryStream(d)) {
                  assertThat(names(stream)).hasSize(2500).doesNotHaveDuplicates();
                }
              }),
          Case.of(
              "entries that are deleted while they are listed",
              d -> {
                for (int i = 0; i < 20; i++) {
                  file(d, "n" + i, "");
                }
                try (DirectoryStream<Path> stream = Files.newDirectoryStream(d)) {
                  for (Path entry : stream) {
                    Files.delete(entry);
                  }
                }
                assertThat(d).isEmptyDirectory();
              }),
          Case.of(
              "list",
              d -> {
                file(d, "a", "");
                try (var listed = Files.list(d)) {
                  assertThat(listed).containsExactly(d.resolve("a"));
                }
                thrown(NotDirectoryException.class, () -> Files.list(d.resolve("a")).close());
              }));

  private static Path tree(Path directory) throws IOException {
    Path top = Files.createDirectories(directory.resolve("t/u/v"));
    file(top, "f", "x");
    Files.createSymbolicLink(directory.resolve("t/up"), directory.resolve("t"));
    return directory.resolve("t");
  }

  private static final List<Case> WALKING =
      List.of(
          Case.of(
              "walk",
              d -> {
                Path t = tree(d);
                try (var walked = Files.walk(t)) {
                  assertThat(walked.map(t::relativize).map(Path::toString))
                      .containsExactlyInAnyOrder("", "u", "u/v", "u/v/f", "up");
                }
              }),
          Case.of(
              "walk to a depth",
              d -> {
                Path t = tree(d);
                try (var walked = Files.walk(t, 1)) {
                  assertThat(walked).hasSize(3);
                }
                thrown(IllegalArgumentException.class, () -> Files.walk(t, -1).close());
              }),
          Case.of(
              "walk of what is missing",
              d -> thrown(NoSuchFileException.class, () -> Files.walk(d.resolve("no")).close())),
          Case.of(
              "walkFileTree that follows links finds the loop",
              d -> {
                Path t = tree(d);
                List<Throwable> failures = new ArrayList<>();
                Files.walkFileTree(
                    t,
                    Set.of(FileVisitOption.FOLLOW_LINKS),
                    Integer.MAX_VALUE,
                    new SimpleFileVisitor<>() {
                      @Override
                      public FileVisitResult visitFileFailed(Path file, IOException e) {
                        failures.add(e);
                        return FileVisitResult.CONTINUE;
                      }
                    });
                assertThat(failures).singleElement().isInstanceOf(FileSystemLoopException.class);
              }),
          Case.of(
              "walkFileTree deletes a tree",
              d -> {
                Path t = tree(d);
                Files.walkFileTree(
                    t,
                    new SimpleFileVisitor<>() {
                      @Override
                      public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                          throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                      }

                      @Override
                      public FileVisitResult postVisitDirectory(Path directory, IOException e)
                          throws IOException {
                        Files.delete(directory);
                        return FileVisitResult.CONTINUE;
                      }
                    });
                assertThat(t).doesNotExist();
              }),
          Case.of(
              "find",
              d -> {
                Path t = tree(d);
                try (var found = Files.find(t, 9, (path, a) -> a.isRegularFile())) {
                  assertThat(found).containsExactly(t.resolve("u/v/f"));
                }
              }));

  // The contract is of streams of this kind, and who asks closes them.
  @SuppressWarnings({"unchecked", "StreamResourceLeak"})
  private static SecureDirectoryStream<Path> secure(Path directory) throws IOException {
    return (SecureDirectoryStream<Path>) Files.newDirectoryStream(directory);
  }

  private static Path name(Path directory, String name) {
    return directory.getFileSystem().getPath(name);
  }

  private static final List<Case> SECURE =
      List.of(
          Case.of(
              "a secure stream works in a directory that was moved",
              d -> {
                Path s = Files.createDirectory(d.resolve("s"));
                try (SecureDirectoryStream<Path> stream = secure(s)) {
                  Files.move(s, d.resolve("t"));
                  try (SeekableByteChannel channel =
                      stream.newByteChannel(name(d, "f"), Set.of(WRITE, CREATE_NEW))) {
                    channel.write(ByteBuffer.wrap(Expect.bytes("x")));
                  }
                }
                contents(d.resolve("t/f"), "x");
              }),
          Case.of(
              "a secure stream deletes",
              d -> {
                Path s = Files.createDirectory(d.resolve("s"));
                file(s, "f", "x");
                Files.createDirectory(s.resolve("e"));
                try (SecureDirectoryStream<Path> stream = secure(s)) {
                  stream.deleteFile(name(d, "f"));
                  stream.deleteDirectory(name(d, "e"));
                  thrown(NoSuchFileException.class, () -> stream.deleteFile(name(d, "f")));
                }
                assertThat(s).isEmptyDirectory();
              }),
          Case.of(
              "a secure stream deletes what it is told",
              d -> {
                Path s = Files.createDirectory(d.resolve("s"));
                file(s, "f", "x");
                Files.createDirectories(s.resolve("e/e"));
                try (SecureDirectoryStream<Path> stream = secure(s)) {
                  thrown(FileSystemException.class, () -> stream.deleteDirectory(name(d, "f")));
                  thrown(FileSystemException.class, () -> stream.deleteFile(name(d, "e")));
                  thrown(
                      DirectoryNotEmptyException.class, () -> stream.deleteDirectory(name(d, "e")));
                }
              }),
          Case.of(
              "a secure stream moves",
              d -> {
                Path s = Files.createDirectory(d.resolve("s"));
                Path t = Files.createDirectory(d.resolve("t"));
                file(s, "f", "x");
                try (SecureDirectoryStream<Path> from = secure(s);
                    SecureDirectoryStream<Path> to = secure(t)) {
                  from.move(name(d, "f"), to, name(d, "g"));
                }
                contents(t.resolve("g"), "x");
              }),
          Case.of(
              "a secure stream opens the directories in it",
              d -> {
                Path v = Files.createDirectories(d.resolve("s/v"));
                file(v, "f", "x");
                try (SecureDirectoryStream<Path> stream = secure(d.resolve("s"));
                    SecureDirectoryStream<Path> inner = stream.newDirectoryStream(name(d, "v"))) {
                  assertThat(names(inner)).containsExactly("f");
                }
              }),
          Case.of(
              "a secure stream opens no link if told so",
              d -> {
                Path s = Files.createDirectory(d.resolve("s"));
                Files.createSymbolicLink(s.resolve("l"), d);
                try (SecureDirectoryStream<Path> stream = secure(s)) {
                  stream.newDirectoryStream(name(d, "l")).close();
                  Expect.failure(
                      FileSystemException.class,
                      () -> stream.newDirectoryStream(name(d, "l"), NOFOLLOW_LINKS).close());
                }
              }),
          Case.of(
              "a secure stream tells attributes",
              d -> {
                Path s = Files.createDirectory(d.resolve("s"));
                file(s, "f", "abc");
                try (SecureDirectoryStream<Path> stream = secure(s)) {
                  assertThat(
                          stream
                              .getFileAttributeView(BasicFileAttributeView.class)
                              .readAttributes()
                              .isDirectory())
                      .isTrue();
                  assertThat(
                          stream
                              .getFileAttributeView(name(d, "f"), PosixFileAttributeView.class)
                              .readAttributes()
                              .size())
                      .isEqualTo(3);
                }
              }),
          Case.of(
              "a channel on a directory is forced, and not read",
              d -> {
                try (FileChannel channel = FileChannel.open(d, READ)) {
                  channel.force(true);
                  failure(IOException.class, () -> channel.read(ByteBuffer.allocate(1), 0));
                }
              }),
          Case.of(
              "a secure stream that is closed",
              d -> {
                SecureDirectoryStream<Path> stream = secure(d);
                stream.close();
                thrown(ClosedDirectoryStreamException.class, () -> stream.deleteFile(name(d, "f")));
                thrown(
                    ClosedDirectoryStreamException.class,
                    () -> stream.newDirectoryStream(name(d, "f")));
                thrown(
                    ClosedDirectoryStreamException.class,
                    () -> stream.newByteChannel(name(d, "f"), Set.of()));
              }));
}
