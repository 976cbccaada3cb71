package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Copies files and trees from anywhere to anywhere, for {@code cp}, {@code put}, {@code get} and
 * {@code mv}. Several files are copied at once; what is said of them, and what can be done only
 * when they are there, comes in the order in which they were met.
 */
final class Copying implements AutoCloseable {
  /** Most of the time of a small file is waiting for what makes it durable. */
  private static final int THREADS = 16;

  /** So many of them may be larger than that: a copy of a large file has memory of its own. */
  private static final int LARGE_MAX = 4;

  private static final long LARGE_BYTES = 1 << 20;

  /** A directory is made so that all can be made in it. */
  private static final int OWNERS = 0700;

  /** So many files may wait for their turn. */
  private static final int WAITING_MAX = 64;

  /**
   * What is wanted.
   *
   * @param recursive directories, too, and links as links
   * @param preserve owner, mode, times, extended attributes, and several names of a file
   * @param force what is there is replaced
   * @param resume go on with what an earlier run left
   * @param dryRun only say it
   * @param follow links mean what they lead to, also in a tree, as in Hadoop
   */
  record Wishes(
      boolean recursive,
      boolean preserve,
      boolean force,
      boolean resume,
      boolean dryRun,
      boolean follow) {
    /** The option that asks for the last. */
    static final String FOLLOW = "-L";

    Wishes(boolean recursive, boolean preserve, boolean force, boolean resume, boolean dryRun) {
      this(recursive, preserve, force, resume, dryRun, false);
    }

    static Wishes of(Call call) {
      return new Wishes(
          call.has("-r") || call.has("-a") || call.has("-R"),
          call.has("-p") || call.has("-a"),
          call.has("-f"),
          call.has("--continue"),
          call.isDryRun(),
          call.has(FOLLOW));
    }
  }

  /** Something that was begun, or has to wait until what was begun before is done. */
  private record Pending(
      Place place, @Nullable Future<@Nullable String> copy, @Nullable Finish finish) {}

  private interface Finish {
    void run() throws IOException;
  }

  private final Call call;
  private final Wishes wishes;
  private final Interruption.Whole whole;
  private final Progress progress;
  private final CopyCounts counts = new CopyCounts();
  private final FileCopy files;
  private final ExecutorService threads;
  private final Semaphore large = new Semaphore(LARGE_MAX);
  private final Deque<Pending> pending = new ArrayDeque<>();

  private final LinkedNames linked = new LinkedNames();

  private boolean failed;
  private @Nullable Path lastListed;

  /** Where names were made that may be lost with the power. */
  private @Nullable Path named;

  private Leftovers lastLeft = Leftovers.NONE;
  private @Nullable Path lastInto;
  private TargetDirectory lastDirectory = TargetDirectory.NONE;

  /** Of the tree that is being copied. */
  private @Nullable Finished record;

  Copying(Call call, Wishes wishes) {
    this.call = call;
    this.wishes = wishes;
    this.whole = call.interruption().enter();
    this.progress = new Progress(call.streams());
    call.interruption().drawn(progress);
    this.files = new FileCopy(wishes, progress::copied, counts);
    this.threads =
        Executors.newFixedThreadPool(
            THREADS, task -> Thread.ofPlatform().daemon().name("copy").unstarted(task));
  }

  /** Copies what one thing of a single channel gives. */
  FileCopy files() {
    return files;
  }

  /** How many files it has to remember. */
  long remembered() {
    return linked.size();
  }

  /** Keeps the names that all was copied to, and prints how much it was if that is asked for. */
  void finish() throws IOException {
    keepNames(null);
    if (call.has("--json")) {
      counts.say(call);
    }
  }

  /**
   * Copies what is at one place to another; what fails is said.
   *
   * @param said whether the target is the very place that was said, and not a name in it: only then
   *     a link to a directory means that one
   * @return whether all was copied
   */
  boolean copy(Place source, Place target, boolean said) throws IOException {
    failed = false;
    Tree tree = new Tree(source, target, said);
    if (wishes.follow()) {
      Walk.following(source, tree);
    } else {
      Walk.through(source, !wishes.recursive(), tree);
    }
    settle(0);
    if (!wishes.dryRun()) {
      keepNames(target.path().getParent());
    }
    return !failed;
  }

  /** Names go to one directory, or to one after the other: each is made durable once. */
  private void keepNames(@Nullable Path next) throws IOException {
    Path before = named;
    if (before != null && !before.equals(next)) {
      call.attempt(new Place(ByteText.of(before), before), place -> Durable.names(place.path()));
    }
    named = next;
  }

