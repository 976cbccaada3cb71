package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.system.VerbRunner.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The most usual lines of users of {@code hdfs dfs}, as Hadoop's guide to its shell has them, one
 * after the other: status, what is written, and in the end what the mount shows.
 */
@Timeout(180)
@Tag("side-by-side")
class HadoopLinesTest {
  /** Status, then the line; what it writes follows behind {@code >}, out and err. */
  private static final String LINES =
      """
      0 -mkdir -p /user/hadoop/dir1 /user/hadoop/dir2
      0 -put LOCAL/localfile /user/hadoop/hadoopfile
      1 -put LOCAL/localfile /user/hadoop/hadoopfile
      > put: `/user/hadoop/hadoopfile': File exists
      0 -put -f LOCAL/localfile LOCAL/other /user/hadoop/dir1
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
      0 -cp /user/hadoop/hadoopfile /user/hadoop/file2
      0 -mv /user/hadoop/file2 /user/hadoop/dir2
      0 -appendToFile LOCAL/other /user/hadoop/hadoopfile
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
      0 -chown 65534:65534 /user/hadoop/dir2/file2
      0 -touchz /user/hadoop/empty
      0 -getmerge -nl /user/hadoop/dir1 LOCAL/merged
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

  @Test
  void linesDoWhatTheyDoInHadoop() throws Exception {
    Path local = Files.createDirectory(scratch.resolve("local"));
    Files.writeString(local.resolve("localfile"), "local\n");
    Files.writeString(local.resolve("other"), "other\n");
    List<String> actual = new ArrayList<>();
    for (String line : LINES.lines().filter(each -> !each.startsWith(">")).toList()) {
      List<String> words =
          new ArrayList<>(List.of(line.replace("LOCAL", local.toString()).split(" ")));
      words.removeFirst();
      words.addAll(1, List.of("--data", data()));
      Result result = VerbRunner.runHere(words);
      actual.add(result.status() + line.substring(line.indexOf(' ')));
      (result.out() + result.err())
          .replaceAll("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d", "TIME")
          .lines()
          .forEach(each -> actual.add(("> " + each).stripTrailing()));
    }
    assertThat(String.join("\n", actual)).isEqualTo(LINES.strip());
    assertThat(Shell.run(mnt, "cd user/hadoop; ls; cat hadoopfile; stat -c '%a %u' dir2/file2"))
        .isEqualTo("dir2\nempty\nhadoopfile\nlocal\nother\n750 65534");
    assertThat(local.resolve("got")).hasContent("local\n");
    assertThat(local.resolve("merged")).hasContent("local\n\nother\n\n");
  }
}
