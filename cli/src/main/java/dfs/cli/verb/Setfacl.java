package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;
import static dfs.cli.verb.VerbSpec.valued;

import dfs.client.nio.DfsAclView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
  record Wishes(
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
    if (whole.isPresent() && wishes.concern(false) && !AclEdit.isWhole(wishes.set())) {
      throw new UsageException(
          "--set " + whole.get() + ": owner, group and others are needed, too: u::rw,g::r,o::r");
    }
    if (set.isEmpty() && removed.isEmpty() && !wishes.noDefault()) {
      throw new UsageException("say what is to change: -m, -x, --set, -b or -k");
    }
    EachBelow.run(call, call.places(), new Setting(wishes));
  }

  /** Changes the lists of what is no link. */
  record Setting(Wishes wishes) implements EachBelow.Action {
    @Override
    public void on(Place place, Stat stat) throws IOException {
      if (!stat.isLink()) {
        set(Files.getFileAttributeView(place.path(), DfsAclView.class), stat);
      }
    }

    @Override
    public void in(SecureDirectoryStream<Path> directory, Walk.Item item) throws IOException {
      if (!item.stat().isLink()) {
        set(EachBelow.view(directory, item, DfsAclView.class), item.stat());
      }
    }

    private void set(@Nullable DfsAclView view, Stat stat) throws IOException {
      if (view == null) {
        throw Getfacl.unsupported();
      }
      try {
        change(view, stat, wishes);
      } catch (IllegalArgumentException e) {
        throw new RefusedException(String.valueOf(e.getMessage()));
      }
    }
  }

  private static void change(DfsAclView view, Stat stat, Wishes wishes) throws IOException {
    AclEdit access = new AclEdit(view.acl());
    if (wishes.strips() || (wishes.whole() && wishes.concern(false))) {
      access.strip();
    }
    edit(access, access, wishes, false);
    if (wishes.strips() || wishes.concern(false)) {
      view.setAcl(access.text());
    }
    if (!stat.isDirectory()) {
      return;
    }
    boolean fresh = wishes.noDefault() || (wishes.whole() && wishes.concern(true));
    AclEdit defaults = new AclEdit(fresh ? "" : view.defaultAcl());
    edit(defaults, access, wishes, true);
    if (wishes.noDefault() || wishes.concern(true)) {
      view.setDefaultAcl(defaults.text());
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
