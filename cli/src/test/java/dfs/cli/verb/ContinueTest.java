package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trees of which an earlier run has copied some: {@code --continue}. */
class ContinueTest {
  private static final String IN_THE_WAY = "dfs: /t/foreign: file exists (-f replaces it)\n";

  private @TempDir Path scratch;
  private LocalVerbs dfs;
  private Path source;
  private Path target;

  @BeforeEach
  void prepare() throws IOException {
    dfs = new LocalVerbs(scratch);
    source = dfs.here.resolve("t");
    Files.createDirectories(source.resolve("sub"));
    target = dfs.root.resolve("t");
    Files.writeString(source.resolve("a"), "0123456789");
    Files.writeString(source.resolve("sub/b"), "b");
    Files.createSymbolicLink(source.resolve("link"), Path.of("a"));
    Files.writeString(source.resolve("foreign"), "theirs");
  }

  private JsonObject put(String... more) {
    List<String> words = Stream.concat(Stream.of("put", "-r", "--json"), Stream.of(more)).toList();
    dfs.run(0, Stream.concat(words.stream(), Stream.of("t", "/")).toArray(String[]::new));
    return JsonParser.parseString(ByteText.of(dfs.out)).getAsJsonObject();
  }

  private static List<String> records(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(ByteText::nameOf).filter(name -> name.startsWith(".dfs-part-")).toList();
    }
  }

  /** One file is in the way: what else there is was copied, and what was is known. */
  private void putMost() throws IOException {
    dfs.file("t/foreign", "others");
    assertThat(dfs.failed("put", "-r", "--continue", "t", "/")).isEqualTo(IN_THE_WAY);
    assertThat(records(target)).hasSize(1);
    Files.delete(target.resolve("foreign"));
  }

  /** Changes what a file holds, and nothing else that shows. */
  private static void mark(Path copy, String contents) throws IOException {
    FileTime modified = Files.getLastModifiedTime(copy);
    Files.writeString(copy, contents, StandardOpenOption.WRITE);
    Files.setLastModifiedTime(copy, modified);
  }

  @Test
  void whatIsFinishedIsNotCopiedAgain() throws IOException {
    putMost();
    mark(target.resolve("a"), "not copied");
    JsonObject counts = put("--continue");
    assertThat(target.resolve("a")).hasContent("not copied");
    assertThat(target.resolve("foreign")).hasContent("theirs");
    assertThat(counts)
        .hasToString(
            "{\"files\":1,\"bytes\":6,\"filesKept\":2,\"bytesKept\":11,\"bytesCompared\":0}");
    assertThat(records(target)).isEmpty();
  }

  @Test
  void whatWasChangedSinceIsCopiedFromTheStart() throws IOException {
    putMost();
    Files.writeString(source.resolve("a"), "changed");
    assertThat(put("--continue").get("filesKept").getAsInt()).isEqualTo(1);
    assertThat(dfs.err)
        .isEqualTo("dfs: /t/a: the source has changed since: it was copied from the start\n");
    assertThat(target.resolve("a")).hasContent("changed");
  }

  @Test
  void whatSomebodyChangedOrReplacedStays() throws IOException {
    putMost();
    Files.writeString(target.resolve("a"), "written to");
    Files.delete(target.resolve("sub/b"));
    Files.writeString(target.resolve("sub/b"), "x");
    Files.delete(target.resolve("link"));
    Files.createSymbolicLink(target.resolve("link"), Path.of("b"));
    String there = ": file exists (-f replaces it)\n";
    assertThat(dfs.failed("put", "-r", "--continue", "t", "/"))
        .contains("dfs: /t/a" + there, "dfs: /t/sub/b" + there, "dfs: /t/link" + there);
    assertThat(target.resolve("a")).hasContent("written to");
    assertThat(target.resolve("sub/b")).hasContent("x");
    put("--continue", "-f");
    assertThat(target.resolve("a")).hasContent("0123456789");
    assertThat(Files.readSymbolicLink(target.resolve("link"))).isEqualTo(Path.of("a"));
    assertThat(records(target)).isEmpty();
  }

  /** The record is lost: what is there is read. */
  @Test
  void whatHoldsTheSameIsFinished() throws IOException {
    putMost();
    Files.delete(target.resolve(records(target).getFirst()));
    JsonObject counts = put("--continue");
    assertThat(counts.get("bytes").getAsLong()).isEqualTo(6);
    assertThat(counts.get("bytesCompared").getAsLong()).isEqualTo(11);
    Files.writeString(target.resolve("a"), "987654321x");
    assertThat(dfs.failed("put", "-r", "--continue", "t", "/"))
        .isEqualTo("dfs: /t/a: file exists (-f replaces it)\n");
  }

  @Test
  void timesThatAreKeptTellWhatIsFinished() throws IOException {
    Files.createLink(source.resolve("sub/second"), source.resolve("a"));
    put("-p");
    mark(target.resolve("a"), "not copied");
    JsonObject counts = put("-p", "--continue");
    assertThat(target.resolve("a")).hasContent("not copied");
    assertThat(counts.get("files").getAsInt()).isZero();
    assertThat(counts.get("bytesCompared").getAsInt()).isZero();
    assertThat(Files.getLastModifiedTime(target))
        .isEqualTo(Files.getLastModifiedTime(source, LinkOption.NOFOLLOW_LINKS));
  }

  /** What was copied without its times gets them. */
  @Test
  void whatWasNotKeptBeforeIsKeptNow() throws IOException {
    Files.setLastModifiedTime(source.resolve("a"), FileTime.fromMillis(0));
    putMost();
    put("-p", "--continue");
    assertThat(Files.getLastModifiedTime(target.resolve("a"))).isEqualTo(FileTime.fromMillis(0));
  }

  /** Somebody who may write the directory says what was finished. */
  @Test
  void recordsOfOthersAreNotBelieved() throws IOException {
    putMost();
    mark(target.resolve("a"), "not copied");
    Path record = target.resolve(records(target).getFirst());
    Files.createLink(dfs.root.resolve("other"), record);
    assertThat(dfs.failed("put", "-r", "--continue", "t", "/"))
        .isEqualTo("dfs: /t/a: file exists (-f replaces it)\n");
  }

  /** What was a new name then is a directory now, and is meant as it was. */
  @Test
  void theTargetIsThatOfTheEarlierRun() throws IOException {
    putMost();
    dfs.run(0, "put", "-r", "--continue", "t/", "/t");
    assertThat(target.resolve("t")).doesNotExist();
    assertThat(target.resolve("foreign")).hasContent("theirs");
    dfs.run(0, "put", "-r", "--continue", "t", "/t");
    assertThat(target.resolve("t/a")).hasContent("0123456789");
  }

  /** Partly written at the end, and in several files. */
  @Test
  void manyRecordsAreFound() throws IOException {
    int files = 3000;
    Stat stat = Stat.of(source.resolve("a"), false);
    Stat other = Stat.of(source.resolve("sub/b"), false);
    for (int round = 0; round < 2; round++) {
      Finished finished = Finished.in(source, Leftovers.NONE, source);
      for (int i = round; i < files; i += 2) {
        finished.add("file-" + i, stat, stat);
      }
      assertThat(finished.end()).isNull();
    }
    for (String name : records(source)) {
      Files.write(source.resolve(name), new byte[5], StandardOpenOption.APPEND);
    }
    Finished found = Finished.in(source, Leftovers.in(source), source);
    for (int i = 0; i < files; i++) {
      assertThat(found.of("file-" + i, stat, stat)).isEqualTo(Finished.Verdict.SAME);
      assertThat(found.of("file-" + i, stat, other)).isEqualTo(Finished.Verdict.OUTDATED);
      assertThat(found.of("file-" + i, other, stat)).isEqualTo(Finished.Verdict.UNKNOWN);
      assertThat(found.of("file" + i, stat, stat)).isEqualTo(Finished.Verdict.UNKNOWN);
    }
    found.delete();
    assertThat(records(source)).isEmpty();
  }
}
