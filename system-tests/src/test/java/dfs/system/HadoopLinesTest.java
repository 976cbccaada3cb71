package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.system.VerbRunner.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The most usual lines of users of {@code hdfs dfs}, as Hadoop's guide to its shell has them, one
 * after the other: status, what is written, and what the mount shows then.
 */
@Timeout(180)
@Tag("side-by-side")
class HadoopLinesTest {
  /**
   * Status, then the line; behind {@code >} what it writes, out and err; behind {@code -} and
   * {@code +} what is not as it was any more, on the mount and here, and how it is now: path, mode,
   * owner, contents.
   */
  private static final String LINES =
      """
      0 -mkdir -p /user/hadoop/dir1 /user/hadoop/dir2
      + user 755 0:0
      + user/hadoop 755 0:0
      + user/hadoop/dir1 755 0:0
      + user/hadoop/dir2 755 0:0
      0 -put LOCAL/localfile /user/hadoop/hadoopfile
      + user/hadoop/hadoopfile 644 0:0 local\\n
      1 -put LOCAL/localfile /user/hadoop/hadoopfile
      > put: `/user/hadoop/hadoopfile': File exists
      0 -put -f LOCAL/localfile LOCAL/other /user/hadoop/dir1
      + user/hadoop/dir1/localfile 644 0:0 local\\n
      + user/hadoop/dir1/other 644 0:0 other\\n
      0 -ls /user/hadoop
      > Found 3 items
      > drwxr-xr-x   - root root          0 TIME /user/hadoop/dir1
      > drwxr-xr-x   - root root          0 TIME /user/hadoop/dir2
      > -rw-r--r--   1 root root          6 TIME /user/hadoop/hadoopfile
      0 -ls -R /user/hadoop/dir1
      > -rw-r--r--   1 root root          6 TIME /user/hadoop/dir1/localfile
      > -rw-r--r--   1 root root          6 TIME /user/hadoop/dir1/other
      0 -cat /user/hadoop/hadoopfile
      > local
      0 -get /user/hadoop/hadoopfile LOCAL/got
      + LOCAL/got 644 0:0 local\\n
      0 -cp /user/hadoop/hadoopfile /user/hadoop/file2
      + user/hadoop/file2 644 0:0 local\\n
      0 -mv /user/hadoop/file2 /user/hadoop/dir2
      + user/hadoop/dir2/file2 644 0:0 local\\n
      - user/hadoop/file2 644 0:0 local\\n
      0 -appendToFile LOCAL/other /user/hadoop/hadoopfile
      - user/hadoop/hadoopfile 644 0:0 local\\n
      + user/hadoop/hadoopfile 644 0:0 local\\nother\\n
      0 -tail /user/hadoop/hadoopfile
      > local
      > other
      0 -du -s -h /user/hadoop
      > 30  30  /user/hadoop
      0 -count /user/hadoop
      >            3            4                 30 /user/hadoop
      0 -test -e /user/hadoop/hadoopfile
      1 -test -d /user/hadoop/hadoopfile
      0 -stat %b,%r,%F,%u /user/hadoop/hadoopfile
      > 12,1,regular file,root
      0 -setrep -w 1 /user/hadoop/dir1
      > Replication 1 set: /user/hadoop/dir1/localfile
      > Replication 1 set: /user/hadoop/dir1/other
      > Waiting for /user/hadoop/dir1/localfile ... done
      > Waiting for /user/hadoop/dir1/other ... done
      0 -chmod -R 750 /user/hadoop/dir2
      - user/hadoop/dir2 755 0:0
      + user/hadoop/dir2 750 0:0
      - user/hadoop/dir2/file2 644 0:0 local\\n
      + user/hadoop/dir2/file2 750 0:0 local\\n
      0 -chown 65534:65534 /user/hadoop/dir2/file2
      - user/hadoop/dir2/file2 750 0:0 local\\n
      + user/hadoop/dir2/file2 750 65534:65534 local\\n
      0 -touchz /user/hadoop/empty
      + user/hadoop/empty 644 0:0
      0 -getmerge -nl /user/hadoop/dir1 LOCAL/merged
      + LOCAL/merged 644 0:0 local\\n\\nother\\n\\n
      0 -setfacl -m user:daemon:r-x /user/hadoop/dir2
      0 -getfacl /user/hadoop/dir2
      > # file: /user/hadoop/dir2
      > # owner: root
      > # group: root
      > user::rwx
      > user:daemon:r-x
      > group::r-x
      > mask::r-x
      > other::---
      >
      0 -ls -d /user/hadoop/dir2
      > drwxr-x---+  - root root          0 TIME /user/hadoop/dir2
      0 -find /user/hadoop -name file* -print
      > /user/hadoop/dir2/file2
      0 -rm -r -skipTrash /user/hadoop/dir1
      > Deleted /user/hadoop/dir1
      - user/hadoop/dir1 755 0:0
      - user/hadoop/dir1/localfile 644 0:0 local\\n
      - user/hadoop/dir1/other 644 0:0 other\\n
      1 -rm /user/hadoop/dir2
      > rm: `/user/hadoop/dir2': Is a directory
      1 -cat /user/hadoop/none
      > cat: `/user/hadoop/none': No such file or directory
      """;

