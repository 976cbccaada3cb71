package dfs.client.path;

import com.google.protobuf.ByteString;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The volume by paths of bytes, on behalf of one caller: what the system calls of the same names
 * do. A refusal is a {@link PathRefusedException}. A change is durable, and others see it, when the
 * call returns. An absolute symbolic link starts at the root of the volume. Thread-safe.
 */
public final class PathCalls {
  private static final int SIZE_OR_TIMES =
      Change.SetAttributes.SET_SIZE
          | Change.SetAttributes.SET_MODIFY_TIME
          | Change.SetAttributes.MODIFY_NOW;

  private final MetadataSession session;
  private final OpenFiles files;
  private final Caller caller;
  private final int umask;
  private final PathWalk walk;

  /**
   * @param umask bits that what is made here does not get, unless a default ACL decides (umask(2))
   */
  public PathCalls(MetadataSession session, OpenFiles files, Caller caller, int umask) {
    this.session = session;
    this.files = files;
    this.caller = caller;
    this.umask = umask;
    this.walk = new PathWalk(session, caller, PathWalk.Absolute.FROM_ROOT);
  }

  /** Who calls. */
  public Caller caller() {
    return caller;
  }

  /**
   * What is at a path.
   *
   * @param follow of a symbolic link, what it leads to
   */
  public Attributes attributes(At at, boolean follow) throws IOException {
    try (OpenFiles.Look _ = files.look()) {
      return files.seen(existing(at, follow).found());
    }
  }

  /** What is at a path; null if nothing is, or something on the way is missing. */
  public @Nullable Attributes attributesIfAny(At at, boolean follow) throws IOException {
    try {
      return attributes(at, follow);
    } catch (PathRefusedException e) {
      if (e.errno() == Errno.ENOENT) {
        return null;
      }
      throw e;
    }
  }

  /** Where something is that there is. */
  private record Existing(Attributes parent, ByteString name, Attributes found) {}

  private Existing existing(At at, boolean follow) throws IOException {
    PathWalk.Place place = walk.to(at, follow);
    Attributes found = place.found();
    if (found == null) {
      throw new PathRefusedException(at.text(), Errno.ENOENT);
    }
    return new Existing(place.parent(), place.name(), found);
  }

  /** The place of a name that is to be made. */
  private PathWalk.Place free(At at) throws IOException {
    PathWalk.Place place = walk.to(at, false);
    if (place.found() != null) {
      throw new PathRefusedException(at.text(), Errno.EEXIST);
    }
    return place;
  }

  /** The place of a name that is to go; the root stays. */
  private Existing removable(At at) throws IOException {
    Existing place = existing(at, false);
    if (place.name().isEmpty()) {
      throw new PathRefusedException(at.text(), Errno.EBUSY);
    }
    return place;
  }

  private Reply ask(At at, Operation operation) throws IOException {
    Reply reply = session.call(caller, operation);
    if (reply instanceof Reply.Refused) {
      throw PathWalk.refusal(at.text(), reply);
    }
    return reply;
  }

  private static Attributes entry(At at, Reply reply) throws PathRefusedException {
    if (reply instanceof Reply.Entry entry) {
      return entry.attributes();
    }
    throw PathWalk.refusal(at.text(), reply);
  }

  private static ByteString value(At at, Reply reply) throws PathRefusedException {
    if (reply instanceof Reply.Value value) {
      return value.value();
    }
    throw PathWalk.refusal(at.text(), reply);
  }

  /** Whether the caller has the access, 4 read, 2 write, 1 execute; refused with EACCES if not. */
  public void checkAccess(At at, int access) throws IOException {
    var _ = ask(at, new Query.CheckAccess(existing(at, true).found().ino(), access));
  }

  /** Target of a symbolic link; EINVAL of anything else. */
  public ByteString readLink(At at) throws IOException {
    return value(at, ask(at, new Query.ReadLink(existing(at, false).found().ino())));
  }

  /** The path from the root without links, "." and "..": of what is there. */
  public ByteString realPath(At at) throws IOException {
    return walk.real(at);
  }

  /** Makes a directory, with these permissions before the umask. */
  public void makeDirectory(At at, int permissions) throws IOException {
    PathWalk.Place place = free(at);
    ask(at, new Change.MakeDirectory(place.parent().ino(), place.name(), permissions, umask));
  }

  public void makeSymlink(At at, ByteString target) throws IOException {
    PathWalk.Place place = free(at);
    ask(at, new Change.MakeSymlink(place.parent().ino(), place.name(), target));
  }

