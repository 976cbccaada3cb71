package dfs.cli.verb;

import dfs.protocol.Limits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Copies the contents of one file: beside the place first, then under the name. */
final class FileCopy {
  /** Bytes that a copy has in memory. */
  private static final int BUFFER_BYTES = 1 << 20;

  /**
   * Of a large file, so many parts are made durable one after the other; of a larger one each block
   * is as soon as it is full.
   */
  private static final int FLUSHES = 12;

  /** What is no larger is made durable once, and so much of a file has blocks of its own. */
  private static final long FLUSH_BYTES_MIN = 5L << 20;

  /** Permission bits of what is read from no file, before the umask. */
  static final int MODE_OF_INPUT = 0666;

  /** Why nothing is copied where something is. */
  static final String EXISTS = "file exists (-f replaces it)";

  private static final String CHANGED =
      "the source has changed since: it was copied from the start";

  private final Copying.Wishes wishes;

  /** Is told how many bytes more there are. */
  private final LongConsumer progress;

  private final CopyCounts counts;
  private final Deque<ByteBuffer> buffers = new ConcurrentLinkedDeque<>();

  FileCopy(Copying.Wishes wishes, LongConsumer progress, CopyCounts counts) {
    this.wishes = wishes;
    this.progress = progress;
    this.counts = counts;
  }

  /**
   * What earlier runs left of a file.
   *
   * @param name below the top of what is copied
   * @param beside in the directory that the copy goes to
   * @param finished files that are there; null: nothing is known of any
   */
  record Earlier(String name, Leftovers beside, @Nullable Finished finished) {
    /** Nothing. */
    static final Earlier NOTHING = new Earlier("", Leftovers.NONE, null);

    private Finished.Verdict of(Stat copy, Stat source) {
      return finished == null ? Finished.Verdict.UNKNOWN : finished.of(name, copy, source);
    }

    private void note(@Nullable Stat copy, Stat source) {
      if (finished != null && copy != null) {
        finished.add(name, copy, source);
      }
    }
  }

