package dfs.contract;

import static dfs.contract.Expect.bytes;
import static dfs.contract.Expect.file;
import static dfs.contract.Expect.refused;
import static dfs.contract.Expect.thrown;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.DosFileAttributes;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Attributes, by views and by names. */
final class AttributeCases {
  private static final FileTime TIME =
      FileTime.from(Instant.ofEpochSecond(1_234_567_890, 123_456_789));

  private AttributeCases() {}

  static List<Case> all() {
    List<Case> all = new ArrayList<>(BASIC);
    all.addAll(NAMED);
    all.addAll(POSIX);
    all.addAll(USER);
    return all;
  }

  private static UserPrincipalLookupService lookup(Path path) {
    return path.getFileSystem().getUserPrincipalLookupService();
  }

  private static final List<Case> BASIC =
      List.of(
          Case.of(
              "readAttributes of a file",
              d -> {
                BasicFileAttributes found =
                    Files.readAttributes(file(d, "f", "abc"), BasicFileAttributes.class);
                assertThat(found.size()).isEqualTo(3);
                assertThat(found.isRegularFile()).isTrue();
                assertThat(found.isDirectory() || found.isSymbolicLink() || found.isOther())
                    .isFalse();
                assertThat(found.fileKey()).isNotNull();
              }),
          Case.of(
              "readAttributes of a directory",
              d ->
                  assertThat(Files.readAttributes(d, BasicFileAttributes.class).isDirectory())
                      .isTrue()),
          Case.of(
              "readAttributes of a link",
              d -> {
                Path l = Files.createSymbolicLink(d.resolve("l"), d);
                assertThat(Files.readAttributes(l, BasicFileAttributes.class).isDirectory())
                    .isTrue();
                BasicFileAttributes own =
                    Files.readAttributes(l, BasicFileAttributes.class, NOFOLLOW_LINKS);
                assertThat(own.isSymbolicLink()).isTrue();
                assertThat(own.size()).isEqualTo(d.toString().length());
              }),
          Case.of(
              "readAttributes of what is missing",
              d -> {
                Path f = d.resolve("f");
                refused(
                    NoSuchFileException.class,
                    f,
                    () -> Files.readAttributes(f, BasicFileAttributes.class));
              }),
          Case.of(
              "readAttributes of a dangling link",
              d -> {
                Path l = Files.createSymbolicLink(d.resolve("l"), d.resolve("none"));
                thrown(
                    NoSuchFileException.class,
                    () -> Files.readAttributes(l, BasicFileAttributes.class));
              }),
          Case.of(
              "readAttributes of DOS asks for what is not there",
              d -> {
                if (!d.getFileSystem().supportedFileAttributeViews().contains("dos")) {
                  thrown(
                      UnsupportedOperationException.class,
                      () -> Files.readAttributes(d, DosFileAttributes.class));
                }
              }),
          Case.of(
              "fileKey of two names of a file",
              d -> {
                Path f = file(d, "f", "x");
                Path g = Files.createLink(d.resolve("g"), f);
                assertThat(Files.getAttribute(f, "fileKey"))
                    .isEqualTo(Files.getAttribute(g, "fileKey"))
                    .isNotEqualTo(Files.getAttribute(file(d, "h", ""), "fileKey"));
              }),
          Case.of(
              "times are now",
              d -> {
                Path f = file(d, "f", "x");
                FileTime time = Files.getLastModifiedTime(f);
                assertThat(Math.abs(time.toMillis() - System.currentTimeMillis()))
                    .isLessThan(60_000);
              }),
          Case.of(
              "setLastModifiedTime to the nanosecond",
              d -> {
                Path f = file(d, "f", "x");
                assertThat(Files.setLastModifiedTime(f, TIME)).isEqualTo(f);
                assertThat(Files.getLastModifiedTime(f)).isEqualTo(TIME);
              }),
          Case.of(
              "setLastModifiedTime before 1970",
              d -> {
                Path f = file(d, "f", "x");
                FileTime time = FileTime.fromMillis(-2000);
                assertThat(Files.getLastModifiedTime(Files.setLastModifiedTime(f, time)))
                    .isEqualTo(time);
              }),
          Case.of(
              "setLastModifiedTime of what is missing",
              d ->
                  thrown(
                      NoSuchFileException.class,
                      () -> Files.setLastModifiedTime(d.resolve("f"), TIME))),
          Case.of(
              "setTimes sets what is given alone",
              d -> {
                Path f = file(d, "f", "x");
                BasicFileAttributeView view =
                    Files.getFileAttributeView(f, BasicFileAttributeView.class);
                view.setTimes(TIME, FileTime.fromMillis(5000), null);
                view.setTimes(FileTime.fromMillis(7000), null, null);
                view.setTimes(null, null, null);
                assertThat(view.readAttributes().lastModifiedTime().toMillis()).isEqualTo(7000);
                assertThat(view.readAttributes().lastAccessTime().toMillis()).isEqualTo(5000);
                assertThat(view.name()).isEqualTo("basic");
              }),
          Case.of(
              "setTimes of a link",
              d -> {
                Path l = Files.createSymbolicLink(d.resolve("l"), d.resolve("none"));
                Files.getFileAttributeView(l, BasicFileAttributeView.class, NOFOLLOW_LINKS)
                    .setTimes(TIME, null, null);
                assertThat(Files.getLastModifiedTime(l, NOFOLLOW_LINKS)).isEqualTo(TIME);
              }),
          Case.of(
              "a write after setLastModifiedTime counts",
              d -> {
                Path f = file(d, "f", "x");
                Files.setLastModifiedTime(f, TIME);
                Files.writeString(f, "y");
                assertThat(Files.getLastModifiedTime(f)).isGreaterThan(TIME);
              }),
          Case.of(
              "a view of what is not supported is null",
              d -> assertThat(Files.getFileAttributeView(d, AclFileAttributeView.class)).isNull()));