  /** What was left in a directory that several operands may go to. */
  private Leftovers leftIn(Path directory) throws IOException {
    if (!directory.equals(lastListed)) {
      lastLeft = Leftovers.in(directory);
      lastListed = directory;
    }
    return lastLeft;
  }

  /** The directory that several operands may go to. */
  private TargetDirectory into(@Nullable Path directory) {
    if (directory == null || !directory.equals(lastInto)) {
      lastDirectory = TargetDirectory.said(directory);
      lastInto = directory;
    }
    return lastDirectory;
  }

  /** A directory that is gone through. */
  private record Level(Place target, Leftovers left, TargetDirectory into) {}

  private final class Tree implements Walk.Visitor {
    private final Deque<Level> levels = new ArrayDeque<>();
    private final Path top;
    private final boolean said;

    /** Of the tree; null: it is no tree, or nothing is made. */
    private @Nullable Finished finished;

    Tree(Place source, Place target, boolean said) {
      this.said = said;
      levels.push(new Level(target, Leftovers.NONE, TargetDirectory.NONE));
      top = source.path().normalize();
    }

    private Place targetOf(Walk.Item item) {
      Place above = levels.element().target();
      return item.depth() == 0 ? above : above.child(item.place().name());
    }

    private FileCopy.Earlier earlier(Walk.Item item, Place target) throws IOException {
      Path parent = target.path().getParent();
      if (item.depth() > 0) {
        Path into = levels.getLast().target().path();
        String name = ByteText.of(into.relativize(target.path()));
        return new FileCopy.Earlier(name, levels.element().left(), finished);
      }
      return wishes.resume() && parent != null
          ? new FileCopy.Earlier("", leftIn(parent), null)
          : FileCopy.Earlier.NOTHING;
    }

    /** Where a file is made. */
    private TargetDirectory intoOf(Walk.Item item, Place target) {
      return item.depth() > 0
          ? levels.element().into()
          : Copying.this.into(target.path().getParent());
    }

    @Override
    public boolean meet(Walk.Item item) throws IOException {
      call.interruption().check();
      Place target = targetOf(item);
      Stat stat = item.stat();
      if (stat.isDirectory()) {
        return directory(item, target);
      }
      if (wishes.dryRun()) {
        tellFile(item, target);
        return false;
      }
      TargetDirectory into = intoOf(item, target);
      boolean several = wishes.preserve() && stat.links() > 1;
      if (several && linked.of(stat) != null) {
        FileCopy.Earlier earlier = earlier(item, target);
        add(new Pending(target, null, () -> again(item, target.path(), into, earlier)));
        return false;
      }
      if (several) {
        linked.put(stat, target.path());
      }
      if (stat.isLink()) {
        add(new Pending(target, null, () -> symbolicLink(item, target.path(), into)));
      } else if (stat.isRegular()) {
        progress.expect(stat.sizeBytes());
        FileCopy.Earlier earlier = earlier(item, target);
        Callable<@Nullable String> copy = () -> contents(item, target.path(), into, earlier);
        add(new Pending(target, threads.submit(copy), null));
      } else {
        throw new RefusedException("is a " + stat.type() + ", which is not copied");
      }
      return false;
    }

    /** Says what would be done, or refused. */
    private void tellFile(Walk.Item item, Place target) throws IOException {
      Stat stat = item.stat();
      if (!stat.isLink() && !stat.isRegular()) {
        throw new RefusedException("is a " + stat.type() + ", which is not copied");
      }
      try {
        checkFile(item, stat, target.path());
      } catch (IOException e) {
        fail(target, e);
        return;
      }
      say(item, target);
    }

    private void checkFile(Walk.Item item, Stat stat, Path target) throws IOException {
      if (item.depth() == 0) {
        FileCopy.checkParent(target);
      }
      if (stat.isRegular()) {
        files.check(item.place().path(), stat, target);
      } else if (!wishes.resume() || !isCopy(item.place().path(), target)) {
        checkRoom(target);
      }
    }

    private void say(Walk.Item item, Place target) throws IOException {
      Output out = call.out();
      out.line(out.shown(item.place().said()) + " -> " + out.shown(target.said()));
    }

