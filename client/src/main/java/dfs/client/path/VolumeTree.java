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
import dfs.protocol.metadata.Reply.Dentry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The volume's files and directories by path, on behalf of one caller. Paths are UTF-8, start at
 * the root of the volume whether or not they begin with a slash, and follow symbolic links as the
 * system calls of the same purpose do. What was changed is durable when a call returns. One thread
 * at a time.
 */
public final class VolumeTree {
  /** Bytes of a copy that are in memory at a time. */
  private static final int COPY_BYTES = 4 << 20;

  private static final String UNFINISHED_PREFIX = ".dfs-put-";
  private static final int UNFINISHED_RANDOM_BYTES = 8;
  private static final int READ = 4;

  private final MetadataSession session;
  private final OpenFiles files;
  private final Caller caller;
  private final int umask;
  private final RandomGenerator random;
  private final PathWalk walk;

  /** Of the tree that was set last. */
  private long leftOut;

  /**
   * @param umask bits that what is made here does not get, unless a default ACL decides (umask(2))
   * @param random names files that are being written
   */
  public VolumeTree(
      MetadataSession session, OpenFiles files, Caller caller, int umask, RandomGenerator random) {
    this.session = session;
    this.files = files;
    this.caller = caller;
    this.umask = umask;
    this.random = random;
    this.walk = new PathWalk(session, caller, PathWalk.Absolute.OUTSIDE);
  }

  /** Receives the entries of a listing, with their attributes. */
  public interface Listed {
    void entry(ByteString name, Attributes attributes) throws IOException;
  }

  /** The inode at a path. */
  public Attributes find(String path) throws IOException {
    return existing(path, true).found();
  }

  /**
   * Whether a path leads to a directory; false too if it leads nowhere. Any other refusal is
   * thrown.
   */
  public boolean isDirectory(String path) throws IOException {
    Attributes found = walk.to(path, true).found();
    return found != null && found.isDirectory();
  }

  /** The last name of a path that leads to something, as its directory has it. */
  public ByteString nameOf(String path) throws IOException {
    return existing(path, true).name();
  }

  private record Existing(Attributes parent, ByteString name, Attributes found) {}

  private Existing existing(String path, boolean follow) throws IOException {
    PathWalk.Place place = walk.to(path, follow);
    Attributes found = place.found();
    if (found == null) {
      throw new PathRefusedException(path, Errno.ENOENT);
    }
    return new Existing(place.parent(), place.name(), found);
  }

  /** Lists a directory, in the order in which its entries were made, without "." and "..". */
  public void list(String path, Listed listed) throws IOException {
    Attributes directory = find(path);
    if (!directory.isDirectory()) {
      throw new PathRefusedException(path, Errno.ENOTDIR);
    }
    Pages pages = new Pages(() -> path, directory.ino(), true);
    while (pages.hasMore()) {
      for (Dentry entry : pages.next().entries()) {
        Attributes attributes = entry.attributes();
        if (attributes == null) {
          throw new PathRefusedException(path, Errno.EPROTO, "a listing without attributes");
        }
        listed.entry(entry.name(), attributes);
      }
    }
  }

  /**
   * Numbers of copies.
   *
   * @param kept 1 to 8; 0: as the volume says; {@link Change.SetReplication#KEEP}: as before
   * @param least so many a write needs, at most as many as are kept; 0: 2, or 1 of one copy
   */
  public record Copies(int kept, int least) {}

