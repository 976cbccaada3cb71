package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/** {@code dfs ln}: gives files further names. */
final class Ln implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "ln",
        VerbSpec.Kind.DESTROYS,
        "TARGET... NAME",
        2,
        VerbSpec.ANY,
        "Gives a file a further name, or makes symbolic links; NAME may be a directory.",
        flag("-s --symbolic", "symbolic links, which say TARGET as it is written"),
        flag("-f --force", "replace files that are there"));
  }

  @Override
  public void run(Call call) throws IOException {
    List<String> operands = call.operands();
    List<String> targets = operands.subList(0, operands.size() - 1);
    Destination destination = new Destination(call.place(operands.getLast()), targets.size());
    for (String target : targets) {
      // Where a link leads is its own business; only its last name counts here.
      Place place = call.has("-s") ? call.local(target) : call.place(target);
      Place link = destination.of(place);
      call.attempt(
          link,
          at -> {
            checkRoom(call, at.path());
            if (call.has("-s")) {
              Path to = ByteText.path(at.path().getFileSystem(), target);
              if (call.isDryRun()) {
                say(call, at, "->", target);
                return;
              }
              Replacing.with(at.path(), fresh -> Files.createSymbolicLink(fresh, to));
            } else {
              link(call, at, place);
            }
          });
    }
  }

  private static void say(Call call, Place link, String how, String target) throws IOException {
    Output out = call.out();
    out.line("would link " + out.shown(link.said()) + " " + how + " " + out.shown(target));
  }

  private static void link(Call call, Place at, Place target) throws IOException {
    Path link = at.path();
    if (!link.getFileSystem().equals(target.path().getFileSystem())) {
      throw new RefusedException(Quoted.inMessage(target.said()) + " is in another file system");
    }
    Stat stat;
    try {
      stat = Stat.of(target.path(), false);
    } catch (IOException e) {
      throw new RefusedException(Quoted.inMessage(target.said()) + ": " + Reasons.of(e));
    }
    if (stat.isDirectory()) {
      throw new RefusedException(
          Quoted.inMessage(target.said()) + " is a directory, which has one name");
    }
    if (Files.exists(link, LinkOption.NOFOLLOW_LINKS) && Stat.of(link, false).isSame(stat)) {
      throw new RefusedException("is the same file as " + Quoted.inMessage(target.said()));
    }
    if (call.isDryRun()) {
      say(call, at, "=>", target.said());
      return;
    }
    Replacing.with(link, fresh -> Files.createLink(fresh, target.path()));
  }

  private static void checkRoom(Call call, Path link) throws IOException {
    if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!call.has("-f") || Files.isDirectory(link, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(link.toString());
    }
  }
}
