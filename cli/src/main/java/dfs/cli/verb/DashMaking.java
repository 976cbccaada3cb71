package dfs.cli.verb;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** {@code dfs -mkdir}, {@code -mv}, {@code -rm} and others that change names. */
final class DashMaking {
  private static final DateTimeFormatter TIMESTAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd:HHmmss", Locale.ROOT);

  private DashMaking() {}

  static void mkdir(Call call) throws IOException {
    for (String operand : call.operands()) {
      call.attempt(call.place(operand), place -> mkdir(call, place));
    }
  }

  private static void mkdir(Call call, Place place) throws IOException {
    if (Stat.exists(place.path())) {
      if (!Stat.isDirectory(place.path())) {
        throw new NotDirectoryException(place.said());
      }
      if (!call.has("-p")) {
        throw new FileAlreadyExistsException(place.said());
      }
      return;
    }
    Deque<Path> missing = new ArrayDeque<>();
    Path at = place.path().normalize();
    missing.push(at);
    for (Path up = at.getParent(); up != null && !Stat.exists(up); up = up.getParent()) {
      missing.push(up);
    }
    if (missing.size() > 1 && !call.has("-p")) {
      String said = place.said().replaceAll("/+$", "");
      String parent = said.substring(0, Math.max(0, said.lastIndexOf('/')));
      call.failed(parent.isEmpty() ? "." : parent, new NoSuchFileException(parent));
      return;
    }
    for (Path next : missing) {
      try {
        Files.createDirectory(next);
      } catch (FileAlreadyExistsException e) {
        // Somebody else made it meanwhile.
        if (!call.has("-p") || !Files.isDirectory(next)) {
          throw e;
        }
      }
    }
  }

  static void mv(Call call) throws IOException {
    List<String> operands = call.operands();
    Place target = call.place(operands.getLast());
    boolean directory = Stat.isDirectory(target.path());
    List<Place> sources = call.places(operands.subList(0, operands.size() - 1));
    if (!DashCopying.isFit(call, target, sources.size())) {
      return;
    }
    for (Place source : sources) {
      call.attempt(
          source, from -> move(call, from, directory ? target.child(from.name()) : target));
    }
  }

  private static void move(Call call, Place from, Place to) throws IOException {
    if (call.isRoot(from)) {
      throw new RefusedException("Input/output error");
    }
    Stat.of(from.path(), false);
    if (Stat.exists(to.path(), LinkOption.NOFOLLOW_LINKS)) {
      call.failed(to.said(), new FileAlreadyExistsException(to.said()));
    } else if (!from.path().getFileSystem().equals(to.path().getFileSystem())) {
      throw new RefusedException("Does not match target filesystem");
    } else if (to.path().normalize().startsWith(from.path().normalize())) {
      throw new RefusedException("is a subdirectory of itself");
    } else {
      Files.move(from.path(), to.path());
    }
  }

  static void rm(Call call) throws IOException {
    call.each(call.places(), place -> remove(call, place));
  }

  private static void remove(Call call, Place place) throws IOException {
    if (call.isRoot(place)) {
      throw new RefusedException("the root of the volume is not removed");
    }
    Stat stat;
    try {
      stat = Stat.of(place.path(), false);
    } catch (NoSuchFileException e) {
      if (call.has("-f")) {
        return;
      }
      throw e;
    }
    if (stat.isDirectory() && !call.has("-r")) {
      throw new RefusedException("is a directory");
    }
    Removal removal = new Removal(call, false);
    if (stat.isDirectory()) {
      Walk.through(place, false, removal);
    } else {
      removal.leave(new Walk.Item(place, stat, 0));
    }
    if (!removal.hasFailed()) {
      call.out().line("Deleted " + place.said());
    }
  }

  static void rmdir(Call call) throws IOException {
    call.each(
        call.places(),
        place -> {
          if (!Stat.of(place.path(), false).isDirectory()) {
            throw new NotDirectoryException(place.said());
          }
          if (call.isRoot(place)) {
            throw new RefusedException("the root of the volume is not removed");
          }
          try {
            Files.delete(place.path());
          } catch (DirectoryNotEmptyException e) {
            if (!call.has("--ignore-fail-on-non-empty")) {
              throw e;
            }
          }
        });
  }

  /** What {@code -touch -t} says, for who sets times. */
  static Given timed(Given given) {
    Optional<String> stamp = given.value("-t");
    if (stamp.isEmpty()) {
      return given;
    }
    try {
      LocalDateTime time = LocalDateTime.parse(stamp.get(), TIMESTAMP);
      return given.with(
          "--date", time.atZone(ZoneId.systemDefault()).toOffsetDateTime().toString());
    } catch (DateTimeParseException e) {
      throw new UsageException(
          "Unable to parse the specified timestamp %s. The expected format is yyyyMMdd:HHmmss"
              .formatted(stamp.get()));
    }
  }

  static void touchz(Call call) throws IOException {
    for (String operand : call.operands()) {
      call.attempt(
          call.place(operand),
          place -> {
            if (!Stat.exists(place.path())) {
              Files.createFile(place.path());
              return;
            }
            Stat stat = Stat.of(place.path(), true);
            if (stat.isDirectory()) {
              throw new RefusedException("is a directory");
            }
            if (stat.sizeBytes() > 0) {
              throw new RefusedException("Not a zero-length file");
            }
          });
    }
  }

  static void truncate(Call call) throws IOException {
    List<String> operands = call.operands();
    long length = Sizes.number("the length", operands.getFirst());
    if (length < 0) {
      throw new UsageException("length must be >= 0");
    }
    call.each(
        call.places(operands.subList(1, operands.size())),
        place -> {
          long now = Stat.of(place.path(), true).sizeBytes();
          if (Files.isDirectory(place.path())) {
            throw new RefusedException("is a directory");
          }
          if (length > now) {
            throw new RefusedException(
                "Cannot truncate to a larger file size. Current size: %d, truncate size: %d."
                    .formatted(now, length));
          }
          try (FileChannel file = FileChannel.open(place.path(), StandardOpenOption.WRITE)) {
            file.truncate(length);
          }
          call.out().line("Truncated " + place.said() + " to length: " + length);
        });
  }
}