  /** A further name for what is at a path; of a symbolic link, for the link itself. */
  public void link(At existing, At at) throws IOException {
    Attributes found = existing(existing, false).found();
    PathWalk.Place place = free(at);
    files.syncInode(found.ino());
    ask(at, new Change.Link(found.ino(), place.parent().ino(), place.name()));
  }

  /** Removes a name of something that is no directory. */
  public void unlink(At at) throws IOException {
    Existing place = removable(at);
    ask(at, new Change.Unlink(place.parent().ino(), place.name()));
  }

  /** Removes a directory, which must be empty. */
  public void removeDirectory(At at) throws IOException {
    Existing place = removable(at);
    ask(at, new Change.RemoveDirectory(place.parent().ino(), place.name()));
  }

  /** Removes a name, whatever it is of; a directory must be empty. */
  public void remove(At at) throws IOException {
    Existing place = removable(at);
    ask(
        at,
        place.found().isDirectory()
            ? new Change.RemoveDirectory(place.parent().ino(), place.name())
            : new Change.Unlink(place.parent().ino(), place.name()));
  }

  /**
   * rename(2), which replaces what can be replaced.
   *
   * @param flags 0, {@link Change.Rename#NO_REPLACE} or {@link Change.Rename#EXCHANGE}
   */
  public void rename(At from, At to, int flags) throws IOException {
    Existing source = removable(from);
    PathWalk.Place target = walk.to(to, false);
    if (target.isRoot()) {
      throw new PathRefusedException(to.text(), Errno.EBUSY);
    }
    // New contents must not be lost with the old ones' name.
    files.syncInode(source.found().ino());
    ask(
        to,
        new Change.Rename(
            source.parent().ino(), source.name(), target.parent().ino(), target.name(), flags));
  }

  /** A change of attributes, with the fields of {@link Change.SetAttributes} that count. */
  public record Setting(
      int valid, int mode, int uid, int gid, long sizeBytes, long accessNanos, long modifyNanos) {
    /** Permission bits with setuid, setgid and sticky. */
    public static Setting ofMode(int mode) {
      return new Setting(Change.SetAttributes.SET_MODE, mode, 0, 0, 0, 0, 0);
    }

    /** A new owner, -1: stays, and a new group, likewise. */
    public static Setting ofOwner(int uid, int gid) {
      int valid =
          (uid == -1 ? 0 : Change.SetAttributes.SET_UID)
              | (gid == -1 ? 0 : Change.SetAttributes.SET_GID);
      return new Setting(valid, 0, uid, gid, 0, 0, 0);
    }
  }

  /** Sets attributes of what is at a path, and tells what they are then. */
  public Attributes set(At at, boolean follow, Setting setting) throws IOException {
    return set(at, existing(at, follow).found().ino(), setting);
  }

  private Attributes set(At at, long ino, Setting setting) throws IOException {
    if ((setting.valid() & SIZE_OR_TIMES) != 0) {
      files.syncInode(ino);
    }
    Change change =
        new Change.SetAttributes(
            ino,
            setting.valid(),
            setting.mode(),
            setting.uid(),
            setting.gid(),
            setting.sizeBytes(),
            setting.accessNanos(),
            setting.modifyNanos(),
            0);
    try (OpenFiles.Look _ = files.look()) {
      return files.seen(entry(at, ask(at, change)));
    }
  }

  /**
   * Lets so many copies be kept of a file, or of what is made in a directory from now on; copies of
   * what a file has are made, or deleted, in the background.
   *
   * @param copies 1 to 8; 0: as the volume says
   */
  public void setCopies(At at, boolean follow, int copies) throws IOException {
    Attributes found = existing(at, follow).found();
    if (found.isRegular()) {
      files.syncInode(found.ino());
      FileCopies.order(order -> ask(at, order), found, copies, 0);
    } else {
      var _ = ask(at, new Change.SetReplication(found.ino(), copies, 0, 0));
    }
  }

  /** How many copies there are of the block of a file that has fewest; 8 if it has no blocks. */
  public int copiesHere(At at, boolean follow) throws IOException {
    Attributes found = existing(at, follow).found();
    return found.isRegular()
        ? FileCopies.fewest(query -> ask(at, query), found)
        : Attributes.COPIES_MAX;
  }