  /**
   * Lets so many copies be kept of a file, or of what is made in a directory from now on. Copies of
   * what a file has are made, or deleted, in the background.
   *
   * @param recursive of everything below a directory, too
   * @return how many files and directories below it were left as they are, because they keep fewer
   *     copies than a write is to need
   */
  public long setReplication(String path, Copies copies, boolean recursive) throws IOException {
    Attributes found = find(path);
    Place top = new Place(null, path);
    if (!found.isDirectory()) {
      setFile(top, found, copies);
      return 0;
    }
    leftOut = 0;
    change(top, found.ino(), copies, 0, 0);
    Deque<Directory> open = new ArrayDeque<>();
    if (recursive) {
      open.push(new Directory(top, new Pages(top::path, found.ino(), true)));
    }
    while (!open.isEmpty()) {
      Directory directory = open.element();
      if (directory.pages.hasMore()) {
        setPage(directory, copies, open);
      } else {
        open.pop();
      }
    }
    return leftOut;
  }

  /** Something below a path; the whole one is made when somebody is to read it. */
  private record Place(@Nullable Place above, String name) {
    String path() {
      Deque<String> names = new ArrayDeque<>();
      for (Place at = this; at != null; at = at.above) {
        names.push(at.name);
      }
      String top = names.pop();
      String slash = top.endsWith("/") || names.isEmpty() ? "" : "/";
      return top + slash + String.join("/", names);
    }
  }

  /** A directory that is gone through. */
  private record Directory(Place place, Pages pages) {}

  /** What was removed since it was listed has no copies to be kept. */
  private static boolean isGone(PathRefusedException e) {
    return e.errno() == Errno.ESTALE;
  }

  /** The next page of a directory; the directories in it are to be gone through, too. */
  private void setPage(Directory directory, Copies copies, Deque<Directory> open)
      throws IOException {
    Reply.Listing page;
    try {
      page = directory.pages.next();
    } catch (PathRefusedException e) {
      if (!isGone(e) || directory.place.above == null) {
        throw e;
      }
      directory.pages.stop();
      return;
    }
    for (Dentry entry : page.entries()) {
      Attributes attributes = entry.attributes();
      Place place = new Place(directory.place, entry.name().toStringUtf8());
      try {
        if (attributes != null && attributes.isDirectory()) {
          setOrLeave(() -> change(place, attributes.ino(), copies, 0, 0), copies);
          open.push(new Directory(place, new Pages(place::path, attributes.ino(), true)));
        } else if (attributes != null && attributes.isRegular()) {
          setOrLeave(() -> setFile(place, attributes, copies), copies);
        }
      } catch (PathRefusedException e) {
        if (!isGone(e)) {
          throw e;
        }
      }
    }
  }

  private interface Step {
    void run() throws IOException;
  }

  /** What keeps fewer copies than a write is to need is left as it is, and counted. */
  private void setOrLeave(Step step, Copies copies) throws IOException {
    try {
      step.run();
    } catch (PathRefusedException e) {
      if (e.errno() != Errno.EINVAL || copies.kept() != Change.SetReplication.KEEP) {
        throw e;
      }
      leftOut++;
    }
  }

  private void setFile(Place place, Attributes found, Copies copies) throws IOException {
    if (copies.kept() == Change.SetReplication.KEEP) {
      // Nothing becomes of its blocks.
      change(place, found.ino(), copies, 0, 0);
      return;
    }
    FileCopies.order(order -> ask(place, order), found, copies.kept(), copies.least());
  }

  private Reply ask(Place place, Operation operation) throws IOException {
    Reply reply = session.call(caller, operation);
    if (reply instanceof Reply.Refused refused) {
      throw new PathRefusedException(place.path(), refused.errno(), refused.detail());
    }
    return reply;
  }

  private void change(Place place, long ino, Copies copies, long from, long to) throws IOException {
    Change order = new Change.SetReplication(ino, copies.kept(), from, to, copies.least());
    if (!(ask(place, order) instanceof Reply.Entry)) {
      throw new IOException(place.path() + ": the servers' answer is no entry");
    }
  }

  /** One page of a directory after the other, up to what was its end at the first. */
  private final class Pages {
    private final Supplier<String> path;
    private final long directory;
    private final boolean plus;
    private long cookie;
    private long stop;
    private boolean end;

    Pages(Supplier<String> path, long directory, boolean plus) {
      this.path = path;
      this.directory = directory;
      this.plus = plus;
    }

