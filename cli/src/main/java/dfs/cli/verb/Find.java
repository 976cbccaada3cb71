package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;
import static dfs.cli.verb.VerbSpec.valued;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** {@code dfs find}: files of a tree that meet all conditions, in the order of the directories. */
final class Find implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "find",
        VerbSpec.Kind.READS,
        "[PATH...]",
        0,
        VerbSpec.ANY,
        "Prints what lies at and below paths and meets all conditions.",
        valued("-name", "PATTERN", "the last name matches"),
        valued("-iname", "PATTERN", "the same, whatever the case of letters"),
        valued("-path", "PATTERN", "the whole path matches; * stands for slashes, too"),
        valued("-type", "LETTER", "f file, d directory, l link, p, s, b or c"),
        valued("-size", "[+-]N[cKMG]", "more than, less than or just so many bytes"),
        flag("-empty", "an empty file or directory"),
        valued("-newer", "PATH", "changed after that file"),
        valued("-user", "NAME", "of this user, or this number"),
        valued("-group", "NAME", "of this group, or this number"),
        valued("-mindepth", "N", "at least so many directories below PATH"),
        valued("-maxdepth", "N", "at most so many"),
        flag("-print", "as always"),
        flag("-0 -print0", "a zero byte behind each path, and no quotes"),
        VerbSpec.json());
  }

  @Override
  public void run(Call call) throws IOException {
    List<String> operands = call.operands().isEmpty() ? List.of(".") : call.operands();
    Conditions conditions = new Conditions(call);
    for (Place top : call.places(operands)) {
      Walk.through(
          top,
          false,
          new Walk.Visitor() {
            @Override
            public boolean meet(Walk.Item item) throws IOException {
              if (conditions.areMetBy(item)) {
                print(call, item);
              }
              return item.depth() < conditions.depthMax;
            }

            @Override
            public void failed(Place place, IOException e) throws IOException {
              call.failed(place.said(), e);
            }
          });
    }
  }

  private static void print(Call call, Walk.Item item) throws IOException {
    String said = item.place().said();
    if (call.has("--json")) {
      call.json(item.place(), json -> Entries.write(json, item.place(), item.stat()));
    } else if (call.has("-0")) {
      call.out().text(said, '\0');
    } else {
      call.out().line(call.out().isTerminal() ? Quoted.inMessage(said) : said);
    }
  }

  /** What is asked for. */
  private static final class Conditions {
    private final Optional<String> name;
    private final Optional<String> foldedName;
    private final Optional<String> path;
    private final Optional<String> type;
    private final Optional<String> size;
    private final Optional<FileTime> newer;
    private final Optional<Integer> uid;
    private final Optional<Integer> gid;
    private final boolean empty;
    private final long depthMin;
    private final long depthMax;

    Conditions(Call call) throws IOException {
      name = call.value("-name");
      foldedName = call.value("-iname").map(text -> text.toLowerCase(Locale.ROOT));
      path = call.value("-path");
      type = call.value("-type");
      if (type.isPresent() && (type.get().length() != 1 || "fdlpsbc".indexOf(type.get()) < 0)) {
        throw new UsageException("-type is one of f d l p s b c, not " + type.get());
      }
      size = call.value("-size");
      size.ifPresent(text -> isSize(text, 0));
      Optional<String> other = call.value("-newer");
      newer =
          other.isPresent()
              ? Optional.of(Stat.of(call.place(other.get()).path(), true).modified())
              : Optional.empty();
      Optional<String> user = call.value("-user");
      uid = user.isPresent() ? Optional.of(People.uid(user.get())) : Optional.empty();
      Optional<String> group = call.value("-group");
      gid = group.isPresent() ? Optional.of(People.gid(group.get())) : Optional.empty();
      empty = call.has("-empty");
      depthMin = call.number("-mindepth", 0, 0);
      depthMax = call.number("-maxdepth", Long.MAX_VALUE, 0);
    }

    private static boolean isSize(String text, long bytes) {
      boolean more = text.startsWith("+");
      boolean less = text.startsWith("-");
      String number = more || less ? text.substring(1) : text;
      boolean suffixed = number.endsWith("c");
      long limit =
          Sizes.number("-size", suffixed ? number.substring(0, number.length() - 1) : number);
      return more ? bytes > limit : less ? bytes < limit : bytes == limit;
    }

    boolean areMetBy(Walk.Item item) throws IOException {
      Stat stat = item.stat();
      String last = item.place().name();
      char letter = stat.letter() == '-' ? 'f' : stat.letter();
      return item.depth() >= depthMin
          && name.filter(pattern -> !Globs.matches(pattern, last)).isEmpty()
          && foldedName
              .filter(pattern -> !Globs.matches(pattern, last.toLowerCase(Locale.ROOT)))
              .isEmpty()
          && path.filter(pattern -> !Globs.matches(pattern, item.place().said())).isEmpty()
          && type.filter(wanted -> wanted.charAt(0) != letter).isEmpty()
          && size.filter(wanted -> !isSize(wanted, stat.sizeBytes())).isEmpty()
          && newer.filter(time -> stat.modified().compareTo(time) <= 0).isEmpty()
          && uid.filter(id -> id != stat.uid()).isEmpty()
          && gid.filter(id -> id != stat.gid()).isEmpty()
          && (!empty || isEmpty(item));
    }

    private static boolean isEmpty(Walk.Item item) throws IOException {
      if (!item.stat().isDirectory()) {
        return item.stat().isRegular() && item.stat().sizeBytes() == 0;
      }
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(item.place().path())) {
        return !entries.iterator().hasNext();
      }
    }
  }
}