  /**
   * CRC32C of what a regular file has, as the copies of its blocks keep it; EISDIR of a directory,
   * EINVAL of anything else.
   */
  public int checksum(At at, boolean follow) throws IOException {
    Attributes found = existing(at, follow).found();
    if (!found.isRegular()) {
      throw new PathRefusedException(at.text(), found.isDirectory() ? Errno.EISDIR : Errno.EINVAL);
    }
    return files.checksum(
        found.ino(), from -> FileCopies.page(query -> ask(at, query), found, from));
  }

  /** Names of the extended attributes that the caller may see. */
  public List<ByteString> xattrs(At at, boolean follow) throws IOException {
    Reply reply = ask(at, new Query.ListXattrs(existing(at, follow).found().ino()));
    if (reply instanceof Reply.Names names) {
      return names.names();
    }
    throw PathWalk.refusal(at.text(), reply);
  }

  /** Value of an extended attribute; ENODATA if there is none. */
  public ByteString xattr(At at, boolean follow, ByteString name) throws IOException {
    return value(at, ask(at, new Query.GetXattr(existing(at, follow).found().ino(), name)));
  }

  /** Sets an extended attribute, whether there is one or not. */
  public void setXattr(At at, boolean follow, ByteString name, ByteString value)
      throws IOException {
    ask(at, new Change.SetXattr(existing(at, follow).found().ino(), name, value, 0));
  }

  /** Removes an extended attribute; ENODATA if there is none. */
  public void removeXattr(At at, boolean follow, ByteString name) throws IOException {
    ask(at, new Change.RemoveXattr(existing(at, follow).found().ino(), name));
  }

  /** Inode of a directory that the caller may list. */
  public long directory(At at, boolean follow) throws IOException {
    Attributes found = existing(at, follow).found();
    if (!found.isDirectory()) {
      boolean link = found.type() == FileType.SYMLINK && !follow;
      throw new PathRefusedException(at.text(), link ? Errno.ELOOP : Errno.ENOTDIR);
    }
    var _ = ask(at, new Query.CheckAccess(found.ino(), 4));
    return found.ino();
  }

  /** What a directory has, by its inode. */
  public DirectoryPages list(long directory, String path) {
    return new DirectoryPages(session, files, caller, directory, path);
  }

  /**
   * A page of what is kept of a path, newest first; the last name need not exist now.
   *
   * @param beforeNanos 0, then what the last page said
   */
  public Reply.Versions versions(At at, long beforeNanos) throws IOException {
    PathWalk.Place place = walk.to(at, false);
    Query query =
        new Query.ListVersions(
            place.parent().ino(), place.name(), beforeNanos, Limits.LISTING_ENTRIES);
    Reply reply = ask(at, query);
    if (!(reply instanceof Reply.Versions page)) {
      throw PathWalk.refusal(at.text(), reply);
    }
    if (page.versions().isEmpty() && page.nextNanos() == 0 && beforeNanos == 0) {
      throw new PathRefusedException(at.text(), Errno.ENOENT);
    }
    return page;
  }

  /**
   * A page of the names of a directory that are gone.
   *
   * @param after empty, then what the last page said
   */
  public Reply.Deleted deleted(At at, long directory, ByteString after) throws IOException {
    Reply reply = ask(at, new Query.ListDeleted(directory, after, Limits.LISTING_ENTRIES));
    if (reply instanceof Reply.Deleted page) {
      return page;
    }
    throw PathWalk.refusal(at.text(), reply);
  }

  /**
   * Puts back what a path was; nothing is done before its first step.
   *
   * @param past calls as of a kept instant, {@code instantNanos} since 1970
   * @param replace what is at {@code to}; else that is refused with EEXIST
   */
  public Restoring restoring(PathCalls past, long instantNanos, At from, At to, boolean replace) {
    return new Restoring(this, past, instantNanos, from, to, replace);
  }

  PathWalk walk() {
    return walk;
  }

  OpenFiles files() {
    return files;
  }

  Reply call(Operation operation) throws IOException {
    return session.call(caller, operation);
  }

  /**
   * Keeps an instant under a name, for the owner of a directory.
   *
   * @param asOfNanos 0: now
   * @return the instant, in nanoseconds since 1970
   */
  public long createSnapshot(At at, String name, long asOfNanos) throws IOException {
    Attributes directory = existing(at, true).found();
    files.syncAll();
    Reply reply = told(at.text(), new Change.CreateSnapshot(name, directory.ino(), asOfNanos));
    if (reply instanceof Reply.Instant instant) {
      return instant.nanos();
    }
    throw PathWalk.refusal(at.text(), reply);
  }

