package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.client.nio.DfsAclView;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** A copy lets nobody in whom its source, or what it replaces, kept out. */
@Timeout(120)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class CopiedAccessTest {
  /** The mode shows the mask for the group, which may do nothing. */
  private static final String LIST =
      "user::rw-\nuser:54321:rwx\ngroup::---\nmask::rwx\nother::---\n";

  private @TempDir Path scratch;

  @SuppressWarnings("NullAway.Init")
  private DfsProcess servers;

  @SuppressWarnings("NullAway.Init")
  private FileSystem volume;

  @SuppressWarnings("NullAway.Init")
  private String data;

  @BeforeEach
  void start() throws Exception {
    data = scratch.resolve("data").toString();
    servers = DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", data);
    volume = FileSystems.newFileSystem(URI.create("dfs:///"), Map.of("data", data));
  }

  @AfterEach
  void stop() throws Exception {
    volume.close();
    servers.close();
  }

  private static DfsAclView view(Path path) {
    return Files.getFileAttributeView(path, DfsAclView.class);
  }

  private static int mode(Path path) throws Exception {
    return (int) Files.getAttribute(path, "unix:mode") & 07777;
  }

  @Test
  void listsAreKeptAndOpenNothing() throws Exception {
    Path file = Files.writeString(volume.getPath("/private"), "x");
    view(file).setAcl(LIST);
    DfsProcess.runTo(0, scratch, "cp", "-p", "--data", data, "dfs:///private", "dfs:///copy");
    assertThat(view(volume.getPath("/copy")).acl()).isEqualTo(LIST);
    Path got = scratch.resolve("got");
    DfsProcess.runTo(0, scratch, "get", "-p", "--data", data, "/private", got.toString());
    assertThat(mode(got)).isEqualTo(0600);
    DfsProcess.runTo(0, scratch, "put", "-f", "--data", data, got.toString(), "/private");
    assertThat(view(file).acl()).isEqualTo(LIST);
  }

  @Test
  void whatReplacesAProgramOfAnotherUserDoesNotRunAsThatUser() throws Exception {
    Path program = Files.writeString(volume.getPath("/program"), "x");
    Files.setAttribute(program, "unix:uid", 1000);
    Files.setAttribute(program, "unix:mode", 04755);
    Path mine = Files.writeString(scratch.resolve("mine"), "y");
    DfsProcess.runTo(0, scratch, "put", "-f", "--data", data, mine.toString(), "/program");
    assertThat(mode(program)).isEqualTo(0755);
  }

  /** A directory's default list is for what is made there, not for what is kept as it was. */
  @Test
  void whatIsKeptAsItWasGetsNoListOfItsDirectory() throws Exception {
    Path directory = Files.createDirectory(volume.getPath("/shared"));
    view(directory).setDefaultAcl("user::rwx\nuser:54321:rwx\ngroup::rwx\nmask::rwx\nother::---\n");
    Path tree = Files.createDirectory(scratch.resolve("tree"));
    Path file = Files.writeString(tree.resolve("f"), "x");
    Files.setAttribute(file, "unix:mode", 0640);
    Files.setAttribute(tree, "unix:mode", 0750);
    DfsProcess.runTo(0, scratch, "put", "-rp", "--data", data, tree.toString(), "/shared");
    assertThat(view(directory.resolve("tree/f")).acl())
        .isEqualTo("user::rw-\ngroup::r--\nother::---\n");
    assertThat(view(directory.resolve("tree")).acl())
        .isEqualTo("user::rwx\ngroup::r-x\nother::---\n");
    assertThat(view(directory.resolve("tree")).defaultAcl()).isEmpty();
    DfsProcess.runTo(0, scratch, "put", "-p", "--data", data, file.toString(), "/shared/f");
    assertThat(view(directory.resolve("f")).acl()).isEqualTo("user::rw-\ngroup::r--\nother::---\n");
  }

  /** Somebody's file stays hers when root replaces it. */
  @Test
  void whatReplacesAFileHasItsOwnerAndGroup() throws Exception {
    Path file = Files.writeString(volume.getPath("/hers"), "x");
    Files.setAttribute(file, "unix:uid", 1000);
    Files.setAttribute(file, "unix:gid", 1001);
    Files.setAttribute(file, "unix:mode", 0660);
    Path mine = Files.writeString(scratch.resolve("mine"), "y");
    DfsProcess.runTo(0, scratch, "put", "-f", "--data", data, mine.toString(), "/hers");
    assertThat(Files.readString(file)).isEqualTo("y");
    assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(1000);
    assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(1001);
    assertThat(mode(file)).isEqualTo(0660);
  }
}