  private @TempDir Path scratch;
  private Path mnt;
  private DfsProcess cluster;

  @BeforeEach
  void up() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    assumeTrue("root".equals(System.getProperty("user.name")), "owners are set by root alone");
    mnt = scratch.resolve("mnt");
    cluster =
        DfsProcess.serve(scratch, "up", "--foreground", "--data", data(), "--", mnt.toString());
  }

  private String data() {
    return scratch.resolve("data").toString();
  }

  @AfterEach
  void end() throws Exception {
    if (cluster != null) {
      cluster.close();
      Shell.quietly("umount", "-l", mnt.toString());
    }
  }

  /** Path, mode, owner and contents of all that is at and below this. */
  private static void picture(Path top, String name, Map<String, String> all) throws IOException {
    try (Stream<Path> below = Files.walk(top)) {
      for (Path path : below.filter(each -> !each.equals(top)).toList()) {
        Map<String, Object> is = Files.readAttributes(path, "unix:mode,uid,gid");
        int mode = (Integer) Objects.requireNonNull(is.get("mode")) & 0777;
        String contents = Files.isDirectory(path) ? "" : " " + Files.readString(path);
        all.put(
            name + top.relativize(path),
            "%o %s:%s%s".formatted(mode, is.get("uid"), is.get("gid"), contents));
      }
    }
  }

  private Map<String, String> picture(Path local) throws IOException {
    Map<String, String> all = new TreeMap<>();
    picture(mnt, "", all);
    picture(local, "LOCAL/", all);
    return all;
  }

  private static List<String> changes(Map<String, String> before, Map<String, String> after) {
    List<String> changes = new ArrayList<>();
    Map<String, String> names = new TreeMap<>(before);
    names.putAll(after);
    for (String name : names.keySet()) {
      String was = before.get(name);
      String is = after.get(name);
      if (!Objects.equals(was, is)) {
        Stream.of(
                was == null ? "" : "- " + name + " " + was,
                is == null ? "" : "+ " + name + " " + is)
            .filter(line -> !line.isEmpty())
            .forEach(line -> changes.add(line.replace("\n", "\\n").stripTrailing()));
      }
    }
    return changes;
  }

  @Test
  void linesDoWhatTheyDoInHadoop() throws Exception {
    Path local = Files.createDirectory(scratch.resolve("local"));
    Files.writeString(local.resolve("localfile"), "local\n");
    Files.writeString(local.resolve("other"), "other\n");
    List<String> actual = new ArrayList<>();
    Map<String, String> before = picture(local);
    for (String line : LINES.lines().filter(each -> each.matches("\\d .*")).toList()) {
      List<String> words =
          new ArrayList<>(List.of(line.replace("LOCAL", local.toString()).split(" ", -1)));
      words.removeFirst();
      words.addAll(1, List.of("--data", data()));
      Result result = VerbRunner.runHere(words);
      actual.add(result.status() + line.substring(line.indexOf(' ')));
      (result.out() + result.err())
          .replaceAll("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d", "TIME")
          .lines()
          .forEach(each -> actual.add(("> " + each).stripTrailing()));
      Map<String, String> after = picture(local);
      actual.addAll(changes(before, after));
      before = after;
    }
    assertThat(String.join("\n", actual)).isEqualTo(LINES.strip());
    assertThat(LINES.lines().filter(each -> each.matches("\\d .*"))).hasSizeGreaterThan(20);
  }
}