  /** An instant is not kept under this name any more. */
  public void removeSnapshot(String name) throws IOException {
    told("@" + name, new Change.RemoveSnapshot(name));
  }

  /** A page of the snapshots by name; empty, then the last name of the page before. */
  public Reply.Snapshots snapshots(String after) throws IOException {
    At root = At.root(ByteString.EMPTY);
    Reply reply = ask(root, new Query.ListSnapshots(after, Limits.LISTING_ENTRIES));
    if (reply instanceof Reply.Snapshots page) {
      return page;
    }
    throw PathWalk.refusal(root.text(), reply);
  }

  /** As {@link #ask}; a refusal says what was wrong. */
  private Reply told(String what, Change change) throws IOException {
    Reply reply = session.call(caller, change);
    if (reply instanceof Reply.Refused refused) {
      throw refused.errno() == Errno.ENOTDIR
          ? new PathRefusedException(what, refused.errno())
          : new PathRefusedException(what, refused.errno(), refused.detail());
    }
    return reply;
  }

  /** Space and files of the volume. */
  public Reply.Space space() throws IOException {
    At root = At.root(ByteString.EMPTY);
    Reply reply = ask(root, new Query.GetSpace());
    if (reply instanceof Reply.Space space) {
      return space;
    }
    throw PathWalk.refusal(root.text(), reply);
  }

  /** Opens, or makes, a regular file; or opens a directory, if that may be. */
  public OpenFile open(At at, OpenMode mode) throws IOException {
    try (OpenFiles.Look _ = files.look()) {
      while (true) {
        PathWalk.Place place = walk.to(at, mode.follow() && !mode.exclusive());
        Attributes found = place.found();
        OpenFile opened = found == null ? create(at, place, mode) : open(at, found, mode);
        if (opened != null) {
          return opened;
        }
        // Somebody made or removed it since it was looked for: that was progress of theirs.
      }
    }
  }

  /** Null if somebody else was faster, and that is no error. */
  private @Nullable OpenFile create(At at, PathWalk.Place place, OpenMode mode) throws IOException {
    if (!mode.create() && !mode.exclusive()) {
      throw new PathRefusedException(at.text(), Errno.ENOENT);
    }
    Change create =
        new Change.CreateFile(place.parent().ino(), place.name(), mode.permissions(), umask, true);
    Reply reply = session.call(caller, create);
    if (reply instanceof Reply.Refused refused
        && refused.errno() == Errno.EEXIST
        && !mode.exclusive()) {
      return null;
    }
    return new OpenFile(session, files, caller, at.text(), entry(at, reply));
  }

  /** Null if it was removed, or replaced, meanwhile. */
  private @Nullable OpenFile open(At at, Attributes found, OpenMode mode) throws IOException {
    if (mode.exclusive()) {
      throw new PathRefusedException(at.text(), Errno.EEXIST);
    }
    if (found.type() == FileType.SYMLINK) {
      throw new PathRefusedException(at.text(), Errno.ELOOP);
    }
    if (found.isDirectory() && (mode.write() || !mode.directory())) {
      throw new PathRefusedException(at.text(), Errno.EISDIR);
    }
    if (!found.isRegular() && !found.isDirectory()) {
      throw new PathRefusedException(at.text(), Errno.EOPNOTSUPP, "not a regular file");
    }
    Reply reply = session.call(caller, new Query.Open(found.ino(), mode.access()));
    if (reply instanceof Reply.Refused refused && refused.errno() == Errno.ESTALE) {
      return null;
    }
    OpenFile file = new OpenFile(session, files, caller, at.text(), entry(at, reply));
    if (mode.truncate() && mode.write()) {
      empty(at, file);
    }
    return file;
  }

  /** Empties a file that was just opened, or closes it. */
  private void empty(At at, OpenFile file) throws IOException {
    long ino = file.ino();
    int valid =
        Change.SetAttributes.SET_SIZE
            | Change.SetAttributes.BY_HANDLE
            | Change.SetAttributes.FRESH_MAP;
    Change empty = new Change.SetAttributes(ino, valid, 0, 0, 0, 0, 0, 0, 0);
    boolean emptied = false;
    try {
      var _ = entry(at, files.empty(ino, () -> session.call(caller, empty)));
      emptied = true;
    } finally {
      if (!emptied) {
        file.close();
      }
    }
  }
}
