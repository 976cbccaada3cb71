package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.nio.file.Files;

/** {@code dfs getfacl}: shows access control lists. */
final class Getfacl implements Verb {
  private static final String ACCESS = "dfs:acl";
  private static final String DEFAULT = "dfs:defaultAcl";

  private final People people = new People();

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "getfacl",
        VerbSpec.Kind.READS,
        "PATH...",
        1,
        VerbSpec.ANY,
        "Shows the access control lists of files, and what directories give to new files.",
        flag("-c --omit-header", "without name, owner and group"),
        flag("-R --recursive", "of all below directories, too"),
        VerbSpec.json());
  }

  @Override
  public void run(Call call) throws IOException {
    EachBelow.look(
        call,
        call.places(),
        (place, stat) -> {
          if (!stat.isLink()) {
            show(call, place, stat);
          }
        });
  }

  private void show(Call call, Place place, Stat stat) throws IOException {
    String access = access(place);
    String defaults = stat.isDirectory() ? defaults(place) : "";
    if (call.has("--json")) {
      call.json(
          place,
          json -> {
            Entries.path(json, place.said());
            json.name("acl").value(access);
            json.name("defaultAcl").value(defaults);
          });
      return;
    }
    if (!call.has("-c")) {
      call.out().line("# file: " + call.out().shown(place.said()));
      call.out().line("# owner: " + people.user(stat.uid()));
      call.out().line("# group: " + people.group(stat.gid()));
    }
    for (String line : access.lines().toList()) {
      call.out().line(line);
    }
    for (String line : defaults.lines().toList()) {
      call.out().line("default:" + line);
    }
    call.out().line("");
  }

  /** The access ACL, a line for each entry. */
  static String access(Place place) throws IOException {
    return get(place, ACCESS);
  }

  /** Whether more than the mode says who may do what. */
  static boolean hasMask(Place place) throws IOException {
    return place.path().getFileSystem().supportedFileAttributeViews().contains("dfs")
        && access(place).contains("\nmask:");
  }

  /** The default ACL; empty if there is none. */
  static String defaults(Place place) throws IOException {
    return get(place, DEFAULT);
  }

  static RefusedException unsupported() {
    return new RefusedException("ACLs are reached by --data alone, not through this mount");
  }

  private static String get(Place place, String attribute) throws IOException {
    try {
      return String.valueOf(Files.getAttribute(place.path(), attribute));
    } catch (UnsupportedOperationException e) {
      throw unsupported();
    }
  }
}
