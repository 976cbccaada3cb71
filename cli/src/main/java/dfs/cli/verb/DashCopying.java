package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;

/** {@code dfs -put}, {@code -moveFromLocal}, {@code -get} and {@code -cp}. */
final class DashCopying {
  private DashCopying() {}

  static void put(Call call) throws IOException {
    put(call, false);
  }

  /** What was copied whole is removed. */
  static void moveFromLocal(Call call) throws IOException {
    put(call, true);
  }

  private static void put(Call call, boolean moves) throws IOException {
    List<String> operands = call.operands();
    List<Place> sources = Put.sources(call);
    if (operands.size() < 2 || isFit(call, call.place(operands.getLast()), sources.size())) {
      Put.run(call, sources, moves);
    }
  }

  static void get(Call call) throws IOException {
    List<String> operands = call.operands();
    List<Place> sources = Get.sources(call);
    String last = operands.getLast();
    if (operands.size() < 2
        || last.equals(Call.STANDARD)
        || isFit(call, call.local(last), sources.size())) {
      Get.run(call, sources);
    }
  }

  static void cp(Call call) throws IOException {
    List<Place> sources = Cp.sources(call);
    if (isFit(call, call.place(call.operands().getLast()), sources.size())) {
      Cp.run(call, sources);
    }
  }

  /** Whether so many sources can go there; if not that is said. */
  static boolean isFit(Call call, Place target, int sources) throws IOException {
    Path parent = target.path().getParent();
    boolean exists = Stat.exists(target.path());
    boolean directory = Stat.isDirectory(target.path());
    if (sources > 1 && !directory) {
      call.failed(
          target.said(),
          exists
              ? new NotDirectoryException(target.said())
              : new NoSuchFileException(target.said()));
    } else if (exists && !directory && !call.has("-f")) {
      call.failed(target.said(), new FileAlreadyExistsException(target.said()));
    } else if (!exists
        && (target.said().endsWith("/")
            || (parent != null && !Stat.exists(parent, LinkOption.NOFOLLOW_LINKS)))) {
      call.failed(target.said(), new NoSuchFileException(target.said()));
    }
    return !call.hasFailed();
  }
}
