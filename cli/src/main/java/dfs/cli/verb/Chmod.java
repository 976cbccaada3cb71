package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import dfs.client.nio.DfsFileView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.List;

/** {@code dfs chmod}: changes modes. */
final class Chmod implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "chmod",
        VerbSpec.Kind.CHANGES,
        "MODE PATH...",
        2,
        VerbSpec.ANY,
        "Changes modes: octal, or like u+rwx,g-w,o=. Write a-x rather than -x.",
        flag("-R --recursive", "of all below directories, too"),
        flag("-v --verbose", "say what was changed"));
  }

  @Override
  public void run(Call call) throws IOException {
    List<String> operands = call.operands();
    Modes mode = Modes.parse(operands.getFirst());
    EachBelow.run(call, call.places(operands.subList(1, operands.size())), new Setting(call, mode));
  }

  /** Sets the mode of what is no link. */
  record Setting(Call call, Modes mode) implements EachBelow.Action {
    /** Bits that POSIX permissions do not have. */
    private static final int SPECIAL = 07000;

    @Override
    public void on(Place place, Stat stat) throws IOException {
      if (!stat.isLink()) {
        Files.setAttribute(place.path(), "unix:mode", mode.of(stat));
        say(place, stat);
      }
    }

    @Override
    public void in(SecureDirectoryStream<Path> directory, Walk.Item item) throws IOException {
      Stat stat = item.stat();
      if (stat.isLink()) {
        return;
      }
      int changed = mode.of(stat);
      DfsFileView view = EachBelow.view(directory, item, DfsFileView.class);
      if (view != null) {
        view.setMode(changed);
      } else if ((changed & SPECIAL) == 0 && (stat.isRegular() || stat.isDirectory())) {
        setPermissions(directory, item, changed);
      } else {
        // The system's own view has no such bits, and opens what it sets: fifos hold it up.
        Files.setAttribute(item.place().path(), "unix:mode", changed);
      }
      say(item.place(), stat);
    }

    private static void setPermissions(
        SecureDirectoryStream<Path> directory, Walk.Item item, int changed) throws IOException {
      PosixFileAttributeView view = EachBelow.view(directory, item, PosixFileAttributeView.class);
      if (view == null) {
        throw new RefusedException("there are no modes here");
      }
      view.setPermissions(FileCopy.permissions(changed).value());
    }

    private void say(Place place, Stat stat) throws IOException {
      if (call.has("-v")) {
        String shown = call.out().shown(place.said());
        call.out().line("%s: %04o, was %s".formatted(shown, mode.of(stat), stat.octal()));
      }
    }
  }
}
