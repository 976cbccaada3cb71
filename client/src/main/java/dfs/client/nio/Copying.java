package dfs.client.nio;

import com.google.protobuf.ByteString;
import dfs.client.path.At;
import dfs.client.path.OpenFile;
import dfs.client.path.OpenMode;
import dfs.client.path.PathCalls;
import dfs.client.path.PathCalls.Setting;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Copies and moves between paths of dfs, of one file system or two. */
final class Copying {
  private static final Logger LOG = LoggerFactory.getLogger(Copying.class);

  /** Bytes that are in memory at a time. */
  private static final int COPY_BYTES = 1 << 20;

  private final DfsPath source;
  private final DfsPath target;
  private final DfsFileSystem from;
  private final DfsFileSystem to;
  private boolean replace;
  private boolean attributes;
  private boolean atomic;
  private boolean follow = true;

  private Copying(DfsPath source, DfsPath target) {
    this.source = source;
    this.target = target;
    this.from = source.getFileSystem();
    this.to = target.getFileSystem();
  }

  private static Copying of(
      DfsPath source, DfsPath target, Set<CopyOption> known, CopyOption... options) {
    Copying copying = new Copying(source, target);
    for (CopyOption option : options) {
      if (!known.contains(Objects.requireNonNull(option))) {
        throw new UnsupportedOperationException("Unsupported option " + option);
      }
      copying.replace |= option == StandardCopyOption.REPLACE_EXISTING;
      copying.attributes |= option == StandardCopyOption.COPY_ATTRIBUTES;
      copying.atomic |= option == StandardCopyOption.ATOMIC_MOVE;
      copying.follow &= option != LinkOption.NOFOLLOW_LINKS;
    }
    return copying;
  }

  static void copy(DfsPath source, DfsPath target, CopyOption... options) throws IOException {
    of(
            source,
            target,
            Set.of(
                StandardCopyOption.REPLACE_EXISTING,
                StandardCopyOption.COPY_ATTRIBUTES,
                LinkOption.NOFOLLOW_LINKS),
            options)
        .copy();
  }

  static void move(DfsPath source, DfsPath target, CopyOption... options) throws IOException {
    of(
            source,
            target,
            Set.of(
                StandardCopyOption.REPLACE_EXISTING,
                StandardCopyOption.ATOMIC_MOVE,
                LinkOption.NOFOLLOW_LINKS),
            options)
        .move();
  }

  private @Nullable Attributes targetIfAny() throws IOException {
    return to.run(
        target.toString(), null, volume -> volume.attributesIfAny(DfsFileSystem.at(target), false));
  }

  @SuppressWarnings("ReferenceEquality") // a file system is equal to itself alone
  private boolean isSame(Attributes one, @Nullable Attributes other) {
    return from == to && other != null && one.ino() == other.ino();
  }

  private void copy() throws IOException {
    to.checkWritable();
    Attributes found = from.attributes(source, follow);
    Attributes there = targetIfAny();
    if (isSame(found, there)) {
      return;
    }
    clear(there);
    switch (found.type()) {
      case DIRECTORY -> make(volume -> volume.makeDirectory(at(), found.mode()));
      case SYMLINK -> {
        ByteString link =
            from.run(source.toString(), null, volume -> volume.readLink(DfsFileSystem.at(source)));
        make(volume -> volume.makeSymlink(at(), link));
      }
      case REGULAR -> {
        contents(found);
        return;
      }
      case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE ->
          throw new FileSystemException(
              source.toString(), target.toString(), "neither a file, a directory nor a link");
    }
    if (attributes) {
      attributes(found);
    }
  }

  private At at() {
    return DfsFileSystem.at(target);
  }

  /** A change that answers nothing. */
  private interface Making {
    void run(PathCalls volume) throws IOException;
  }

  private void make(Making making) throws IOException {
    var _ =
        to.change(
            target.toString(),
            null,
            volume -> {
              making.run(volume);
              return true;
            });
  }

  /** Removes what is in the way, if it is to be replaced. */
  private void clear(@Nullable Attributes there) throws IOException {
    if (there == null) {
      return;
    }
    if (!replace) {
      throw new FileAlreadyExistsException(target.toString());
    }
    make(volume -> volume.remove(at()));
  }