  private static final List<Case> NAMED =
      List.of(
          Case.of(
              "getAttribute",
              d -> {
                Path f = file(d, "f", "abc");
                assertThat(Files.getAttribute(f, "size")).isEqualTo(3L);
                assertThat(Files.getAttribute(f, "basic:isRegularFile")).isEqualTo(true);
                assertThat(Files.getAttribute(f, "unix:nlink")).isEqualTo(1);
                assertThat((int) Files.getAttribute(f, "unix:mode") & 0170000).isEqualTo(0100000);
                assertThat(Files.getAttribute(f, "unix:ino")).isInstanceOf(Long.class);
                assertThat(Files.getAttribute(f, "unix:uid")).isInstanceOf(Integer.class);
                assertThat(Files.getAttribute(f, "unix:ctime")).isInstanceOf(FileTime.class);
              }),
          Case.of(
              "readAttributes by name",
              d -> {
                Map<String, Object> found =
                    Files.readAttributes(file(d, "f", "abc"), "size,lastModifiedTime");
                assertThat(found).containsOnlyKeys("size", "lastModifiedTime");
              }),
          Case.of(
              "readAttributes of all",
              d ->
                  assertThat(Files.readAttributes(file(d, "f", "abc"), "*"))
                      .containsOnlyKeys(
                          "size",
                          "lastModifiedTime",
                          "lastAccessTime",
                          "creationTime",
                          "isRegularFile",
                          "isDirectory",
                          "isSymbolicLink",
                          "isOther",
                          "fileKey")),
          Case.of(
              "readAttributes of all of POSIX",
              d ->
                  assertThat(Files.readAttributes(d, "posix:*"))
                      .containsKeys("permissions", "owner", "group", "size")),
          Case.of(
              "readAttributes of all of unix",
              d ->
                  assertThat(Files.readAttributes(d, "unix:*"))
                      .containsKeys(
                          "mode", "ino", "dev", "rdev", "nlink", "uid", "gid", "ctime", "owner")),
          Case.of(
              "readAttributes of one that is not known",
              d ->
                  thrown(
                      IllegalArgumentException.class, () -> Files.readAttributes(d, "size,color"))),
          Case.of(
              "readAttributes of none",
              d -> thrown(IllegalArgumentException.class, () -> Files.readAttributes(d, ""))),
          Case.of(
              "readAttributes of a view that is not known",
              d ->
                  thrown(
                      UnsupportedOperationException.class,
                      () -> Files.readAttributes(d, "art:color"))),
          Case.of(
              "getAttribute with a wildcard",
              d -> thrown(IllegalArgumentException.class, () -> Files.getAttribute(d, "*"))),
          Case.of(
              "setAttribute",
              d -> {
                Path f = file(d, "f", "abc");
                Files.setAttribute(f, "lastModifiedTime", TIME);
                Files.setAttribute(f, "unix:mode", 0604);
                assertThat(Files.getLastModifiedTime(f)).isEqualTo(TIME);
                assertThat((int) Files.getAttribute(f, "unix:mode") & 07777).isEqualTo(0604);
              }),
          Case.of(
              "setAttribute of one that is not known",
              d ->
                  thrown(
                      IllegalArgumentException.class, () -> Files.setAttribute(d, "color", "red"))),
          Case.of(
              "setAttribute of one that is read only",
              d -> thrown(IllegalArgumentException.class, () -> Files.setAttribute(d, "size", 3L))),
          Case.of(
              "setAttribute of a view that is not known",
              d ->
                  thrown(
                      UnsupportedOperationException.class,
                      () -> Files.setAttribute(d, "art:color", "red"))),
          Case.of(
              "setAttribute of another type",
              d ->
                  thrown(
                      ClassCastException.class,
                      () -> Files.setAttribute(d, "lastModifiedTime", "today"))));