    private boolean directory(Walk.Item item, Place target) throws IOException {
      if (!wishes.recursive()) {
        throw new RefusedException("is a directory (-r copies it)");
      }
      Path path = target.path().normalize();
      if (item.depth() == 0
          && path.getFileSystem().equals(top.getFileSystem())
          && path.startsWith(top)) {
        throw new RefusedException("cannot be copied into itself");
      }
      if (isTop(item)) {
        throw new RefusedException("is where it is copied to, and is not copied into itself");
      }
      Level level;
      if (wishes.dryRun()) {
        checkDirectory(target.path(), item.depth() == 0);
        say(item, target);
        level = new Level(target, Leftovers.NONE, TargetDirectory.NONE);
      } else {
        level = entered(item, target);
      }
      if (item.depth() > 0) {
        levels.push(level);
      } else {
        levels.pop();
        levels.push(level);
        finished = wishes.dryRun() ? null : Finished.in(target.path(), level.left(), top);
        record = finished;
      }
      return true;
    }

    /** Finds or makes the directory that a directory goes to. */
    private Level entered(Walk.Item item, Place target) throws IOException {
      Path path = target.path();
      boolean follow = follows(item);
      TargetDirectory above = levels.element().into();
      above.check();
      Stat there = directoryAt(path, follow);
      // Until all is in it nobody looks into what is closed in the end, with a list, perhaps.
      int mode = wishes.preserve() ? OWNERS : item.stat().permissions() | OWNERS;
      if (there == null) {
        Files.createDirectory(path, FileCopy.permissions(mode));
      }
      TargetDirectory into =
          item.depth() == 0 ? TargetDirectory.top(path, follow) : above.below(path, there, mode);
      if (item.depth() == 0
          && path.getFileSystem().equals(top.getFileSystem())
          && into.isSame(item.stat())) {
        throw new RefusedException("is where it is copied to, and is not copied into itself");
      }
      boolean resumes = there != null && wishes.resume();
      return new Level(target, resumes ? Leftovers.in(path) : Leftovers.NONE, into);
    }

    /** A link below what is said is no directory to go into: it may lead anywhere. */
    private boolean follows(Walk.Item item) {
      return said && item.depth() == 0;
    }

    /** Whether a directory is the one that all is copied into, met on another way. */
    private boolean isTop(Walk.Item item) throws IOException {
      Level first = levels.getLast();
      Path into = first.target().path();
      if (item.depth() == 0 || item.place().path().getFileSystem().equals(into.getFileSystem())) {
        return first.into().isSame(item.stat());
      }
      if (!Files.isDirectory(into) || Stat.of(into, true).ino() != item.stat().ino()) {
        return false;
      }
      // What was copied meanwhile has changed it: both are looked at anew.
      return Stat.of(into, true).isLikely(Stat.of(item.place().path(), false));
    }

    @Override
    public void leave(Walk.Item directory) throws IOException {
      Level level = levels.element();
      Place target = level.target();
      if (directory.depth() > 0) {
        levels.pop();
      } else if (finished != null) {
        Finished all = finished;
        add(new Pending(target, null, () -> end(target, all)));
      }
      if (wishes.dryRun()) {
        return;
      }
      add(new Pending(target, null, () -> Durable.names(target.path())));
      if (wishes.preserve()) {
        add(new Pending(target, null, () -> keep(directory, level)));
      }
    }

    /** All that is in it has been made. */
    private void keep(Walk.Item directory, Level level) throws IOException {
      Path path = level.target().path();
      boolean follow = follows(directory);
      Stat now = Stat.of(path, follow);
      level.into().check(now);
      Preserved.of(
          new Preserved.From(directory.place().path(), directory.stat(), wishes.follow()),
          new Preserved.To(path, now, follow, level.into().givesLists()));
    }

    @Override
    public void failed(Place place, IOException e) throws IOException {
      failed = true;
      settle(0);
      call.failed(place.said(), e);
    }
  }

  private void end(Place target, Finished all) throws IOException {
    record = null;
    IOException why = all.end();
    if (why != null) {
      call.note(
          Quoted.inMessage(target.said())
              + ": which files are finished could not be noted, and --continue would read them: "
              + Reasons.of(why));
    }
    if (!wishes.resume() || !failed) {
      all.delete();
    }
  }

