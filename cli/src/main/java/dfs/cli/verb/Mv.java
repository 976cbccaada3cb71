package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;

/** {@code dfs mv}: renames files, or copies and removes them when they go elsewhere. */
final class Mv implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "mv",
        VerbSpec.Kind.DESTROYS,
        "PATH... TARGET",
        2,
        VerbSpec.ANY,
        "Renames files, or moves them into a directory.",
        flag("-f --force", "replace files that are there"),
        flag("-v --verbose", "say what was renamed"));
  }

  @Override
  public void run(Call call) throws IOException {
    List<String> operands = call.operands();
    List<Place> sources = call.places(operands.subList(0, operands.size() - 1));
    Destination destination = new Destination(call.place(operands.getLast()), sources.size());
    call.each(sources, place -> move(call, place, destination.of(place)));
  }

  private static void move(Call call, Place source, Place target) throws IOException {
    Path from = source.path();
    Path to = target.path();
    if (call.isRoot(source)) {
      throw new RefusedException("the root of the volume stays");
    }
    Stat stat = Stat.of(from, false);
    if (Files.exists(to, LinkOption.NOFOLLOW_LINKS)) {
      Stat there = Stat.of(to, false);
      boolean sameSystem = from.getFileSystem().equals(to.getFileSystem());
      if (sameSystem ? there.isSame(stat) : there.isLikely(stat)) {
        throw new RefusedException("is the same file as " + Quoted.inMessage(target.said()));
      }
      if (!call.has("-f")) {
        throw new RefusedException(
            "does not replace " + Quoted.inMessage(target.said()) + ", which exists (-f does)");
      }
      if (there.isDirectory() && !stat.isDirectory()) {
        throw new RefusedException(Quoted.inMessage(target.said()) + " is a directory");
      }
    }
    String said = call.out().shown(source.said()) + " -> " + call.out().shown(target.said());
    if (call.isDryRun()) {
      call.out().line("would rename " + said);
      return;
    }
    if (from.getFileSystem().equals(to.getFileSystem())) {
      rename(from, to, call.has("-f"));
    } else {
      elsewhere(call, source, target);
    }
    if (call.has("-v")) {
      call.out().line("renamed " + said);
    }
  }

  private static void rename(Path from, Path to, boolean force) throws IOException {
    if (to.normalize().startsWith(from.normalize())) {
      throw new FileSystemException(
          from.toString(), null, "cannot be moved into a directory of its own");
    }
    if (force) {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } else {
      Files.move(from, to);
    }
  }

  /** The source goes when all of it is there. */
  private static void elsewhere(Call call, Place source, Place target) throws IOException {
    Copying.Wishes wishes = new Copying.Wishes(true, true, call.has("-f"), false, false);
    Instant begun = Instant.now();
    try (Copying copying = new Copying(call, wishes)) {
      if (copying.copy(source, target, false)) {
        Durable.names(target.path().getParent());
        try (Moved moved = new Moved(call, target, begun)) {
          Walk.through(source, false, moved);
        }
      }
    }
  }
}