  private static final List<Case> POSIX =
      List.of(
          Case.of(
              "setPosixFilePermissions",
              d -> {
                Path f = file(d, "f", "x");
                Set<PosixFilePermission> set = PosixFilePermissions.fromString("r-x-w---x");
                Files.setPosixFilePermissions(f, set);
                assertThat(Files.getPosixFilePermissions(f)).isEqualTo(set);
              }),
          Case.of(
              "setPosixFilePermissions of what is missing",
              d ->
                  thrown(
                      NoSuchFileException.class,
                      () -> Files.setPosixFilePermissions(d.resolve("f"), Set.of()))),
          Case.of(
              "owner and group",
              d -> {
                Path f = file(d, "f", "x");
                PosixFileAttributes found = Files.readAttributes(f, PosixFileAttributes.class);
                assertThat(found.owner()).isEqualTo(Files.getOwner(f));
                assertThat(found.owner().getName()).isEqualTo(System.getProperty("user.name"));
                Files.setOwner(f, found.owner());
                Files.getFileAttributeView(f, PosixFileAttributeView.class).setGroup(found.group());
                assertThat(Files.getAttribute(f, "owner:owner")).isEqualTo(found.owner());
              }),
          Case.of(
              "setOwner to a number without a name",
              d -> {
                Path f = file(d, "f", "x");
                UserPrincipal somebody = lookup(d).lookupPrincipalByName("54321");
                Files.setOwner(f, somebody);
                assertThat(Files.getOwner(f).getName()).isEqualTo("54321");
                assertThat(Files.getAttribute(f, "unix:uid")).isEqualTo(54321);
              }),
          Case.of(
              "setOwner to a principal of nobody's",
              d ->
                  thrown(
                      ProviderMismatchException.class,
                      () -> Files.setOwner(file(d, "f", "x"), () -> "somebody"))),
          Case.of(
              "lookupPrincipalByName of nobody's name",
              d ->
                  thrown(
                      UserPrincipalNotFoundException.class,
                      () -> lookup(d).lookupPrincipalByName("no such user"))),
          Case.of(
              "lookupPrincipalByGroupName",
              d -> {
                assertThat(lookup(d).lookupPrincipalByGroupName("root").getName())
                    .isEqualTo("root");
                thrown(
                    UserPrincipalNotFoundException.class,
                    () -> lookup(d).lookupPrincipalByGroupName("no such group"));
              }),
          Case.of(
              "the views by their types",
              d -> {
                assertThat(Files.getFileAttributeView(d, PosixFileAttributeView.class).name())
                    .isEqualTo("posix");
                assertThat(Files.getFileAttributeView(d, FileOwnerAttributeView.class).name())
                    .isEqualTo("owner");
                assertThat(d.getFileSystem().supportedFileAttributeViews())
                    .contains("basic", "posix", "unix", "owner");
              }),
          Case.of(
              "chmod of a directory",
              d -> {
                Path s = Files.createDirectory(d.resolve("s"));
                Files.setAttribute(s, "unix:mode", 01777);
                assertThat((int) Files.getAttribute(s, "unix:mode")).isEqualTo(041777);
              }));

  private static UserDefinedFileAttributeView user(Path path) {
    return Files.getFileAttributeView(path, UserDefinedFileAttributeView.class);
  }

  private static final List<Case> USER =
      List.of(
          Case.of(
              "user attributes are written, listed, read and deleted",
              d -> {
                UserDefinedFileAttributeView view = user(file(d, "f", "x"));
                assertThat(view.name()).isEqualTo("user");
                assertThat(view.list()).isEmpty();
                assertThat(view.write("color", ByteBuffer.wrap(bytes("red")))).isEqualTo(3);
                assertThat(view.list()).containsExactly("color");
                assertThat(view.size("color")).isEqualTo(3);
                ByteBuffer into = ByteBuffer.allocate(8);
                assertThat(view.read("color", into)).isEqualTo(3);
                assertThat(into.position()).isEqualTo(3);
                view.delete("color");
                assertThat(view.list()).isEmpty();
              }),
          Case.of(
              "a user attribute that is missing",
              d -> {
                UserDefinedFileAttributeView view = user(file(d, "f", "x"));
                thrown(FileSystemException.class, () -> view.size("color"));
                thrown(FileSystemException.class, () -> view.read("color", ByteBuffer.allocate(1)));
                thrown(FileSystemException.class, () -> view.delete("color"));
              }),
          Case.of(
              "a user attribute that does not fit",
              d -> {
                UserDefinedFileAttributeView view = user(file(d, "f", "x"));
                view.write("color", ByteBuffer.wrap(bytes("red")));
                thrown(FileSystemException.class, () -> view.read("color", ByteBuffer.allocate(1)));
                thrown(
                    IllegalArgumentException.class,
                    () -> view.read("color", ByteBuffer.allocate(9).asReadOnlyBuffer()));
              }),
          Case.of(
              "a user attribute of a file that is missing",
              d -> thrown(NoSuchFileException.class, () -> user(d.resolve("f")).list())),
          Case.of(
              "user attributes by name",
              d -> {
                Path f = file(d, "f", "x");
                Files.setAttribute(f, "user:a", bytes("1"));
                Files.setAttribute(f, "user:b", ByteBuffer.wrap(bytes("2")));
                assertThat(Files.getAttribute(f, "user:b")).isEqualTo(bytes("2"));
                assertThat(Files.readAttributes(f, "user:*")).containsOnlyKeys("a", "b");
              }));
}