    boolean hasMore() {
      return !end;
    }

    void stop() {
      end = true;
    }

    Reply.Listing next() throws IOException {
      Query query = new Query.ListDirectory(directory, cookie, stop, Limits.LISTING_ENTRIES, plus);
      Reply reply = session.call(caller, query);
      if (!(reply instanceof Reply.Listing page)) {
        throw PathWalk.refusal(path.get(), reply);
      }
      end = page.end() || page.entries().isEmpty();
      stop = page.stop();
      if (!page.entries().isEmpty()) {
        cookie = page.entries().getLast().cookie();
      }
      return page;
    }
  }

  /**
   * Makes a directory.
   *
   * @param mode permission bits, before the umask
   * @param parents make missing parents too, and let an existing directory be
   */
  public void makeDirectory(String path, int mode, boolean parents) throws IOException {
    if (!parents) {
      makeOne(path, mode);
      return;
    }
    for (String prefix : PathWalk.prefixes(path)) {
      if (!isDirectory(prefix)) {
        makeOne(prefix, mode);
      }
    }
  }

  private void makeOne(String path, int mode) throws IOException {
    // mkdir of "a/" means a itself, whether it exists or not
    PathWalk.Place place = walk.to(withoutSlashes(path), false);
    if (place.found() != null) {
      throw new PathRefusedException(path, Errno.EEXIST);
    }
    change(path, new Change.MakeDirectory(place.parent().ino(), place.name(), mode, umask));
  }

  private static String withoutSlashes(String path) {
    int end = path.length();
    while (end > 0 && path.charAt(end - 1) == '/') {
      end--;
    }
    return path.substring(0, end);
  }

  private Reply change(String path, Change change) throws IOException {
    Reply reply = session.call(caller, change);
    if (reply instanceof Reply.Refused) {
      throw PathWalk.refusal(path, reply);
    }
    return reply;
  }

  /**
   * Removes a file, symbolic link or directory.
   *
   * @param recursive with everything below; otherwise a directory must be empty
   */
  public void remove(String path, boolean recursive) throws IOException {
    Existing place = existing(path, false);
    if (place.name().isEmpty()) {
      throw new PathRefusedException(path, Errno.EBUSY, "the root of the volume stays");
    }
    if (!place.found().isDirectory()) {
      change(path, new Change.Unlink(place.parent().ino(), place.name()));
    } else if (recursive) {
      removeTree(path, place);
    } else {
      change(path, new Change.RemoveDirectory(place.parent().ino(), place.name()));
    }
  }

  /** A directory that is being emptied. */
  private record Emptying(
      String path, long parent, ByteString name, Pages pages, Deque<Dentry> page) {}

  /** Depth first, with a stack of its own: a tree may be deeper than a thread's stack. */
  private void removeTree(String path, Existing place) throws IOException {
    Deque<Emptying> open = new ArrayDeque<>();
    open.push(emptying(path, place.parent().ino(), place.name(), place.found().ino()));
    while (true) {
      Emptying top = open.peek();
      if (top == null) {
        return;
      }
      if (top.page().isEmpty() && top.pages().hasMore()) {
        top.page().addAll(top.pages().next().entries());
      }
      Dentry entry = top.page().poll();
      if (entry == null) {
        if (!top.pages().hasMore()) {
          change(top.path(), new Change.RemoveDirectory(top.parent(), top.name()));
          open.pop();
        }
        continue;
      }
      String below = top.path() + "/" + entry.name().toStringUtf8();
      long directory = top.pages().directory;
      if (entry.type() == FileType.DIRECTORY) {
        open.push(emptying(below, directory, entry.name(), entry.ino()));
      } else {
        change(below, new Change.Unlink(directory, entry.name()));
      }
    }
  }

  private Emptying emptying(String path, long parent, ByteString name, long ino) {
    return new Emptying(path, parent, name, new Pages(() -> path, ino, false), new ArrayDeque<>());
  }