  /** By no channels, which an interrupt would close. */
  private void contents(Attributes found) throws IOException {
    OpenMode read = Options.of(Set.of(StandardOpenOption.READ)).mode();
    OpenMode fresh =
        Options.of(Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))
            .withPermissions(found.mode() & 0777)
            .mode();
    OpenFile in = from.open(DfsFileSystem.at(source), source.toString(), read);
    try {
      OpenFile out = to.open(at(), target.toString(), fresh);
      boolean copied = false;
      boolean done = false;
      try {
        contents(in, out);
        copied = true;
        // What was copied is durable after this, or it was not copied.
        close(to, out);
        done = true;
      } finally {
        if (!done) {
          discard(out, copied);
        }
      }
    } finally {
      close(from, in);
    }
    if (attributes) {
      attributes(found);
    }
  }

  /** The first failure counts. */
  private void discard(OpenFile out, boolean closed) {
    try {
      try {
        if (!closed) {
          close(to, out);
        }
      } finally {
        make(volume -> volume.unlink(at()));
      }
    } catch (IOException e) {
      LOG.warn("a copy that failed is left at {}: {}", target, e.toString());
    }
  }

  private void contents(OpenFile in, OpenFile out) throws IOException {
    long moved = 0;
    while (true) {
      long offset = moved;
      ByteBuffer bytes =
          from.run(
              source.toString(),
              target.toString(),
              volume -> {
                ByteBuffer read = ByteBuffer.allocate(COPY_BYTES);
                in.read(offset, read);
                return read.flip();
              });
      if (!bytes.hasRemaining()) {
        return;
      }
      moved += bytes.remaining();
      var _ =
          to.run(
              source.toString(),
              target.toString(),
              volume -> {
                out.write(offset, bytes);
                return true;
              });
    }
  }

  private void close(DfsFileSystem system, OpenFile file) throws IOException {
    system.close(file, source.toString(), target.toString());
  }

  /** Extended attributes with ACLs, owner if allowed, permissions and, last, times. */
  private void attributes(Attributes found) throws IOException {
    At of = DfsFileSystem.at(source);
    if ((found.flags() & Attributes.FLAG_XATTRS) != 0) {
      for (ByteString name :
          from.run(source.toString(), null, volume -> volume.xattrs(of, follow))) {
        ByteString value =
            from.run(source.toString(), null, volume -> volume.xattr(of, follow, name));
        optional(volume -> volume.setXattr(at(), false, name, value));
      }
    }
    optional(volume -> volume.set(at(), false, Setting.ofOwner(found.uid(), found.gid())));
    if (found.type() != FileType.SYMLINK) {
      make(volume -> volume.set(at(), false, Setting.ofMode(found.mode())));
    }
    int times = Change.SetAttributes.SET_ACCESS_TIME | Change.SetAttributes.SET_MODIFY_TIME;
    Setting setting = new Setting(times, 0, 0, 0, 0, found.accessNanos(), found.modifyNanos());
    make(volume -> volume.set(at(), false, setting));
  }

  /** What only some may set is left out for the others. */
  private void optional(Making making) throws IOException {
    make(
        volume -> {
          try {
            making.run(volume);
          } catch (IOException e) {
            if (!Faults.is(e, Errno.EPERM) && !Faults.is(e, Errno.EACCES)) {
              throw e;
            }
          }
        });
  }

  @SuppressWarnings("ReferenceEquality") // a file system is equal to itself alone
  private void move() throws IOException {
    from.checkWritable();
    to.checkWritable();
    if (from != to) {
      moveOver();
      return;
    }
    Attributes found = from.attributes(source, false);
    if (atomic) {
      rename(0);
      return;
    }
    Attributes there = targetIfAny();
    if (isSame(found, there)) {
      return;
    }
    if (there != null && !replace) {
      throw new FileAlreadyExistsException(target.toString());
    }
    // Of one kind, the one takes the other's place at once.
    if (there != null && there.isDirectory() != found.isDirectory()) {
      clear(there);
    }
    rename(replace ? 0 : Change.Rename.NO_REPLACE);
  }

  private void rename(int flags) throws IOException {
    try {
      var _ =
          to.run(
              source.toString(),
              target.toString(),
              volume -> {
                volume.rename(DfsFileSystem.at(source), at(), flags);
                return true;
              });
    } catch (DirectoryNotEmptyException e) {
      DirectoryNotEmptyException fault = new DirectoryNotEmptyException(target.toString());
      fault.initCause(e);
      throw fault;
    }
  }

  private void moveOver() throws IOException {
    if (atomic) {
      throw new AtomicMoveNotSupportedException(
          source.toString(), target.toString(), "two file systems");
    }
    follow = false;
    attributes = true;
    Attributes found = from.attributes(source, false);
    if (found.isDirectory() && found.sizeBytes() > 0) {
      throw new DirectoryNotEmptyException(source.toString());
    }
    copy();
    var _ =
        from.change(
            source.toString(),
            null,
            volume -> {
              volume.remove(DfsFileSystem.at(source));
              return true;
            });
  }
}
