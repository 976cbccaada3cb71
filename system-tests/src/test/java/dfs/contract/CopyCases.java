package dfs.contract;

import static dfs.contract.Expect.contents;
import static dfs.contract.Expect.file;
import static dfs.contract.Expect.refused;
import static dfs.contract.Expect.thrown;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Copying and moving, within a file system and out of it. */
final class CopyCases {
  private static final FileTime TIME = FileTime.fromMillis(1_234_567_890_123L);

  private CopyCases() {}

  static List<Case> all() {
    List<Case> all = new ArrayList<>(COPIES);
    all.addAll(MOVES);
    all.addAll(FOREIGN);
    return all;
  }

  private static Path full(Path directory, String name) throws Exception {
    Path made = Files.createDirectory(directory.resolve(name));
    file(made, "inside", "x");
    return made;
  }

  private static final List<Case> COPIES =
      List.of(
          Case.of(
              "copy of a file",
              d -> {
                Path g = Files.copy(file(d, "f", "x"), d.resolve("g"));
                contents(g, "x");
                contents(d.resolve("f"), "x");
              }),
          Case.of(
              "copy to what exists",
              d -> {
                Path g = file(d, "g", "y");
                refused(
                    FileAlreadyExistsException.class, g, () -> Files.copy(file(d, "f", "x"), g));
                contents(g, "y");
              }),
          Case.of(
              "copy that replaces",
              d ->
                  contents(
                      Files.copy(file(d, "f", "x"), file(d, "g", "y"), REPLACE_EXISTING), "x")),
          Case.of(
              "copy to itself does nothing",
              d -> {
                Path f = file(d, "f", "x");
                Files.copy(f, f);
                Files.copy(f, Files.createLink(d.resolve("g"), f));
                contents(f, "x");
              }),
          Case.of(
              "copy of what is missing",
              d ->
                  thrown(
                      NoSuchFileException.class,
                      () -> Files.copy(d.resolve("none"), d.resolve("g")))),
          Case.of(
              "copy to where there is no directory",
              d ->
                  thrown(
                      NoSuchFileException.class,
                      () -> Files.copy(file(d, "f", "x"), d.resolve("none/g")))),
          Case.of(
              "copy of a directory copies nothing in it",
              d -> {
                Path s = full(d, "s");
                assertThat(Files.copy(s, d.resolve("t"))).isEmptyDirectory();
              }),
          Case.of(
              "copy that replaces a directory that is not empty",
              d -> {
                Path s = full(d, "s");
                refused(
                    DirectoryNotEmptyException.class,
                    s,
                    () -> Files.copy(file(d, "f", "x"), s, REPLACE_EXISTING));
              }),
          Case.of(
              "copy that replaces an empty directory",
              d -> {
                Path s = Files.createDirectory(d.resolve("s"));
                contents(Files.copy(file(d, "f", "x"), s, REPLACE_EXISTING), "x");
              }),
          Case.of(
              "copy of a link copies what it leads to",
              d -> {
                Path l = Files.createSymbolicLink(d.resolve("l"), file(d, "f", "x"));
                Path g = Files.copy(l, d.resolve("g"));
                assertThat(Files.isSymbolicLink(g)).isFalse();
                contents(g, "x");
              }),
          Case.of(
              "copy of a link without following",
              d -> {
                Path l = Files.createSymbolicLink(d.resolve("l"), d.resolve("none"));
                Path g = Files.copy(l, d.resolve("g"), NOFOLLOW_LINKS);
                assertThat(Files.readSymbolicLink(g)).isEqualTo(d.resolve("none"));
              }),
          Case.of(
              "copy replaces a link, not what it leads to",
              d -> {
                Path g = file(d, "g", "y");
                Path l = Files.createSymbolicLink(d.resolve("l"), g);
                Files.copy(file(d, "f", "x"), l, REPLACE_EXISTING);
                assertThat(Files.isSymbolicLink(l)).isFalse();
                contents(g, "y");
              }),
          Case.of(
              "copy with attributes",
              d -> {
                Path f = file(d, "f", "x");
                Files.setPosixFilePermissions(f, PosixFilePermissions.fromString("rwxr-x--x"));
                Files.setAttribute(f, "user:color", Expect.bytes("red"));
                Files.setLastModifiedTime(f, TIME);
                Path g = Files.copy(f, d.resolve("g"), COPY_ATTRIBUTES);
                assertThat(Files.getLastModifiedTime(g)).isEqualTo(TIME);
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(g)))
                    .isEqualTo("rwxr-x--x");
                assertThat(Files.getAttribute(g, "user:color")).isEqualTo(Expect.bytes("red"));
              }),
          Case.of(
              "copy of a directory with attributes",
              d -> {
                Path s = full(d, "s");
                Files.setLastModifiedTime(s, TIME);
                assertThat(
                        Files.getLastModifiedTime(Files.copy(s, d.resolve("t"), COPY_ATTRIBUTES)))
                    .isEqualTo(TIME);
              }),
          Case.of(
              "copy cannot be atomic",
              d ->
                  thrown(
                      UnsupportedOperationException.class,
                      () -> Files.copy(file(d, "f", "x"), d.resolve("g"), ATOMIC_MOVE))),
          Case.of(
              "copy of 3 MiB",
              d -> {
                byte[] bytes = new byte[3 << 20];
                new Random(7).nextBytes(bytes);
                Path f = Files.write(d.resolve("f"), bytes);
                assertThat(Files.readAllBytes(Files.copy(f, d.resolve("g")))).isEqualTo(bytes);
              }));

  private static final List<Case> MOVES =
      List.of(
          Case.of(
              "move of a file",
              d -> {
                Path f = file(d, "f", "x");
                contents(Files.move(f, d.resolve("g")), "x");
                assertThat(f).doesNotExist();
              }),
          Case.of(
              "move to what exists",
              d -> {
                Path g = file(d, "g", "y");
                refused(
                    FileAlreadyExistsException.class, g, () -> Files.move(file(d, "f", "x"), g));
                contents(g, "y");
              }),
          Case.of(
              "move that replaces",
              d ->
                  contents(
                      Files.move(file(d, "f", "x"), file(d, "g", "y"), REPLACE_EXISTING), "x")),
          Case.of(
              "move that is atomic replaces",
              d -> contents(Files.move(file(d, "f", "x"), file(d, "g", "y"), ATOMIC_MOVE), "x")),
          Case.of(
              "move to itself does nothing",
              d -> {
                Path f = file(d, "f", "x");
                Files.move(f, f);
                Path g = Files.createLink(d.resolve("g"), f);
                Files.move(f, g);
                contents(f, "x");
                contents(g, "x");
              }),
          Case.of(
              "move of what is missing",
              d ->
                  thrown(
                      NoSuchFileException.class,
                      () -> Files.move(d.resolve("none"), d.resolve("g")))),
          Case.of(
              "move to where there is no directory",
              d ->
                  thrown(
                      NoSuchFileException.class,
                      () -> Files.move(file(d, "f", "x"), d.resolve("none/g")))),
          Case.of(
              "move of a directory takes along what is in it",
              d -> {
                Path t = Files.move(full(d, "s"), d.resolve("t"));
                contents(t.resolve("inside"), "x");
              }),
          Case.of(
              "move that replaces a directory that is not empty",
              d -> {
                Path t = full(d, "t");
                refused(
                    DirectoryNotEmptyException.class,
                    t,
                    () -> Files.move(full(d, "s"), t, REPLACE_EXISTING));
              }),
          Case.of(
              "move of a file that replaces an empty directory",
              d -> {
                Path s = Files.createDirectory(d.resolve("s"));
                contents(Files.move(file(d, "f", "x"), s, REPLACE_EXISTING), "x");
              }),
          Case.of(
              "move of a directory that replaces a file",
              d -> {
                Path t = Files.move(full(d, "s"), file(d, "f", "x"), REPLACE_EXISTING);
                contents(t.resolve("inside"), "x");
              }),
          Case.of(
              "move of a directory into itself",
              d -> {
                Path s = full(d, "s");
                thrown(FileSystemException.class, () -> Files.move(s, s.resolve("t")));
              }),
          Case.of(
              "move of a link moves the link",
              d -> {
                Path f = file(d, "f", "x");
                Path l = Files.createSymbolicLink(d.resolve("l"), f);
                Path m = Files.move(l, d.resolve("m"));
                assertThat(Files.isSymbolicLink(m)).isTrue();
                contents(f, "x");
              }),
          Case.of(
              "move with attributes is not for this",
              d ->
                  thrown(
                      UnsupportedOperationException.class,
                      () -> Files.move(file(d, "f", "x"), d.resolve("g"), COPY_ATTRIBUTES))),
          Case.of(
              "move keeps times",
              d -> {
                Path f = file(d, "f", "x");
                Files.setLastModifiedTime(f, TIME);
                assertThat(Files.getLastModifiedTime(Files.move(f, d.resolve("g"))))
                    .isEqualTo(TIME);
              }));

  /** Between this provider and the JDK's; for that one, between two of its places. */
  private static final List<Case> FOREIGN =
      List.of(
          Case.of(
              "copy from the machine's files and back",
              d -> {
                Path here = Files.createTempFile("contract", "");
                try {
                  Files.writeString(here, "x");
                  Path f = Files.copy(here, d.resolve("f"));
                  contents(f, "x");
                  Files.writeString(f, "y");
                  contents(Files.copy(f, here, REPLACE_EXISTING), "y");
                } finally {
                  Files.deleteIfExists(here);
                }
              }),
          Case.of(
              "copy from the machine's files with attributes",
              d -> {
                Path here = Files.createTempFile("contract", "");
                try {
                  Files.setLastModifiedTime(here, TIME);
                  assertThat(
                          Files.getLastModifiedTime(
                              Files.copy(here, d.resolve("f"), COPY_ATTRIBUTES)))
                      .isEqualTo(TIME);
                } finally {
                  Files.deleteIfExists(here);
                }
              }),
          Case.of(
              "move from the machine's files and back",
              d -> {
                Path here = Files.createTempFile("contract", "");
                try {
                  Files.writeString(here, "x");
                  Path f = Files.move(here, d.resolve("f"));
                  assertThat(here).doesNotExist();
                  contents(f, "x");
                  contents(Files.move(f, here), "x");
                  assertThat(f).doesNotExist();
                } finally {
                  Files.deleteIfExists(here);
                }
              }),
          Case.of(
              "copy of a stream",
              d -> {
                Path f = d.resolve("f");
                assertThat(Files.copy(new ByteArrayInputStream(Expect.bytes("abc")), f))
                    .isEqualTo(3);
                thrown(
                    FileAlreadyExistsException.class,
                    () -> Files.copy(new ByteArrayInputStream(new byte[1]), f));
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                assertThat(Files.copy(f, out)).isEqualTo(3);
                assertThat(out).hasToString("abc");
              }));
}
