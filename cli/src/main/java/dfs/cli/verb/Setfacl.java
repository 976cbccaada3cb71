package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;
import static dfs.cli.verb.VerbSpec.valued;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code dfs setfacl}: changes access control lists. */
final class Setfacl implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "setfacl",
        VerbSpec.Kind.CHANGES,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Changes the access control lists of files, and what directories give to new files.",
        valued("-m --modify", "ENTRIES", "set entries: u:NAME:rwx,g:NAME:r-x,o::r,m::rx"),
        valued("-x --remove", "ENTRIES", "take entries away: u:NAME,g:NAME"),
        valued(
            "--set", "ENTRIES", "these and no others; those of owner, group and others are needed"),
        flag("-b --remove-all", "take all away but what the mode says"),
        flag("-k --remove-default", "take away what new files are given"),
        flag("-d --default", "all entries are of what new files are given, as those with d: are"),
        flag("-R --recursive", "of all below directories, too"));
  }

  /** What is to be done to each file. */
  private record Wishes(
      List<AclEdit.Entry> set,
      List<AclEdit.Entry> removed,
      boolean strips,
      boolean noDefault,
      boolean whole) {
    boolean concern(boolean defaults) {
      return set.stream().anyMatch(entry -> entry.isDefault() == defaults)
          || removed.stream().anyMatch(entry -> entry.isDefault() == defaults);
    }
  }

  @Override
  public void run(Call call) throws IOException {
    boolean isDefault = call.has("-d");
    Optional<String> whole = call.value("--set");
    Optional<String> set = whole.or(() -> call.value("--modify"));
    Optional<String> removed = call.value("--remove");
    Wishes wishes =
        new Wishes(
            set.isPresent() ? AclEdit.parse(set.get(), isDefault, true) : List.of(),
            removed.isPresent() ? AclEdit.parse(removed.get(), isDefault, false) : List.of(),
            call.has("-b"),
            call.has("-k") || call.has("-b"),
            whole.isPresent());
    if (set.isEmpty() && removed.isEmpty() && !wishes.noDefault()) {
      throw new UsageException("say what is to change: -m, -x, --set, -b or -k");
    }
    EachBelow.run(
        call,
        call.places(),
        (place, stat) -> {
          if (!stat.isLink()) {
            change(place, stat, wishes);
          }
        });
  }

  private static void change(Place place, Stat stat, Wishes wishes) throws IOException {
    AclEdit access = new AclEdit(Getfacl.access(place));
    if (wishes.strips() || (wishes.whole() && wishes.concern(false))) {
      access.strip();
    }
    edit(access, access, wishes, false);
    if (wishes.strips() || wishes.concern(false)) {
      Getfacl.setAccess(place, access.text());
    }
    if (!stat.isDirectory()) {
      return;
    }
    boolean fresh = wishes.noDefault() || (wishes.whole() && wishes.concern(true));
    AclEdit defaults = new AclEdit(fresh ? "" : Getfacl.defaults(place));
    edit(defaults, access, wishes, true);
    if (wishes.noDefault() || wishes.concern(true)) {
      Getfacl.setDefaults(place, defaults.text());
    }
  }

  private static void edit(AclEdit acl, AclEdit access, Wishes wishes, boolean defaults) {
    List<AclEdit.Entry> set =
        wishes.set().stream().filter(entry -> entry.isDefault() == defaults).toList();
    List<AclEdit.Entry> removed =
        wishes.removed().stream().filter(entry -> entry.isDefault() == defaults).toList();
    if (!set.isEmpty()) {
      acl.set(set, access);
    }
    if (!removed.isEmpty()) {
      acl.remove(removed);
    }
  }
}
