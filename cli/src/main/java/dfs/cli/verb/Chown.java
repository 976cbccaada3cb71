package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.List;
import java.util.Optional;

/** {@code dfs chown}: changes owners and groups. */
final class Chown implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "chown",
        VerbSpec.Kind.CHANGES,
        "[OWNER][:GROUP] PATH...",
        2,
        VerbSpec.ANY,
        "Changes owners and groups, by name or number.",
        flag("-R --recursive", "of all below directories, too"),
        flag("-h --no-dereference", "of links themselves"));
  }

  @Override
  public void run(Call call) throws IOException {
    List<String> operands = call.operands();
    String who = operands.getFirst();
    int colon = who.indexOf(':');
    String user = colon < 0 ? who : who.substring(0, colon);
    String group = colon < 0 ? "" : who.substring(colon + 1);
    change(
        call,
        operands.subList(1, operands.size()),
        user.isEmpty() ? Optional.empty() : Optional.of(People.uid(user)),
        group.isEmpty() ? Optional.empty() : Optional.of(People.gid(group)));
  }

  /** Changes what is there of the two. */
  static void change(Call call, List<String> operands, Optional<Integer> uid, Optional<Integer> gid)
      throws IOException {
    EachBelow.run(call, call.places(operands), new Owners(uid, gid));
  }

  /** Gives files an owner and a group, where they are said. */
  private record Owners(Optional<Integer> uid, Optional<Integer> gid) implements EachBelow.Action {
    @Override
    public void on(Place place, Stat stat) throws IOException {
      if (stat.isLink()) {
        set(place, LinkOption.NOFOLLOW_LINKS);
      } else {
        set(place);
      }
    }

    private void set(Place place, LinkOption... how) throws IOException {
      if (uid.isPresent()) {
        Files.setAttribute(place.path(), "unix:uid", uid.get(), how);
      }
      if (gid.isPresent()) {
        Files.setAttribute(place.path(), "unix:gid", gid.get(), how);
      }
    }

    /** Whatever was put in the place of a directory on the way meanwhile is not touched. */
    @Override
    public void in(SecureDirectoryStream<Path> directory, Walk.Item item) throws IOException {
      if (!item.place().path().getFileSystem().supportedFileAttributeViews().contains("dfs")) {
        // The system's own view opens what it sets: fifos hold it up, and links cannot be.
        set(item.place(), LinkOption.NOFOLLOW_LINKS);
        return;
      }
      PosixFileAttributeView view =
          directory.getFileAttributeView(
              item.name(), PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
      UserPrincipalLookupService people =
          item.place().path().getFileSystem().getUserPrincipalLookupService();
      if (uid.isPresent()) {
        view.setOwner(people.lookupPrincipalByName(Integer.toUnsignedString(uid.get())));
      }
      if (gid.isPresent()) {
        view.setGroup(people.lookupPrincipalByGroupName(Integer.toUnsignedString(gid.get())));
      }
    }
  }
}