  /** A directory that is there; null: none is. */
  private static @Nullable Stat directoryAt(Path path, boolean follow) throws IOException {
    try {
      Stat stat = Stat.of(path, follow);
      return stat.isDirectory() ? stat : null;
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static void checkDirectory(Path target, boolean top) throws IOException {
    if (directoryAt(target, top) == null) {
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
        throw new FileAlreadyExistsException(target.toString());
      }
      if (top) {
        FileCopy.checkParent(target);
      }
    }
  }

  private @Nullable String contents(
      Walk.Item item, Path target, TargetDirectory into, FileCopy.Earlier earlier)
      throws IOException {
    boolean isLarge = item.stat().sizeBytes() > LARGE_BYTES;
    if (isLarge) {
      large.acquireUninterruptibly();
    }
    try {
      call.interruption().check();
      String said = files.copy(item.place().path(), item.stat(), target, into, earlier);
      noteMade(item.stat());
      return said;
    } finally {
      if (isLarge) {
        large.release();
      }
    }
  }

  /** A further name of something; if there is no copy under the first one, it is copied. */
  private void again(Walk.Item item, Path target, TargetDirectory into, FileCopy.Earlier earlier)
      throws IOException {
    Path first = linked.isMade(item.stat()) ? linked.of(item.stat()) : null;
    if (first != null) {
      if (wishes.resume() && isSame(first, target)) {
        return;
      }
      checkRoom(target);
      into.check();
      Replacing.with(target, fresh -> Files.createLink(fresh, first));
      return;
    }
    linked.put(item.stat(), target);
    if (item.stat().isLink()) {
      symbolicLink(item, target, into);
    } else {
      var _ = contents(item, target, into, earlier);
    }
  }

  private static boolean isSame(Path one, Path other) throws IOException {
    return Files.exists(other, LinkOption.NOFOLLOW_LINKS)
        && Stat.of(one, false).isSame(Stat.of(other, false));
  }

  private void symbolicLink(Walk.Item item, Path target, TargetDirectory into) throws IOException {
    into.check();
    String text = Entries.target(item.place().path());
    boolean kept =
        wishes.resume() && Files.isSymbolicLink(target) && Entries.target(target).equals(text);
    if (!kept) {
      checkRoom(target);
      Path to = ByteText.path(target.getFileSystem(), text);
      Replacing.with(target, fresh -> Files.createSymbolicLink(fresh, to));
    }
    if (wishes.preserve()) {
      Preserved.ofLink(item.stat(), target);
    }
    noteMade(item.stat());
  }

  private static boolean isCopy(Path link, Path target) throws IOException {
    return Files.isSymbolicLink(target) && Entries.target(target).equals(Entries.target(link));
  }

  /** What has one name is not asked for again: a tree of any size takes no memory. */
  private void noteMade(Stat stat) throws IOException {
    if (wishes.preserve() && stat.links() > 1) {
      linked.made(stat);
    }
  }

  private void checkRoom(Path target) throws IOException {
    if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!wishes.force()) {
      throw new RefusedException(FileCopy.EXISTS);
    }
    if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new RefusedException("is a directory, and stays");
    }
  }

  private void add(Pending next) throws IOException {
    pending.add(next);
    settle(WAITING_MAX);
  }

  /** Waits until no more than so many are left. */
  private void settle(int left) throws IOException {
    while (pending.size() > left) {
      call.interruption().check();
      Pending first = pending.remove();
      try {
        if (first.finish() != null) {
          first.finish().run();
        } else if (first.copy() != null) {
          String said = first.copy().get();
          if (said != null) {
            call.note(Quoted.inMessage(first.place().said()) + ": " + said);
          }
        }
      } catch (IOException e) {
        fail(first.place(), e);
      } catch (ExecutionException e) {
        fail(first.place(), cause(e));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        call.interruption().check();
        throw new RefusedException("interrupted");
      }
    }
  }

  private void fail(Place place, Exception e) throws IOException {
    failed = true;
    call.failed(place.said(), e);
  }

  private static Exception cause(ExecutionException e) {
    return switch (e.getCause()) {
      case IOException io -> io;
      case UnsupportedOperationException unsupported -> unsupported;
      case RuntimeException fault -> throw fault;
      case Error fault -> throw fault;
      case null, default -> e;
    };
  }

  /** Waits for what is under way: what is not whole by then is deleted where it is not wanted. */
  @Override
  public void close() throws IOException {
    try (var _ = whole;
        var _ = linked) {
      var _ = threads.shutdownNow();
      threads.close();
      Finished cut = record;
      if (cut != null) {
        IOException _ = cut.end();
        if (!wishes.resume()) {
          cut.delete();
        }
      }
    } finally {
      progress.end();
    }
  }
}
