package dfs.cli.verb;

import dfs.client.nio.NoAnswerException;
import dfs.client.volume.Credentials;
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
import java.util.function.LongSupplier;
import java.util.function.Supplier;
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

  /** Those that the umask is for. */
  private static final int ALL = 0777;

  /** So long a part that is written is not looked at. */
  private static final long SURE_NANOS = 1_000_000_000L;

  /** Why nothing is copied where something is. */
  static final String EXISTS = "file exists (-f replaces it)";

  private static final String CHANGED =
      "the source has changed since: it was copied from the start";

  private final Copying.Wishes wishes;

  /** Is told how many bytes more there are. */
  private final LongConsumer progress;

  private final CopyCounts counts;
  private final LongSupplier nanos;
  private final Supplier<ByteBuffer> memory;
  private final Deque<ByteBuffer> buffers = new ConcurrentLinkedDeque<>();

  FileCopy(Copying.Wishes wishes, LongConsumer progress, CopyCounts counts) {
    // Off-heap, so that the system need not copy once more.
    this(wishes, progress, counts, System::nanoTime, () -> ByteBuffer.allocateDirect(BUFFER_BYTES));
  }

  /**
   * @param nanos the time, from anywhere
   * @param memory gives buffers
   */
  FileCopy(
      Copying.Wishes wishes,
      LongConsumer progress,
      CopyCounts counts,
      LongSupplier nanos,
      Supplier<ByteBuffer> memory) {
    this.nanos = nanos;
    this.memory = memory;
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
   * @param into the directory of the target
   * @return what is to be said about it; null: nothing
   */
  @Nullable String copy(Path source, Stat stat, Path target, TargetDirectory into, Earlier earlier)
      throws IOException {
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
      if (wishes.resume() && !Files.isSymbolicLink(target)) {
        if (PartFile.dropSecondNames(target, before, earlier.beside())) {
          before = Stat.of(target, false);
        }
        Finished.Verdict verdict = verdict(source, stat, target, before, earlier);
        if (verdict == Finished.Verdict.SAME) {
          keep(new Preserved.From(source, stat, follows()), target, before, into);
          return null;
        }
        outdated = verdict == Finished.Verdict.OUTDATED;
        replaces |= outdated;
      }
      if (!replaces) {
        throw new RefusedException(EXISTS);
      }
    }
    String partial = make(source, stat, new Target(target, before, replaces, into), earlier);
    return outdated ? CHANGED : partial;
  }

  /**
   * What is made.
   *
   * @param before what is there and goes; null: nothing
   * @param replaces whether it goes in any case
   * @param into the directory of it
   */
  private record Target(Path path, @Nullable Stat before, boolean replaces, TargetDirectory into) {
    /** Where it is made: what a link leads to is replaced, and not the link. */
    private Path place() throws IOException {
      return before != null && Files.isSymbolicLink(path) ? path.toRealPath() : path;
    }
  }

  private @Nullable String make(Path source, Stat stat, Target target, Earlier earlier)
      throws IOException {
    Path place = target.place();
    TargetDirectory into = target.into();
    try (SourceFile from = open(source, stat)) {
      PartFile part = part(from, target.path(), place, earlier);
      try {
        write(from, part, target);
        if (wishes.preserve()) {
          Preserved.of(
              new Preserved.From(source, from.stat(), follows()),
              new Preserved.To(part.path(), part.check(), false, into.givesLists()));
        } else if (target.before() != null) {
          replacing(place, target.before(), part);
        }
        from.checkUnchanged();
        Stat copy = earlier.finished() == null ? null : Stat.of(part.path(), false);
        if (target.replaces() && !wishes.force()) {
          checkOutdated(target.path(), target.before());
        }
        into.check();
        move(part.path(), place, target.replaces());
        counts.file();
        earlier.note(copy, from.stat());
      } catch (RefusedException e) {
        // It is of two versions, or not where it is to be: nobody goes on with that.
        deleteQuietly(part.path(), e);
        throw e;
      } catch (IOException e) {
        if (!wishes.resume()) {
          deleteQuietly(part.path(), e);
        }
        throw about(target.path(), part.path(), e);
      }
      return part.outdated();
    }
  }

  /** Lets in whom the file let in that is replaced, and nobody else. */
  private static void replacing(Path place, Stat before, PartFile part) throws IOException {
    Preserved.access(
        new Preserved.From(place, before, false),
        new Preserved.To(part.path(), part.check(), false, false));
  }

  /** Writes into a device or a fifo. */
  private void writeInto(Path target, Path source, Stat stat) throws IOException {
    try (SourceFile in = open(source, stat);
        WritableByteChannel out = Files.newByteChannel(target, StandardOpenOption.WRITE)) {
      transfer(in.channel(), out, null);
      in.checkUnchanged();
    }
  }

  /** Whether links are what they lead to: in a tree they are not, unless that is asked for. */
  private boolean follows() {
    return !wishes.recursive() || wishes.follow();
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
  private void keep(Preserved.From from, Path target, Stat before, TargetDirectory into)
      throws IOException {
    Stat stat = from.stat();
    if (wishes.preserve() && !Preserved.isKept(stat, before)) {
      Stat now = Stat.of(target, false);
      // By another name it may be anybody's, who keeps it as it is.
      boolean theirs = now.links() > 1 && now.uid() != stat.uid();
      if (theirs || !now.isSame(before)) {
        throw new RefusedException(EXISTS);
      }
      into.check();
      Preserved.of(from, new Preserved.To(target, now, false, into.givesLists()));
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
        transfer(in, out, null);
      }
      return;
    }
    if (before != null && !wishes.force()) {
      throw new RefusedException(EXISTS);
    }
    Path place = before != null && Files.isSymbolicLink(target) ? target.toRealPath() : target;
    PartFile fresh = PartFile.fresh(place, place, NOTHING);
    Path part = fresh.path();
    Compared compared = new Compared(part);
    try {
      try (FileChannel out = fresh.open(before == null ? MODE_OF_INPUT : 0, before != null)) {
        transfer(in, out, compared);
        Durable.contents(out, part);
      }
      compared.check();
      if (before != null) {
        replacing(place, before, fresh);
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

  private void write(SourceFile file, PartFile part, Target target) throws IOException {
    Stat stat = file.stat();
    // Who may read what is replaced, or what has a list, is known when that is set, in the end.
    boolean closed = wishes.preserve() || target.before() != null;
    Compared compared = new Compared(part.path());
    try (FileChannel out = part.open(closed ? 0 : stat.permissions(), closed)) {
      target.into().check();
      long from = out.position();
      if (from > stat.sizeBytes()) {
        throw new RefusedException("the part of it that is here is longer than its source");
      }
      progress.accept(from);
      counts.partKept(from);
      transferFlushing(file, out, part, compared);
      Durable.contents(out, part.path());
    }
    compare(compared, file);
    if (closed) {
      return;
    }
    int withheld = PartFile.OWNERS & ~stat.permissions();
    if (part.isContinued()) {
      setMode(part, stat.permissions() & ALL & ~Credentials.umask());
    } else if (withheld != 0) {
      setMode(part, Stat.of(part.path(), false).permissions() & ~withheld);
    }
  }

  /** A source that has changed is no other than it was read. */
  private static void compare(Compared compared, SourceFile file) throws IOException {
    try {
      compared.check();
    } catch (RefusedException e) {
      file.checkUnchanged();
      throw e;
    }
  }

  private static void setMode(PartFile part, int mode) throws IOException {
    Files.setAttribute(part.path(), "unix:mode", mode, LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * After how many bytes what was written is to be kept, should the command be killed: files of
   * this machine are its kernel's.
   */
  private static long flushBytes(long sizeBytes, Path part) {
    long every = Math.max(FLUSH_BYTES_MIN, sizeBytes / FLUSHES);
    boolean local = part.getFileSystem().equals(FileSystems.getDefault());
    return local || every >= Limits.BLOCK_BYTES ? Long.MAX_VALUE : every;
  }

  /** Goes on from where the part ends. */
  private void transferFlushing(SourceFile file, FileChannel out, PartFile part, Compared compared)
      throws IOException {
    FileChannel in = file.channel();
    long everyBytes = flushBytes(file.stat().sizeBytes(), part.path());
    ByteBuffer buffer = takeBuffer();
    try {
      compared.addAgain(in.position(0), out.position(), buffer);
      in.position(out.position());
      long dirty = 0;
      long sure = nanos.getAsLong();
      while (in.read(buffer.clear()) >= 0) {
        compared.add(buffer.flip());
        long now = nanos.getAsLong();
        if (now - sure > SURE_NANOS) {
          // It was stopped, perhaps, and another run has gone on with the part meanwhile.
          part.checkOwn();
          sure = now;
        }
        dirty += put(buffer, out);
        if (dirty >= everyBytes) {
          out.force(false);
          dirty = 0;
        }
      }
    } finally {
      buffers.addLast(buffer);
    }
  }

  /** As many as copies were made at once. */
  private ByteBuffer takeBuffer() {
    ByteBuffer kept = buffers.pollLast();
    return kept != null ? kept : memory.get();
  }

  /**
   * @param compared with what is stored; null: with nothing
   */
  private void transfer(
      ReadableByteChannel in, WritableByteChannel out, @Nullable Compared compared)
      throws IOException {
    ByteBuffer buffer = takeBuffer();
    try {
      while (in.read(buffer.clear()) >= 0) {
        buffer.flip();
        if (compared != null) {
          compared.add(buffer);
        }
        var _ = put(buffer, out);
      }
    } finally {
      buffers.addLast(buffer);
    }
  }

  /** Writes all of a buffer; how much that was. */
  private int put(ByteBuffer buffer, WritableByteChannel out) throws IOException {
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
    if (why instanceof NoAnswerException) {
      // Who does not answer does not delete either.
      return;
    }
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
