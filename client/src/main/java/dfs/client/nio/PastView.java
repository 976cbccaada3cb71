package dfs.client.nio;

import com.google.protobuf.ByteString;
import dfs.client.nio.DfsFileSystem.Times;
import dfs.client.past.Moment;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Reply;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is kept of a path. */
record PastView(DfsPath path, Target target) implements DfsPastView {
  private record Stamp(long ino, long change) {}

  @Override
  public void history(Taker<? super Version> taker) throws IOException {
    long next = 0;
    do {
      long before = next;
      Reply.Versions page =
          target.system().run(target.shown(), null, volume -> volume.versions(target.at(), before));
      for (Reply.Version version : page.versions()) {
        taker.take(version(version));
      }
      next = page.nextNanos();
    } while (next != 0);
  }

  private static Version version(Reply.Version version) {
    Attributes attributes = version.attributes();
    return new Version(
        Times.instant(version.sinceNanos()),
        instant(version.untilNanos()),
        attributes == null ? null : instant(version.instantNanos()),
        differences(version.changed()),
        attributes == null ? null : was(attributes));
  }

  private static @Nullable Instant instant(long nanos) {
    return nanos == 0 ? null : Times.instant(nanos);
  }

  private static Set<Difference> differences(int bits) {
    Set<Difference> differences = EnumSet.noneOf(Difference.class);
    for (Difference difference : Difference.values()) {
      if ((bits & bit(difference)) != 0) {
        differences.add(difference);
      }
    }
    return differences;
  }

  private static int bit(Difference difference) {
    return switch (difference) {
      case MADE -> Reply.Version.MADE;
      case CONTENT -> Reply.Version.CONTENT;
      case MODE -> Reply.Version.MODE;
      case OWNER -> Reply.Version.OWNER;
      case ACL -> Reply.Version.ACL;
      case XATTR -> Reply.Version.XATTR;
      case NAME -> Reply.Version.NAME;
      case TIME -> Reply.Version.TIME;
      case REMOVED -> Reply.Version.REMOVED;
      case REPLACED -> Reply.Version.REPLACED;
      case OTHER -> Reply.Version.OTHER;
    };
  }

  private static Was was(Attributes a) {
    return new Was(
        a.statMode(),
        a.sizeBytes(),
        a.uid(),
        a.gid(),
        a.links(),
        a.ino(),
        Times.instant(a.modifyNanos()));
  }

  @Override
  public void deleted(Taker<? super Deleted> taker) throws IOException {
    DfsFileSystem system = target.system();
    long directory =
        system.run(target.shown(), null, volume -> volume.directory(target.at(), true));
    ByteString after = ByteString.EMPTY;
    Reply.Deleted page;
    do {
      ByteString from = after;
      page =
          system.run(target.shown(), null, volume -> volume.deleted(target.at(), directory, from));
      for (Reply.Gone gone : page.entries()) {
        taker.take(
            new Deleted(
                path.resolve(DfsPath.of(system, gone.name())),
                Times.instant(gone.goneNanos()),
                Times.instant(gone.instantNanos()),
                was(gone.attributes())));
      }
      after = page.next();
    } while (!page.end());
  }

  @Override
  public Object stamp() throws IOException {
    Attributes stat = target.attributes().stat();
    return new Stamp(stat.ino(), stat.change());
  }

  @Override
  public Instant restore(String asOf, @Nullable Path to) throws IOException {
    DfsPath place = to == null ? path : target(to);
    return Times.instant(target.system().restore(path, Moments.of(asOf), place, to == null));
  }

  private DfsPath target(Path to) {
    if (to instanceof DfsPath dfs && dfs.getFileSystem().equals(target.system())) {
      return dfs;
    }
    throw new ProviderMismatchException(to + " is in another file system");
  }

  @Override
  public Instant undelete(@Nullable Path to) throws IOException {
    DfsFileSystem system = target.system();
    if (to == null
        && system.run(target.shown(), null, v -> v.attributesIfAny(target.at(), false)) != null) {
      throw new FileAlreadyExistsException(target.shown());
    }
    Version last = lastGone();
    if (last == null || last.asOf() == null) {
      throw new NoSuchFileException(target.shown(), null, "nothing else is kept of that name");
    }
    DfsPath place = to == null ? path : target(to);
    return Times.instant(system.restore(path, Moment.of(last.asOf()), place, false));
  }

  /** The newest state of an inode that has the name no more. */
  private @Nullable Version lastGone() throws IOException {
    long now = 0;
    long next = 0;
    do {
      long before = next;
      Reply.Versions page =
          target.system().run(target.shown(), null, volume -> volume.versions(target.at(), before));
      for (Reply.Version version : page.versions()) {
        Attributes attributes = version.attributes();
        if (attributes == null || attributes.ino() == now) {
          continue;
        }
        if (version.untilNanos() == 0) {
          now = attributes.ino();
        } else {
          return version(version);
        }
      }
      next = page.nextNanos();
    } while (next != 0);
    return null;
  }

  @Override
  public Instant createSnapshot(String name, @Nullable String asOf) throws IOException {
    DfsFileSystem system = target.system();
    long nanos = asOf == null ? 0 : system.instantOf(target.shown(), Moments.of(asOf));
    return Times.instant(
        system.change(
            target.shown(), null, volume -> volume.createSnapshot(target.at(), name, nanos)));
  }

  @Override
  public void snapshots(Taker<? super Snapshot> taker) throws IOException {
    String after = "";
    Reply.Snapshots page;
    do {
      String from = after;
      page = target.system().run(target.shown(), null, volume -> volume.snapshots(from));
      for (Reply.Snapshot snapshot : page.snapshots()) {
        taker.take(
            new Snapshot(
                snapshot.name(),
                Times.instant(snapshot.instantNanos()),
                snapshot.ino(),
                snapshot.uid()));
        after = snapshot.name();
      }
    } while (!page.end());
  }

  @Override
  public void removeSnapshot(String name) throws IOException {
    var _ =
        target
            .system()
            .change(
                "@" + name,
                null,
                volume -> {
                  volume.removeSnapshot(name);
                  return true;
                });
  }
}
