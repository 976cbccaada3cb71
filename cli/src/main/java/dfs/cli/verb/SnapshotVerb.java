package dfs.cli.verb;

import dfs.client.nio.DfsPastView;
import dfs.client.volume.Credentials;
import dfs.protocol.metadata.Caller;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code dfs snapshot}: names for instants, which are kept whatever their age. */
final class SnapshotVerb implements Verb {
  private static final String NAME_MARK = "@";
  private static final String NONE = "there is none of that name";
  private static final String ONE = "there is one of that name";

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "snapshot",
        VerbSpec.Kind.DESTROYS,
        "create NAME [PATH] | ls [PATH] | rm NAME",
        1,
        3,
        "Gives an instant a name, @NAME wherever a time is taken, and keeps it until the name is"
            + " removed. Of PATH, a directory (default: /), its owner makes snapshots.",
        VerbSpec.valued("--as-of", "TIME", "create: of then, not of now"),
        VerbSpec.json());
  }

  @Override
  public void run(Call call) throws IOException {
    List<String> words = call.operands();
    int most = words.getFirst().equals("create") ? 3 : 2;
    if (words.size() > most) {
      throw new UsageException(Quoted.inMessage(words.get(most)) + ": is one argument too many");
    }
    switch (words.getFirst()) {
      case "create" -> create(call, words);
      case "rm" -> remove(call, words);
      case "ls" -> list(call, words);
      default ->
          throw new UsageException(
              Quoted.inMessage(words.getFirst()) + ": snapshots are created, listed and removed");
    }
  }

  private static void create(Call call, List<String> words) throws IOException {
    String name = name(words);
    Place place = call.place(words.size() > 2 ? words.get(2) : "/");
    if (call.isDryRun()) {
      if (named(call, name) != null) {
        throw new FileSystemException(NAME_MARK + name, null, ONE);
      }
      if (!Stat.of(place.path(), true).isDirectory()) {
        throw new NotDirectoryException(place.said());
      }
      call.out().line("would keep " + NAME_MARK + name);
      return;
    }
    try {
      Optional<String> asOf = call.asOf().map(Object::toString);
      Instant kept = Past.of(place).createSnapshot(name, asOf.orElse(null));
      if (asOf.isPresent()) {
        call.note("as of " + kept);
      }
    } catch (FileAlreadyExistsException e) {
      throw new FileSystemException(NAME_MARK + name, null, ONE);
    }
  }

  private static void remove(Call call, List<String> words) throws IOException {
    String name = name(words);
    if (call.isDryRun()) {
      DfsPastView.Snapshot there = named(call, name);
      if (there == null) {
        throw new FileSystemException(NAME_MARK + name, null, NONE);
      }
      Caller self = Credentials.ofThisProcess();
      if (there.uid() != self.uid() && !self.isRoot()) {
        throw new AccessDeniedException(NAME_MARK + name);
      }
      call.out().line("would remove %s%s of %s".formatted(NAME_MARK, name, there.instant()));
      return;
    }
    try {
      Past.of(call.place("/")).removeSnapshot(name);
    } catch (NoSuchFileException e) {
      throw new FileSystemException(NAME_MARK + name, null, NONE);
    }
  }

  private static DfsPastView.@Nullable Snapshot named(Call call, String name) throws IOException {
    List<DfsPastView.Snapshot> found = new ArrayList<>();
    Past.of(call.place("/"))
        .snapshots(
            snapshot -> {
              if (snapshot.name().equals(name)) {
                found.add(snapshot);
              }
            });
    return found.isEmpty() ? null : found.getFirst();
  }

  private static String name(List<String> words) {
    if (words.size() < 2) {
      throw new UsageException("the name of a snapshot is missing");
    }
    String name = words.get(1);
    return name.startsWith(NAME_MARK) ? name.substring(NAME_MARK.length()) : name;
  }

  private static void list(Call call, List<String> words) throws IOException {
    Place place = call.place(words.size() > 1 ? words.get(1) : "/");
    long ino = words.size() > 1 ? Stat.of(place.path(), true).ino() : 0;
    People people = new People();
    Past past = new Past();
    Past.of(place)
        .snapshots(
            snapshot -> {
              if (ino == 0 || ino == snapshot.ino()) {
                print(call, people, past, snapshot);
              }
            });
  }

  private static void print(Call call, People people, Past past, DfsPastView.Snapshot snapshot)
      throws IOException {
    if (call.has("--json")) {
      call.out()
          .json(
              json -> {
                json.name("name").value(snapshot.name());
                Past.time(json, "asOf", snapshot.instant());
                json.name("uid").value(Integer.toUnsignedLong(snapshot.uid()));
                json.name("inode").value(snapshot.ino());
              });
      return;
    }
    call.out()
        .line(
            "%s  %-8s  %s"
                .formatted(
                    past.moment(snapshot.instant()), people.user(snapshot.uid()), snapshot.name()));
  }
}
