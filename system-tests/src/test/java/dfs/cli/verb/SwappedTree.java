package dfs.cli.verb;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What verbs do to each file of a tree, while somebody leads the directory {@code tree/d} to {@code
 * victim} just when its file {@code same} was met. Where it was is {@code aside} then.
 */
public final class SwappedTree implements AutoCloseable {
  private final Path root;
  private final Call call;

  /**
   * @param root directory that has {@code tree} and {@code victim}
   */
  public SwappedTree(Path root) throws IOException {
    this.root = root;
    this.call =
        new Call(
            Given.parse(Verbs.spec("rm").orElseThrow(), List.of("x")),
            Manners.USUAL,
            new Streams(
                new ByteArrayInputStream(new byte[0]),
                new ByteArrayOutputStream(),
                new ByteArrayOutputStream(),
                false,
                false),
            new Defaults(List.of(), line -> line, Map.of(), Path.of("/"), new Interruption()),
            Duration.ofSeconds(10),
            (data, timeout, asOf) -> root);
  }

  /** What {@code chmod -R} does; what it could not do. */
  public List<String> chmod(String mode) throws IOException {
    return walk(new EachBelow(call, new Chmod.Setting(call, Modes.parse(mode))));
  }

  /** What {@code setfacl -R -m} does. */
  public List<String> setfacl(String entries) throws IOException {
    List<AclEdit.Entry> set = AclEdit.parse(entries, false, true);
    Setfacl.Wishes wishes = new Setfacl.Wishes(set, List.of(), false, false, false);
    return walk(new EachBelow(call, new Setfacl.Setting(wishes)));
  }

  /** What {@code -setrep} does. */
  public List<String> setrep(int copies) throws IOException {
    return walk(new DashReplication.Setting(call, copies, new ArrayList<>()));
  }

  /** Inode numbers of the files that are met, that one and those after it. */
  public List<Long> met() throws IOException {
    List<Long> met = new ArrayList<>();
    var _ =
        walk(
            new Walk.Visitor() {
              @Override
              public boolean meet(Walk.Item item) {
                if (item.stat().isRegular()) {
                  met.add(item.stat().ino());
                }
                return true;
              }

              @Override
              public void failed(Place place, IOException e) throws IOException {
                throw e;
              }
            });
    return met;
  }

  private List<String> walk(Walk.Visitor visitor) throws IOException {
    Path directory = root.resolve("tree/d");
    List<String> failed = new ArrayList<>();
    Walk.through(
        new Place("tree", root.resolve("tree")),
        false,
        new Walk.Visitor() {
          @Override
          public boolean meet(Walk.Item item) throws IOException {
            if (item.place().path().equals(directory.resolve("same"))) {
              Files.move(directory, root.resolve("aside"));
              Files.createSymbolicLink(directory, root.resolve("victim"));
            }
            return visitor.meet(item);
          }

          @Override
          public void failed(Place place, IOException e) {
            failed.add(place.said() + ": " + e);
          }
        });
    return failed;
  }

  @Override
  public void close() throws IOException {
    call.close();
  }
}
