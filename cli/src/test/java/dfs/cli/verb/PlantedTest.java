package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dfs.client.volume.Credentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What somebody who may write where a copy goes to puts there leads it to no other files. */
class PlantedTest {
  private static final int NOBODY = 65534;

  private @TempDir Path scratch;
  private LocalVerbs dfs;

  @BeforeEach
  void prepare() throws IOException {
    dfs = new LocalVerbs(scratch);
  }

  private Path local(String name, String contents) throws IOException {
    Path file = dfs.here.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, contents);
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(ByteText::nameOf).sorted().toList();
    }
  }

  private static int mode(Path path) throws IOException {
    return Stat.of(path, false).permissions();
  }

  /** It was there before, under the name that the tree is to get. */
  @Test
  void aLinkUnderTheNameOfATreeIsNotGoneInto() throws IOException {
    local("from/f", "mine");
    dfs.file("from/f", "mine");
    dfs.file("elsewhere/kept", "hers");
    Path elsewhere = dfs.root.resolve("elsewhere");
    Files.setAttribute(elsewhere, "unix:mode", 0750);
    Files.createDirectory(dfs.root.resolve("to"));
    Files.createSymbolicLink(dfs.root.resolve("to/from"), elsewhere);
    assertThat(dfs.failed("cp", "-rp", "/from", "/to")).isEqualTo("dfs: /from: file exists\n");
    assertThat(dfs.failed("put", "-rpf", "from", "/to")).isEqualTo("dfs: from: file exists\n");
    dfs.failed("-moveFromLocal", "from", "/to");
    assertThat(names(elsewhere)).containsExactly("kept");
    assertThat(mode(elsewhere)).isEqualTo(0750);
    assertThat(dfs.here.resolve("from/f")).hasContent("mine");
  }

  /** It holds the same as what is copied, and is somebody's by another name. */
  @Test
  void aSecondNameOfAFileOfOthersIsNotGivenAway() throws IOException {
    assumeThat(Credentials.ofThisProcess().isRoot()).isTrue();
    Path tool = dfs.file("bin/tool", "tool");
    Files.setAttribute(tool, "unix:mode", 0755);
    Path planted = dfs.file("tree/x", "x").resolveSibling("tool");
    Files.createLink(planted, tool);
    Path source = local("tree/tool", "tool");
    Files.setAttribute(source, "unix:uid", NOBODY);
    Files.setAttribute(source, "unix:mode", 0777);
    Files.setLastModifiedTime(source, FileTime.fromMillis(0));
    dfs.failed("put", "-rp", "--continue", "tree", "/");
    assertThat(Stat.of(tool, false).uid()).isZero();
    assertThat(mode(tool)).isEqualTo(0755);
  }

  private static FileCopy copying(Copying.Wishes wishes, LongConsumer progress) {
    return new FileCopy(wishes, progress, new CopyCounts());
  }

  private static void swap(Path part, Path aside, Path secret) {
    try {
      if (!Files.exists(aside)) {
        Files.move(part, aside);
        Files.createLink(part, secret);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path only(Path directory, String prefix) {
    try {
      return directory.resolve(
          names(directory).stream().filter(name -> name.startsWith(prefix)).findFirst().get());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Another file has the name of what was written just now. */
  @Test
  void whatTookThePlaceOfAPartGetsNoMode() throws IOException {
    Path secret = dfs.file("secret", "hers");
    Files.setAttribute(secret, "unix:mode", 0600);
    Path source = local("f", "mine");
    Files.setAttribute(source, "unix:mode", 0666);
    Path old = Files.writeString(Files.createDirectory(dfs.root.resolve("d")).resolve("f"), "old");
    Files.setAttribute(old, "unix:mode", 0666);
    for (boolean preserve : List.of(true, false)) {
      Path aside = scratch.resolve("aside-" + preserve);
      FileCopy copying =
          copying(
              new Copying.Wishes(false, preserve, true, false, false),
              more -> swap(only(dfs.root.resolve("d"), Leftovers.PREFIX), aside, secret));
      assertThatThrownBy(
              () ->
                  copying.copy(
                      source,
                      Stat.of(source, true),
                      old,
                      TargetDirectory.NONE,
                      FileCopy.Earlier.NOTHING))
          .isInstanceOf(RefusedException.class)
          .hasMessage("the part of it that is here is another file by now");
      assertThat(aside).hasContent("mine");
      assertThat(mode(secret)).isEqualTo(0600);
      assertThat(old).hasContent("old");
    }
  }

  /** In a directory that others may write. */
  @Test
  void aDirectoryThatWasReplacedIsNotWrittenInto() throws IOException {
    Path open = Files.createDirectory(dfs.root.resolve("open"));
    Path victim = Files.createDirectory(dfs.root.resolve("victim"));
    Path to = Files.createDirectory(open.resolve("to"));
    Path below = Files.createDirectory(to.resolve("below"));
    Path source = local("f", "mine");
    Stat stat = Stat.of(source, false);
    Files.setAttribute(open, "unix:mode", 0777);
    TargetDirectory top = TargetDirectory.top(to, false);
    TargetDirectory into = top.below(below, null, 0700);
    Files.setAttribute(open, "unix:mode", 01777);
    TargetDirectory sticky = TargetDirectory.top(to, false);
    Files.move(to, open.resolve("aside"));
    Files.createSymbolicLink(to, victim);
    Files.createDirectory(victim.resolve("below"));
    FileCopy copying = copying(new Copying.Wishes(true, true, true, true, false), more -> {});
    for (TargetDirectory directory : List.of(top, into)) {
      Path target = (directory == top ? to : below).resolve("f");
      assertThatThrownBy(
              () -> copying.copy(source, stat, target, directory, FileCopy.Earlier.NOTHING))
          .isInstanceOf(RefusedException.class)
          .hasMessage("the directory that it is copied to is another one by now");
      assertThat(target).doesNotExist();
    }
    assertThat(names(victim)).containsExactly("below");
    assertThat(names(victim.resolve("below"))).isEmpty();
    // There nobody else could have done that.
    sticky.check();
  }
}