  /**
   * Copies what the source gives into a file. It appears under its name, or takes the place of the
   * file there, when all is written and durable: nobody sees half of it.
   *
   * @param mode permission bits of a new file, before the umask; one that is replaced keeps its own
   * @return bytes copied
   */
  public long copyIn(ReadableByteChannel source, String path, int mode) throws IOException {
    PathWalk.Place place = walk.to(path, true);
    Attributes before = place.found();
    if (before != null && !before.isRegular()) {
      throw new PathRefusedException(
          path,
          before.isDirectory() ? Errno.EISDIR : Errno.EINVAL,
          before.isDirectory() ? Errno.EISDIR.text() : "not a regular file");
    }
    if (path.endsWith("/")) {
      throw new PathRefusedException(path, Errno.EISDIR);
    }
    long directory = place.parent().ino();
    ByteString unfinished = unfinishedName();
    Change create =
        before == null
            ? new Change.CreateFile(directory, unfinished, mode, umask, true)
            : new Change.CreateFile(directory, unfinished, before.mode(), 0, true);
    Reply made = change(path, create);
    if (!(made instanceof Reply.Entry entry)) {
      throw PathWalk.refusal(path, made);
    }
    boolean named = false;
    try {
      long bytes = write(source, entry.attributes());
      change(path, new Change.Rename(directory, unfinished, directory, place.name(), 0));
      named = true;
      return bytes;
    } finally {
      if (!named) {
        // the first failure counts; what stays behind has a name that says what it is
        session.call(caller, new Change.Unlink(directory, unfinished));
      }
    }
  }

  private ByteString unfinishedName() {
    byte[] bytes = new byte[UNFINISHED_RANDOM_BYTES];
    random.nextBytes(bytes);
    return ByteString.copyFromUtf8(UNFINISHED_PREFIX + HexFormat.of().formatHex(bytes));
  }

  private long write(ReadableByteChannel source, Attributes file) throws IOException {
    long handle = files.open(file);
    try {
      ByteBuffer buffer = ByteBuffer.allocateDirect(COPY_BYTES);
      long at = 0;
      boolean more = true;
      while (more) {
        buffer.clear();
        while (more && buffer.hasRemaining()) {
          more = source.read(buffer) >= 0;
        }
        buffer.flip();
        int bytes = buffer.remaining();
        if (bytes > 0) {
          files.write(handle, at, buffer, false, false);
          at += bytes;
        }
      }
      files.sync(handle);
      return at;
    } finally {
      close(handle, file.ino());
    }
  }

  private void close(long handle, long ino) throws IOException {
    try {
      session.call(caller, new Query.Release(ino, 1));
    } finally {
      files.release(handle);
    }
  }

  /**
   * Copies a file's contents out.
   *
   * @return bytes copied
   */
  public long copyOut(String path, WritableByteChannel target) throws IOException {
    Attributes found = find(path);
    if (!found.isRegular()) {
      throw new PathRefusedException(
          path,
          found.isDirectory() ? Errno.EISDIR : Errno.EINVAL,
          found.isDirectory() ? Errno.EISDIR.text() : "not a regular file");
    }
    Attributes opened;
    long handle;
    try (OpenFiles.Look _ = files.look()) {
      opened = walk.attributes(path, new Query.Open(found.ino(), READ));
      handle = files.open(opened);
    }
    try {
      ByteBuffer buffer = ByteBuffer.allocateDirect(COPY_BYTES);
      long at = 0;
      while (true) {
        buffer.clear();
        files.read(handle, at, buffer);
        buffer.flip();
        int bytes = buffer.remaining();
        if (bytes == 0) {
          return at;
        }
        while (buffer.hasRemaining()) {
          target.write(buffer);
        }
        at += bytes;
      }
    } finally {
      close(handle, opened.ino());
    }
  }
}
