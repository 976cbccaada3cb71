package dfs.cli.verb;

import dfs.client.nio.DfsAclView;
import dfs.client.volume.Credentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A directory that files are copied to. Where others may change a name on the way to it they can
 * put another directory, or a link, in its place: there it is looked at again whenever something is
 * about to be made in it, or named. What the caller said is taken as it is.
 */
final class TargetDirectory {
  private static final int OTHERS_WRITE = 022;
  private static final int STICKY = 01000;

  /** Where nothing is made. */
  static final TargetDirectory NONE = new TargetDirectory(null, false, null, false);

  private final @Nullable Path path;
  private final boolean follow;

  /** What it was; null: nobody else may change names in it, or on the way to it. */
  private final @Nullable Stat stat;

  private final boolean contested;

  /** What is made in it gets a list; null: not asked yet. */
  private volatile @Nullable Boolean listed;

  private TargetDirectory(
      @Nullable Path path, boolean follow, @Nullable Stat stat, boolean contested) {
    this.path = path;
    this.follow = follow;
    this.stat = stat;
    this.contested = contested;
  }

  /** One that the caller said, for files. */
  static TargetDirectory said(@Nullable Path path) {
    return new TargetDirectory(path, true, null, false);
  }

  /**
   * The one that a tree is copied to, which is there.
   *
   * @param follow whether a link means what it leads to
   */
  static TargetDirectory top(Path path, boolean follow) throws IOException {
    Stat top = Stat.of(path, follow);
    boolean contested = false;
    Stat below = top;
    for (Path above = path.getParent(); above != null && !contested; above = above.getParent()) {
      Stat stat = Stat.of(above, true);
      contested = isLeftToOthers(stat, below);
      below = stat;
    }
    return new TargetDirectory(path, follow, top, contested);
  }

  /**
   * One in this one.
   *
   * @param there what it was when it was met; null: it was made just now
   * @param mode with which it was made, before the umask
   */
  TargetDirectory below(Path child, @Nullable Stat there, int mode) throws IOException {
    Stat above = stat;
    boolean closed =
        !contested && (above == null || !mayBeWrittenByOthers(above)) && (mode & OTHERS_WRITE) == 0;
    if (there == null && closed) {
      return new TargetDirectory(child, false, null, false);
    }
    Stat now = there == null ? Stat.of(child, false) : there;
    return new TargetDirectory(
        child, false, now, contested || (above != null && isLeftToOthers(above, now)));
  }

  private static boolean isTrusted(int uid) throws IOException {
    return uid == 0 || uid == Credentials.ofThisProcess().uid();
  }

  private static boolean mayBeWrittenByOthers(Stat stat) throws IOException {
    return !isTrusted(stat.uid()) || (stat.permissions() & OTHERS_WRITE) != 0;
  }

  /** Whether somebody else may give the name of what lies in a directory to something else. */
  private static boolean isLeftToOthers(Stat above, Stat what) throws IOException {
    boolean sticky =
        isTrusted(above.uid()) && (above.permissions() & STICKY) != 0 && isTrusted(what.uid());
    return mayBeWrittenByOthers(above) && !sticky;
  }

  /**
   * Says that it is where it was.
   *
   * @throws RefusedException if something else is there
   */
  void check() throws IOException {
    if (contested && path != null) {
      check(Stat.of(path, follow));
    }
  }

  /**
   * The same; what is there was looked at just now.
   *
   * @throws RefusedException as {@link #check()}
   */
  void check(Stat now) throws RefusedException {
    if (contested && stat != null && !now.isSame(stat)) {
      throw new RefusedException("the directory that it is copied to is another one by now");
    }
  }

  /** Whether it was this one, as far as that was looked at. */
  boolean isSame(Stat other) {
    return stat != null && stat.isSame(other);
  }

  /** Whether what is made in it gets an access control list of its own; asked once. */
  boolean givesLists() throws IOException {
    Boolean known = listed;
    if (known == null) {
      DfsAclView view =
          path == null
              ? null
              : Files.getFileAttributeView(path, DfsAclView.class, SourceFile.options(follow));
      known = view != null && !view.defaultAcl().isEmpty();
      listed = known;
    }
    return known;
  }
}
