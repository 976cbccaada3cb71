package dfs.contract;

import static dfs.contract.Expect.contents;
import static dfs.contract.Expect.failure;
import static dfs.contract.Expect.file;
import static dfs.contract.Expect.refused;
import static dfs.contract.Expect.thrown;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.AccessMode;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Making, removing, looking for and linking. */
final class FileCases {
  private FileCases() {}

  static List<Case> all() {
    List<Case> all = new ArrayList<>(MAKING);
    all.addAll(DIRECTORIES);
    all.addAll(REMOVING);
    all.addAll(LOOKING);
    all.addAll(LINKS);
    return all;
  }

  private static final List<Case> MAKING =
      List.of(
          Case.of(
              "createFile makes an empty file",
              d -> assertThat(Files.size(Files.createFile(d.resolve("f")))).isZero()),
          Case.of(
              "createFile of what exists",
              d -> {
                Path f = file(d, "f", "x");
                refused(FileAlreadyExistsException.class, f, () -> Files.createFile(f));
                contents(f, "x");
              }),
          Case.of(
              "createFile of a directory",
              d -> refused(FileAlreadyExistsException.class, d, () -> Files.createFile(d))),
          Case.of(
              "createFile over a dangling link",
              d -> {
                Path l = Files.createSymbolicLink(d.resolve("l"), d.resolve("none"));
                refused(FileAlreadyExistsException.class, l, () -> Files.createFile(l));
              }),
          Case.of(
              "createFile without a parent",
              d -> {
                Path f = d.resolve("none/f");
                refused(NoSuchFileException.class, f, () -> Files.createFile(f));
              }),
          Case.of(
              "createFile below a file",
              d -> {
                Path f = file(d, "f", "").resolve("g");
                refused(FileSystemException.class, f, () -> Files.createFile(f));
              }),
          Case.of(
              "createFile with permissions",
              d -> {
                Path f =
                    Files.createFile(
                        d.resolve("f"),
                        PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-r-----")));
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(f)))
                    .isEqualTo("rw-r-----");
              }),
          Case.of(
              "createFile with an attribute that is set later only",
              d ->
                  thrown(
                      UnsupportedOperationException.class,
                      () -> Files.createFile(d.resolve("f"), new Attribute("basic:size", 3L)))),
          Case.of(
              "createFile of a name of 256 bytes",
              d -> {
                Path f = d.resolve("n".repeat(256));
                refused(FileSystemException.class, f, () -> Files.createFile(f));
              }),
          Case.of(
              "createFile of a name of 255 bytes",
              d -> assertThat(Files.createFile(d.resolve("n".repeat(255)))).isRegularFile()),
          Case.of(
              "createTempFile",
              d -> {
                Path f = Files.createTempFile(d, "a", ".b");
                assertThat(f.getFileName().toString()).startsWith("a").endsWith(".b");
              }),
          Case.of(
              "createTempDirectory",
              d -> assertThat(Files.createTempDirectory(d, "a")).isDirectory()),
          Case.of("write and readString", d -> contents(file(d, "f", "h\u00e4llo"), "h\u00e4llo")),
          Case.of(
              "writeString replaces what was there",
              d -> {
                file(d, "f", "long before");
                contents(file(d, "f", "new"), "new");
              }),
          Case.of(
              "readString of what is missing",
              d -> {
                Path f = d.resolve("f");
                refused(NoSuchFileException.class, f, () -> Files.readString(f));
              }),
          Case.of(
              "readAllBytes of a directory",
              d -> failure(IOException.class, () -> Files.readAllBytes(d))),
          Case.of(
              "write of a directory",
              d -> refused(FileSystemException.class, d, () -> Files.writeString(d, "x"))),
          Case.of(
              "lines and write of lines",
              d -> {
                Path f = Files.write(d.resolve("f"), List.of("a", "b"));
                try (var lines = Files.lines(f)) {
                  assertThat(lines).containsExactly("a", "b");
                }
              }),
          Case.of(
              "names of other alphabets",
              d -> {
                Path f = file(d, "\u00fc\u4e2d\ud83d\ude00", "x");
                try (var listed = Files.list(d)) {
                  assertThat(listed).containsExactly(f);
                }
              }),
          Case.of(
              "a name with a line end",
              d -> {
                Path f = file(d, "a\nb", "x");
                try (var listed = Files.list(d)) {
                  assertThat(listed).containsExactly(f);
                }
              }));

  private static final List<Case> DIRECTORIES =
      List.of(
          Case.of(
              "createDirectory",
              d -> assertThat(Files.createDirectory(d.resolve("s"))).isEmptyDirectory()),
          Case.of(
              "createDirectory of what exists",
              d -> refused(FileAlreadyExistsException.class, d, () -> Files.createDirectory(d))),
          Case.of(
              "createDirectory over a file",
              d -> {
                Path f = file(d, "f", "");
                refused(FileAlreadyExistsException.class, f, () -> Files.createDirectory(f));
              }),
          Case.of(
              "createDirectory without a parent",
              d -> {
                Path s = d.resolve("none/s");
                refused(NoSuchFileException.class, s, () -> Files.createDirectory(s));
              }),
          Case.of(
              "createDirectory with permissions",
              d -> {
                Path s =
                    Files.createDirectory(
                        d.resolve("s"),
                        PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(s)))
                    .isEqualTo("rwx------");
              }),
          Case.of(
              "createDirectories",
              d -> {
                Path s = d.resolve("a/b/c");
                assertThat(Files.createDirectories(s)).isDirectory();
                assertThat(Files.createDirectories(s)).isDirectory();
              }),
          Case.of(
              "createDirectories through a link",
              d -> {
                Files.createDirectory(d.resolve("s"));
                Path l = Files.createSymbolicLink(d.resolve("l"), d.resolve("s"));
                assertThat(Files.createDirectories(l.resolve("t"))).isDirectory();
              }),
          Case.of(
              "createDirectories over a file",
              d -> {
                Path f = file(d, "f", "");
                thrown(FileAlreadyExistsException.class, () -> Files.createDirectories(f));
              }));

  private static final List<Case> REMOVING =
      List.of(
          Case.of(
              "delete of a file",
              d -> {
                Path f = file(d, "f", "x");
                Files.delete(f);
                assertThat(f).doesNotExist();
              }),
          Case.of(
              "delete of an empty directory",
              d -> {
                Path s = Files.createDirectory(d.resolve("s"));
                Files.delete(s);
                assertThat(s).doesNotExist();
              }),
          Case.of(
              "delete of a directory that is not empty",
              d -> {
                file(d, "f", "x");
                refused(DirectoryNotEmptyException.class, d, () -> Files.delete(d));
              }),
          Case.of(
              "delete of what is missing",
              d -> {
                Path f = d.resolve("f");
                refused(NoSuchFileException.class, f, () -> Files.delete(f));
              }),
          Case.of(
              "delete of a link leaves what it leads to",
              d -> {
                Path f = file(d, "f", "x");
                Path l = Files.createSymbolicLink(d.resolve("l"), f);
                Files.delete(l);
                contents(f, "x");
                assertThat(Files.exists(l, NOFOLLOW_LINKS)).isFalse();
              }),
          Case.of(
              "delete below a file",
              d -> {
                Path f = file(d, "f", "").resolve("g");
                refused(FileSystemException.class, f, () -> Files.delete(f));
              }),
          Case.of(
              "deleteIfExists",
              d -> {
                Path f = file(d, "f", "x");
                assertThat(Files.deleteIfExists(f)).isTrue();
                assertThat(Files.deleteIfExists(f)).isFalse();
              }),
          Case.of(
              "deleteIfExists of a directory that is not empty",
              d -> {
                file(d, "f", "x");
                refused(DirectoryNotEmptyException.class, d, () -> Files.deleteIfExists(d));
              }));

  private static final List<Case> LOOKING =
      List.of(
          Case.of(
              "exists and notExists",
              d -> {
                Path f = file(d, "f", "x");
                assertThat(Files.exists(f)).isTrue();
                assertThat(Files.notExists(f)).isFalse();
                assertThat(Files.exists(d.resolve("none"))).isFalse();
                assertThat(Files.notExists(d.resolve("none"))).isTrue();
              }),
          Case.of(
              "exists of a dangling link",
              d -> {
                Path l = Files.createSymbolicLink(d.resolve("l"), d.resolve("none"));
                assertThat(Files.exists(l)).isFalse();
                assertThat(Files.exists(l, NOFOLLOW_LINKS)).isTrue();
                assertThat(Files.isSymbolicLink(l)).isTrue();
              }),
          Case.of(
              "isRegularFile and isDirectory through a link",
              d -> {
                Path l = Files.createSymbolicLink(d.resolve("l"), d);
                assertThat(Files.isDirectory(l)).isTrue();
                assertThat(Files.isDirectory(l, NOFOLLOW_LINKS)).isFalse();
                assertThat(Files.isRegularFile(l)).isFalse();
              }),
          Case.of("isHidden", d -> assertThat(Files.isHidden(d.resolve(".f"))).isTrue()),
          Case.of("isHidden of others", d -> assertThat(Files.isHidden(d.resolve("f"))).isFalse()),
          Case.of(
              "isSameFile of one path",
              d -> assertThat(Files.isSameFile(d.resolve("none"), d.resolve("none"))).isTrue()),
          Case.of(
              "isSameFile of a link and of two names",
              d -> {
                Path f = file(d, "f", "x");
                Path l = Files.createSymbolicLink(d.resolve("l"), f);
                Path g = Files.createLink(d.resolve("g"), f);
                assertThat(Files.isSameFile(f, l)).isTrue();
                assertThat(Files.isSameFile(f, g)).isTrue();
                assertThat(Files.isSameFile(f, file(d, "h", "x"))).isFalse();
              }),
          Case.of(
              "isSameFile of what is missing",
              d ->
                  thrown(
                      NoSuchFileException.class,
                      () -> Files.isSameFile(file(d, "f", ""), d.resolve("none")))),
          Case.of(
              "mismatch",
              d -> {
                assertThat(Files.mismatch(file(d, "f", "abc"), file(d, "g", "abd"))).isEqualTo(2);
                assertThat(Files.mismatch(file(d, "f", "abc"), file(d, "g", "abc"))).isEqualTo(-1);
              }),
          Case.of(
              "checkAccess",
              d -> {
                Path f = file(d, "f", "x");
                f.getFileSystem().provider().checkAccess(f);
                f.getFileSystem().provider().checkAccess(f, AccessMode.READ, AccessMode.WRITE);
                Path none = d.resolve("none");
                refused(
                    NoSuchFileException.class,
                    none,
                    () -> none.getFileSystem().provider().checkAccess(none, AccessMode.READ));
              }),
          Case.of(
              "isExecutable asks for an x even of the superuser",
              d -> {
                Path f = file(d, "f", "x");
                assertThat(Files.isExecutable(f)).isFalse();
                Files.setPosixFilePermissions(f, PosixFilePermissions.fromString("rwxr--r--"));
                assertThat(Files.isExecutable(f)).isTrue();
                assertThat(Files.isReadable(f)).isTrue();
                assertThat(Files.isWritable(f)).isTrue();
              }),
          Case.of(
              "toRealPath",
              d -> {
                Path real = d.toRealPath();
                Path f = file(real, "f", "x");
                Path s = Files.createDirectory(real.resolve("s"));
                Path target = real.getFileSystem().getPath("../f");
                Path l = Files.createSymbolicLink(s.resolve("l"), target);
                assertThat(l.toRealPath()).isEqualTo(f);
                assertThat(s.resolve("../s/./l").toRealPath(NOFOLLOW_LINKS)).isEqualTo(l);
              }),
          Case.of(
              "toRealPath of what is missing",
              d -> thrown(NoSuchFileException.class, () -> d.resolve("none").toRealPath())),
          Case.of(
              "probeContentType",
              d -> assertThat(Files.probeContentType(d.resolve("a.txt"))).isEqualTo("text/plain")),
          Case.of(
              "getFileStore tells space",
              d -> {
                assertThat(Files.getFileStore(d).getTotalSpace()).isPositive();
                assertThat(Files.getFileStore(d).getUsableSpace()).isPositive();
                assertThat(Files.getFileStore(d).supportsFileAttributeView("posix")).isTrue();
                thrown(
                    UnsupportedOperationException.class,
                    () -> Files.getFileStore(d).getAttribute("color"));
              }),
          Case.of(
              "getFileStore of what is missing",
              d -> thrown(NoSuchFileException.class, () -> Files.getFileStore(d.resolve("none")))));

  private static final List<Case> LINKS =
      List.of(
          Case.of(
              "createSymbolicLink keeps its target as it is",
              d -> {
                Path target = d.getFileSystem().getPath("no/../where");
                Path l = Files.createSymbolicLink(d.resolve("l"), target);
                assertThat(Files.readSymbolicLink(l)).isEqualTo(target);
              }),
          Case.of(
              "createSymbolicLink of what exists",
              d -> {
                Path f = file(d, "f", "x");
                refused(FileAlreadyExistsException.class, f, () -> Files.createSymbolicLink(f, d));
              }),
          Case.of(
              "createSymbolicLink with attributes",
              d ->
                  thrown(
                      UnsupportedOperationException.class,
                      () ->
                          Files.createSymbolicLink(
                              d.resolve("l"), d, PosixFilePermissions.asFileAttribute(Set.of())))),
          Case.of(
              "readSymbolicLink of a file",
              d -> {
                Path f = file(d, "f", "x");
                refused(NotLinkException.class, f, () -> Files.readSymbolicLink(f));
              }),
          Case.of(
              "readSymbolicLink of what is missing",
              d -> {
                Path f = d.resolve("f");
                refused(NoSuchFileException.class, f, () -> Files.readSymbolicLink(f));
              }),
          Case.of(
              "a link that leads to itself",
              d -> {
                Path l = d.resolve("l");
                Files.createSymbolicLink(l, l);
                refused(FileSystemException.class, l, () -> Files.readString(l));
              }),
          Case.of(
              "writing through a dangling link makes what it leads to",
              d -> {
                Path l = Files.createSymbolicLink(d.resolve("l"), d.resolve("f"));
                Files.writeString(l, "x");
                contents(d.resolve("f"), "x");
              }),
          Case.of(
              "createLink",
              d -> {
                Path f = file(d, "f", "x");
                Path g = Files.createLink(d.resolve("g"), f);
                Files.writeString(g, "y");
                contents(f, "y");
                assertThat(Files.getAttribute(f, "unix:nlink")).isEqualTo(2);
              }),
          Case.of(
              "createLink over what exists",
              d -> {
                Path f = file(d, "f", "x");
                Path g = file(d, "g", "y");
                thrown(FileAlreadyExistsException.class, () -> Files.createLink(g, f));
              }),
          Case.of(
              "createLink to what is missing",
              d ->
                  thrown(
                      NoSuchFileException.class,
                      () -> Files.createLink(d.resolve("g"), d.resolve("none")))),
          Case.of(
              "createLink to a directory",
              d -> thrown(FileSystemException.class, () -> Files.createLink(d.resolve("g"), d))),
          Case.of(
              "createLink to a link names the link",
              d -> {
                Path l = Files.createSymbolicLink(d.resolve("l"), d.resolve("none"));
                assertThat(Files.isSymbolicLink(Files.createLink(d.resolve("m"), l))).isTrue();
              }),
          Case.of(
              "times survive a second name",
              d -> {
                Path f = file(d, "f", "x");
                FileTime time = FileTime.fromMillis(1_000_000);
                Files.setLastModifiedTime(f, time);
                assertThat(Files.getLastModifiedTime(Files.createLink(d.resolve("g"), f)))
                    .isEqualTo(time);
              }));

  /** An initial attribute. */
  record Attribute(String name, Object value) implements FileAttribute<Object> {}
}
