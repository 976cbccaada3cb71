package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Java in the hands of a user who has not the cluster's key. */
@Timeout(300)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class OrdinaryUserTest {
  private static final int LARGE = 100_000;

  private @TempDir Path scratch;
  private Path data;
  private DfsProcess servers;
  private FileSystem root;
  private UserProcess user;

  @BeforeEach
  void start() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "becoming somebody else needs root");
    Shell.run(scratch, "chmod 755 .");
    data = scratch.resolve("data");
    serve();
    root = FileSystems.newFileSystem(URI.create("dfs:///"), Map.of("data", data));
    setMode("/", "rwxrwxrwx");
    List<String> java = VerbRunner.command(scratch.resolve("classes"));
    user = UserProcess.start(java, data, scratch.resolve("err"));
  }

  private void serve() throws Exception {
    servers =
        DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", data.toString());
  }

  @AfterEach
  void stop() throws Exception {
    if (user != null) {
      user.close();
      root.close();
      servers.close();
    }
  }

  private Path path(String name) {
    return root.getPath(name);
  }

  private void setMode(String name, String mode) throws Exception {
    Files.setPosixFilePermissions(path(name), PosixFilePermissions.fromString(mode));
  }

  private String user(String line) throws Exception {
    return user.tell(line.split(" ", -1));
  }

  @Test
  void whatIsReadOnlyIsCopied() throws Exception {
    for (String contents : List.of("small", "x".repeat(LARGE))) {
      assertThat(user("make /f rw-------")).isEqualTo("made");
      assertThat(user("write /f " + contents)).isEqualTo("written");
      assertThat(user("close /f")).isEqualTo("closed");
      assertThat(user("chmod /f r--r--r--")).isEqualTo("changed");
      assertThat(user("copy /f /g")).isEqualTo("copied");
      assertThat(Files.readString(path("/g"))).isEqualTo(contents);
      Files.delete(path("/f"));
      Files.delete(path("/g"));
    }
  }

  /** Whatever becomes of its mode, and of the server. */
  @Test
  void whatIsOpenToBeWrittenIsWritten() throws Exception {
    Files.writeString(path("/theirs"), "before");
    setMode("/theirs", "rw-rw-rw-");
    assertThat(user("open /theirs write")).isEqualTo("open");
    setMode("/theirs", "---------");
    assertThat(user("write /theirs after.")).isEqualTo("written");
    assertThat(user("close /theirs")).isEqualTo("closed");
    assertThat(Files.readString(path("/theirs"))).isEqualTo("after.");
    assertThat(user("open /theirs write")).isEqualTo("!AccessDeniedException");
    assertThat(user("make /own r--------")).isEqualTo("made");
    assertThat(user("write /own one")).isEqualTo("written");
    servers.kill();
    serve();
    assertThat(user("write /own two")).isEqualTo("written");
    assertThat(user("close /own")).isEqualTo("closed");
    assertThat(Files.readString(path("/own"))).isEqualTo("onetwo");
  }

  @Test
  void anInodeNumberIsNoWayToAFile() throws Exception {
    Files.createDirectory(path("/d"));
    Files.writeString(path("/d/f"), "contents");
    String number = Files.getAttribute(path("/d/f"), "unix:ino").toString();
    assertThat(user("by-number " + number)).isEqualTo("OK OK OK ENODATA");
    setMode("/d", "rwx------");
    // What it opened a moment ago is open still.
    assertThat(user("by-number " + number)).isEqualTo("OK OK OK ENODATA");
    Files.writeString(path("/d/g"), "secret");
    String other = Files.getAttribute(path("/d/g"), "unix:ino").toString();
    assertThat(user("by-number " + other)).isEqualTo("EACCES EACCES EACCES EACCES");
    Files.createLink(path("/g"), path("/d/g"));
    assertThat(user("by-number " + other)).isEqualTo("OK OK OK ENODATA");
  }

  @Test
  void whatIsOpenIsReadWhenItsDirectoryIsClosed() throws Exception {
    Files.createDirectory(path("/d"));
    Files.writeString(path("/d/f"), "contents");
    assertThat(user("open /d/f read")).isEqualTo("open");
    setMode("/d", "rwx------");
    assertThat(user("read /d/f")).isEqualTo("contents");
    Files.move(path("/d/f"), path("/d/g"));
    assertThat(user("read /d/f")).isEqualTo("contents");
    Files.delete(path("/d/g"));
    assertThat(user("read /d/f")).isEqualTo("contents");
    assertThat(user("close /d/f")).isEqualTo("closed");
    assertThat(user("open /d/f read")).isEqualTo("!AccessDeniedException");
  }
}
