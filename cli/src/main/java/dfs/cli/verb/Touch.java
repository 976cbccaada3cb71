package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;
import static dfs.cli.verb.VerbSpec.valued;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;

/** {@code dfs touch}: makes empty files, or sets times. */
final class Touch implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "touch",
        VerbSpec.Kind.CHANGES,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Sets times of access and change to now; makes empty files where there are none.",
        flag("-c --no-create", "make no files"),
        flag("-a", "the time of access alone"),
        flag("-m", "the time of change alone"),
        valued("-d --date", "TIME", "this time: 2026-01-31T12:00:00Z, or @ and seconds since 1970"),
        valued("-r --reference", "PATH", "the times of that file"));
  }

  @Override
  public void run(Call call) throws IOException {
    FileTime modified;
    FileTime accessed;
    Optional<String> reference = call.value("--reference");
    if (reference.isPresent()) {
      Place like = call.place(reference.get());
      Stat stat;
      try {
        stat = Stat.of(like.path(), true);
      } catch (IOException e) {
        call.failed(like.said(), e);
        return;
      }
      modified = stat.modified();
      accessed = stat.accessed();
    } else {
      modified =
          call.value("--date").map(Touch::time).orElseGet(() -> FileTime.from(Instant.now()));
      accessed = modified;
    }
    boolean both = call.has("-a") == call.has("-m");
    call.each(
        call.places(),
        place -> {
          if (!exists(call, place)) {
            return;
          }
          Files.getFileAttributeView(place.path(), BasicFileAttributeView.class)
              .setTimes(
                  both || call.has("-m") ? modified : null,
                  both || call.has("-a") ? accessed : null,
                  null);
        });
  }

  private static boolean exists(Call call, Place place) throws IOException {
    try {
      Stat.of(place.path(), true);
      return true;
    } catch (NoSuchFileException e) {
      if (call.has("-c")) {
        return false;
      }
    }
    try {
      Files.createFile(place.path());
    } catch (FileAlreadyExistsException e) {
      // Somebody else made it meanwhile, or it is a link to nothing: setting the time tells.
    }
    return true;
  }

  private static FileTime time(String text) {
    try {
      return text.startsWith("@")
          ? FileTime.from(Instant.ofEpochSecond(Long.parseLong(text.substring(1))))
          : FileTime.from(OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeException | NumberFormatException e) {
      throw new UsageException(text + ": is no time; write 2026-01-31T12:00:00Z or @1769860800");
    }
  }
}
