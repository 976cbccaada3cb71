package dfs.cli.verb;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Copies the contents of one file: beside the place first, then under the name. */
final class FileCopy {
  /** Bytes that a copy has in memory. */
  private static final int BUFFER_BYTES = 1 << 20;

  /** Permission bits of what is read from no file, before the umask. */
  static final int MODE_OF_INPUT = 0666;

  /** Why nothing is copied where something is. */
  static final String EXISTS = "file exists (-f replaces it)";

  private final Copying.Wishes wishes;
  private final Progress progress;

  FileCopy(Copying.Wishes wishes, Progress progress) {
    this.wishes = wishes;
    this.progress = progress;
  }

  /**
   * Copies a file.
   *
   * @return what is to be said about it; null: nothing
   */
  @Nullable String copy(Path source, Stat stat, Path target) throws IOException {
    Path place = target;
    Stat before = existing(target);
    if (before != null) {
      boolean sameSystem = source.getFileSystem().equals(target.getFileSystem());
      if (sameSystem ? before.isSame(stat) : before.isLikely(stat)) {
        throw new RefusedException("is the same file as the one that is copied");
      }
      if (before.isDirectory()) {
        throw new FileSystemException(target.toString(), null, "Is a directory");
      }
      if (!before.isRegular()) {
        try (FileChannel in = FileChannel.open(source, StandardOpenOption.READ);
            WritableByteChannel out = Files.newByteChannel(target, StandardOpenOption.WRITE)) {
          transfer(in, out);
        }
        return null;
      }
      if (!wishes.force()) {
        throw new RefusedException(EXISTS);
      }
      place = Files.isSymbolicLink(target) ? target.toRealPath() : target;
    }
    PartFile part = wishes.resume() ? PartFile.continued(place, stat) : PartFile.fresh(place, stat);
    try {
      write(source, stat, part);
      int mode = before == null ? stat.permissions() : before.permissions();
      if (wishes.preserve()) {
        Preserved.of(source, stat, part.path());
      } else if (before != null) {
        Files.setAttribute(part.path(), "unix:mode", mode);
      }
      move(part.path(), place);
    } catch (IOException e) {
      if (!wishes.resume()) {
        deleteQuietly(part.path(), e);
      }
      throw about(target, part.path(), e);
    }
    return part.isOutdated() ? "the source has changed since: it was copied from the start" : null;
  }

  /**
   * Writes what a channel gives into a file.
   *
   * @throws RefusedException if there is a file, and it is not to be replaced
   */
  void write(ReadableByteChannel in, Path target) throws IOException {
    Stat before = existing(target);
    if (before != null && before.isDirectory()) {
      throw new FileSystemException(target.toString(), null, "Is a directory");
    }
    if (before != null && !before.isRegular()) {
      try (WritableByteChannel out = Files.newByteChannel(target, StandardOpenOption.WRITE)) {
        transfer(in, out);
      }
      return;
    }
    if (before != null && !wishes.force()) {
      throw new RefusedException(EXISTS);
    }
    Path place = before != null && Files.isSymbolicLink(target) ? target.toRealPath() : target;
    Path part = PartFile.fresh(place, NOTHING).path();
    try {
      try (FileChannel out = FileChannel.open(part, CREATE, permissions(MODE_OF_INPUT))) {
        transfer(in, out);
      }
      if (before != null) {
        Files.setAttribute(part, "unix:mode", before.permissions());
      }
      move(part, place);
    } catch (IOException e) {
      deleteQuietly(part, e);
      throw about(target, part, e);
    }
  }

  private static final Set<OpenOption> CREATE =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  private static final Stat NOTHING =
      new Stat(
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          java.nio.file.attribute.FileTime.fromMillis(0),
          java.nio.file.attribute.FileTime.fromMillis(0),
          java.nio.file.attribute.FileTime.fromMillis(0));

  /** What a path leads to; null: nothing, or a link to nothing. */
  static @Nullable Stat existing(Path target) throws IOException {
    try {
      return Stat.of(target, true);
    } catch (NoSuchFileException e) {
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
        throw new RefusedException("is a link to nothing");
      }
      return null;
    }
  }

  private void write(Path source, Stat stat, PartFile part) throws IOException {
    Set<OpenOption> how = part.isContinued() ? Set.of(StandardOpenOption.WRITE) : CREATE;
    FileAttribute<?>[] with =
        part.isContinued()
            ? new FileAttribute<?>[0]
            : new FileAttribute<?>[] {permissions(stat.permissions() | 0200)};
    try (FileChannel in = FileChannel.open(source, StandardOpenOption.READ);
        FileChannel out = FileChannel.open(part.path(), how, with)) {
      long from = out.size();
      if (from > stat.sizeBytes()) {
        throw new RefusedException("the part of it that is here is longer than its source");
      }
      in.position(from);
      out.position(from);
      progress.copied(from);
      transfer(in, out);
    }
    if ((stat.permissions() & 0200) == 0 && !wishes.preserve()) {
      Set<PosixFilePermission> granted = Files.getPosixFilePermissions(part.path());
      granted.remove(PosixFilePermission.OWNER_WRITE);
      Files.setPosixFilePermissions(part.path(), granted);
    }
  }

  private void transfer(ReadableByteChannel in, WritableByteChannel out) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    while (in.read(buffer.clear()) >= 0) {
      buffer.flip();
      int bytes = buffer.remaining();
      while (buffer.hasRemaining()) {
        out.write(buffer);
      }
      progress.copied(bytes);
    }
  }

  private void move(Path part, Path place) throws IOException {
    if (wishes.force()) {
      Files.move(part, place, StandardCopyOption.ATOMIC_MOVE);
    } else {
      Files.move(part, place);
    }
  }

  /** Permission bits of what is made, before the umask. */
  static FileAttribute<Set<PosixFilePermission>> permissions(int mode) {
    Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
    PosixFilePermission[] all = PosixFilePermission.values();
    for (int i = 0; i < all.length; i++) {
      if ((mode >> (all.length - 1 - i) & 1) == 1) {
        set.add(all[i]);
      }
    }
    return PosixFilePermissions.asFileAttribute(set);
  }

  private static void deleteQuietly(Path part, IOException why) {
    try {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      why.addSuppressed(e);
    }
  }

  /** The part file means nothing to anybody: what failed is the making of this one. */
  private static IOException about(Path target, Path part, IOException e) {
    if (!(e instanceof FileSystemException f) || !part.toString().equals(f.getFile())) {
      return e;
    }
    FileSystemException named =
        switch (f) {
          case NoSuchFileException _ -> new NoSuchFileException(target.toString());
          case AccessDeniedException _ -> new AccessDeniedException(target.toString());
          case FileAlreadyExistsException _ -> new FileAlreadyExistsException(target.toString());
          default -> new FileSystemException(target.toString(), null, f.getReason());
        };
    named.initCause(e);
    return named;
  }
}