  /**
   * Copies a file.
   *
   * @return what is to be said about it; null: nothing
   */
  @Nullable String copy(Path source, Stat stat, Path target, Earlier earlier) throws IOException {
    Path place = target;
    boolean replaces = wishes.force();
    boolean outdated = false;
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
        writeInto(target, source, stat);
        return null;
      }
      boolean link = Files.isSymbolicLink(target);
      if (wishes.resume() && !link) {
        Finished.Verdict verdict = verdict(source, stat, target, before, earlier);
        if (verdict == Finished.Verdict.SAME) {
          keep(source, stat, target, before);
          return null;
        }
        outdated = verdict == Finished.Verdict.OUTDATED;
        replaces |= outdated;
      }
      if (!replaces) {
        throw new RefusedException(EXISTS);
      }
      place = link ? target.toRealPath() : target;
    }
    try (SourceFile from = open(source, stat)) {
      PartFile part = part(from, target, place, earlier);
      outdated |= part.isOutdated();
      try {
        write(from, part);
        if (wishes.preserve()) {
          Preserved.of(source, from.stat(), part.path(), follows(), false);
        } else if (before != null) {
          Preserved.access(place, before, part.path(), false, false);
        }
        from.checkUnchanged();
        Stat copy = earlier.finished() == null ? null : Stat.of(part.path(), false);
        if (replaces && !wishes.force()) {
          checkOutdated(target, before);
        }
        move(part.path(), place, replaces);
        counts.file();
        earlier.note(copy, from.stat());
      } catch (IOException e) {
        if (!wishes.resume()) {
          deleteQuietly(part.path(), e);
        }
        throw about(target, part.path(), e);
      }
    }
    return outdated ? CHANGED : null;
  }

  /** Writes into a device or a fifo. */
  private void writeInto(Path target, Path source, Stat stat) throws IOException {
    try (SourceFile in = open(source, stat);
        WritableByteChannel out = Files.newByteChannel(target, StandardOpenOption.WRITE)) {
      transfer(in.channel(), out);
      in.checkUnchanged();
    }
  }

  /** Whether links are what they lead to: in a tree they are not. */
  private boolean follows() {
    return !wishes.recursive();
  }

  private SourceFile open(Path source, Stat met) throws IOException {
    return SourceFile.open(source, met, follows());
  }

  private PartFile part(SourceFile from, Path target, Path place, Earlier earlier)
      throws IOException {
    if (!wishes.resume()) {
      return PartFile.fresh(place, from.path(), from.stat());
    }
    Path parent = place.getParent();
    Leftovers left =
        parent == null || place.equals(target) ? earlier.beside() : Leftovers.in(parent);
    return PartFile.continued(place, from.path(), from.stat(), left, wishes.preserve());
  }

  /**
   * Whether a file that is there was copied from the source: as an earlier run recorded it, or by
   * its times if those are kept, or because it holds the same.
   */
  private Finished.Verdict verdict(
      Path source, Stat stat, Path target, Stat before, Earlier earlier) throws IOException {
    Finished.Verdict known = earlier.of(before, stat);
    if (known != Finished.Verdict.UNKNOWN || before.sizeBytes() != stat.sizeBytes()) {
      return known;
    }
    if (wishes.preserve() && before.modified().equals(stat.modified())) {
      return Finished.Verdict.SAME;
    }
    counts.compared(stat.sizeBytes());
    try (SourceFile from = open(source, stat);
        SourceFile copy = SourceFile.open(target, before, false)) {
      return Contents.isSame(from.channel(), copy.channel())
          ? Finished.Verdict.SAME
          : Finished.Verdict.UNKNOWN;
    }
  }

  /** Leaves alone what is there, but for what the earlier run was not told to keep. */
  private void keep(Path source, Stat stat, Path target, Stat before) throws IOException {
    if (wishes.preserve() && !before.modified().equals(stat.modified())) {
      Preserved.of(source, stat, target, follows(), false);
    }
    progress.accept(stat.sizeBytes());
    counts.fileKept(stat.sizeBytes());
  }

  /**
   * Refuses what {@link #copy} would refuse before it copies anything.
   *
   * @throws RefusedException also if another run would compare the two, and they are not the same
   */
  void check(Path source, Stat stat, Path target) throws IOException {
    Stat before = existing(target);
    if (before != null) {
      boolean sameSystem = source.getFileSystem().equals(target.getFileSystem());
      if (sameSystem ? before.isSame(stat) : before.isLikely(stat)) {
        throw new RefusedException("is the same file as the one that is copied");
      }
      if (before.isDirectory()) {
        throw new FileSystemException(target.toString(), null, "Is a directory");
      }
      boolean kept =
          wishes.resume()
              && before.isRegular()
              && verdict(source, stat, target, before, Earlier.NOTHING) == Finished.Verdict.SAME;
      if (before.isRegular() && !wishes.force() && !kept) {
        throw new RefusedException(EXISTS);
      }
    }
    open(source, stat).close();
  }

  /**
   * Refuses what {@link #write(ReadableByteChannel, Path)} would refuse before it writes anything.
   */
  void checkRoom(Path target) throws IOException {
    Stat before = existing(target);
    if (before != null && before.isDirectory()) {
      throw new FileSystemException(target.toString(), null, "Is a directory");
    }
    if (before != null && before.isRegular() && !wishes.force()) {
      throw new RefusedException(EXISTS);
    }
    checkParent(target);
  }

  /** Refuses a name that cannot be made. */
  static void checkParent(Path target) throws IOException {
    Path parent = target.getParent();
    if (parent == null) {
      return;
    }
    if (!Stat.of(parent, true).isDirectory()) {
      throw new NotDirectoryException(parent.toString());
    }
    if (!Files.isWritable(parent)) {
      throw new AccessDeniedException(target.toString());
    }
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
    PartFile fresh = PartFile.fresh(place, place, NOTHING);
    Path part = fresh.path();
    try {
      try (FileChannel out = fresh.open(MODE_OF_INPUT)) {
        transfer(in, out);
        Durable.contents(out, part);
      }
      if (before != null) {
        Preserved.access(place, before, part, false, false);
      }
      move(part, place, wishes.force());
      counts.file();
    } catch (IOException e) {
      deleteQuietly(part, e);
      throw about(target, part, e);
    }
  }

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
    Stat itself;
    try {
      itself = Stat.of(target, false);
    } catch (NoSuchFileException e) {
      return null;
    }
    if (!itself.isLink()) {
      return itself;
    }
    try {
      return Stat.of(target, true);
    } catch (NoSuchFileException e) {
      throw new RefusedException("is a link to nothing");
    }
  }

  private void write(SourceFile file, PartFile part) throws IOException {
    Stat stat = file.stat();
    try (FileChannel out = part.open(stat.permissions())) {
      FileChannel in = file.channel();
      long from = out.position();
      if (from > stat.sizeBytes()) {
        throw new RefusedException("the part of it that is here is longer than its source");
      }
      in.position(from);
      progress.accept(from);
      counts.partKept(from);
      transferFlushing(in, out, flushBytes(stat, part.path()));
      Durable.contents(out, part.path());
    }
    int withheld = PartFile.OWNERS & ~stat.permissions();
    if (withheld != 0 && !wishes.preserve()) {
      setMode(part, Stat.of(part.path(), false).permissions() & ~withheld);
    }
  }

  private static void setMode(PartFile part, int mode) throws IOException {
    Files.setAttribute(part.path(), "unix:mode", mode, LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * After how many bytes what was written is to be kept, should the command be killed: files of
   * this machine are its kernel's.
   */
  private static long flushBytes(Stat stat, Path part) {
    long every = Math.max(FLUSH_BYTES_MIN, stat.sizeBytes() / FLUSHES);
    boolean local = part.getFileSystem().equals(FileSystems.getDefault());
    return local || every >= Limits.BLOCK_BYTES ? Long.MAX_VALUE : every;
  }

  private void transferFlushing(FileChannel in, FileChannel out, long everyBytes)
      throws IOException {
    ByteBuffer buffer = takeBuffer();
    try {
      long dirty = 0;
      for (int n = step(in, buffer, out); n >= 0; n = step(in, buffer, out)) {
        dirty += n;
        if (dirty >= everyBytes) {
          out.force(false);
          dirty = 0;
        }
      }
    } finally {
      buffers.addLast(buffer);
    }
  }

  /** Off-heap, so that the system need not copy once more; as many as copies were made at once. */
  private ByteBuffer takeBuffer() {
    ByteBuffer kept = buffers.pollLast();
    return kept != null ? kept : ByteBuffer.allocateDirect(BUFFER_BYTES);
  }

  private void transfer(ReadableByteChannel in, WritableByteChannel out) throws IOException {
    ByteBuffer buffer = takeBuffer();
    try {
      while (step(in, buffer, out) >= 0) {
        // until there is no more
      }
    } finally {
      buffers.addLast(buffer);
    }
  }

  /** Copies what fits into the buffer; how much, or -1 at the end. */
  private int step(ReadableByteChannel in, ByteBuffer buffer, WritableByteChannel out)
      throws IOException {
    if (in.read(buffer.clear()) < 0) {
      return -1;
    }
    buffer.flip();
    int bytes = buffer.remaining();
    while (buffer.hasRemaining()) {
      out.write(buffer);
    }
    progress.accept(bytes);
    counts.copied(bytes);
    return bytes;
  }

  private static void move(Path part, Path place, boolean replaces) throws IOException {
    if (replaces) {
      Files.move(part, place, StandardCopyOption.ATOMIC_MOVE);
      return;
    }
    try {
      Replacing.nothing(part, place);
    } catch (FileAlreadyExistsException e) {
      throw new RefusedException(EXISTS);
    }
  }

  /** Nothing but the copy that was found there may be replaced by a newer one. */
  private static void checkOutdated(Path target, @Nullable Stat before) throws IOException {
    Stat now = existing(target);
    if (now == null
        || before == null
        || !now.isSame(before)
        || !now.changed().equals(before.changed())) {
      throw new RefusedException(EXISTS);
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
