package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dfs.cli.verb.SwappedTree;
import dfs.client.nio.DfsAclView;
import dfs.client.nio.DfsFileView;
import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** A link that somebody puts in the place of a directory leads no verb to other files. */
@Timeout(120)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class SwappedTreeTest {
  private static final String LIST =
      "user::rw-\nuser:54321:rwx\ngroup::---\nmask::rwx\nother::---\n";

  private @TempDir Path scratch;

  @SuppressWarnings("NullAway.Init")
  private DfsProcess servers;

  @SuppressWarnings("NullAway.Init")
  private FileSystem volume;

  @BeforeEach
  void start() throws Exception {
    String data = scratch.resolve("data").toString();
    servers = DfsProcess.serve(scratch, "up", "--foreground", "--no-mount", "--data", data);
    volume = FileSystems.newFileSystem(URI.create("dfs:///"), Map.of("data", data));
  }

  @AfterEach
  void stop() throws Exception {
    volume.close();
    servers.close();
  }

  private Path tree(String name) throws IOException {
    Path root = volume.getPath("/", name);
    for (String directory : List.of("tree/d", "victim")) {
      Path file = Files.createDirectories(root.resolve(directory)).resolve("same");
      Files.setAttribute(Files.writeString(file, "x"), "unix:mode", 0600);
    }
    return root;
  }

  @Test
  void aVerbStaysInTheTree() throws Exception {
    Path modes = tree("modes");
    Path lists = tree("lists");
    Path copies = tree("copies");
    try (SwappedTree swapped = new SwappedTree(modes)) {
      assertThat(swapped.chmod("4666")).isEmpty();
    }
    try (SwappedTree swapped = new SwappedTree(lists)) {
      assertThat(swapped.setfacl("u:54321:rwx")).isEmpty();
    }
    try (SwappedTree swapped = new SwappedTree(copies)) {
      assertThat(swapped.setrep(2)).isEmpty();
    }
    assertThat(Files.getAttribute(modes.resolve("victim/same"), "unix:mode")).isEqualTo(0100600);
    assertThat(Files.getAttribute(modes.resolve("aside/same"), "unix:mode")).isEqualTo(0104666);
    assertThat(Files.getAttribute(lists.resolve("victim/same"), "dfs:acl"))
        .isEqualTo("user::rw-\ngroup::---\nother::---\n");
    assertThat(Files.getAttribute(lists.resolve("aside/same"), "dfs:acl")).isEqualTo(LIST);
    assertThat(Files.getAttribute(copies.resolve("victim/same"), "dfs:copies")).isEqualTo(0);
    assertThat(Files.getAttribute(copies.resolve("aside/same"), "dfs:copies")).isEqualTo(2);
  }

  /** What a name led to when it was listed is met, and not what it leads to by then. */
  @Test
  void whatIsMetLiesInTheTree() throws Exception {
    Path root = tree("met");
    for (String directory : List.of("tree/d", "victim")) {
      Files.writeString(root.resolve(directory).resolve("second"), "x");
    }
    Object same = Files.getAttribute(root.resolve("tree/d/same"), "unix:ino");
    Object second = Files.getAttribute(root.resolve("tree/d/second"), "unix:ino");
    try (SwappedTree swapped = new SwappedTree(root)) {
      assertThat(swapped.met()).map(Object.class::cast).containsExactlyInAnyOrder(same, second);
    }
  }

  /** Nor does one in the place of the file itself. */
  @Test
  void aLinkInThePlaceOfAFileIsNotFollowed() throws Exception {
    Path root = tree("links");
    Path directory = root.resolve("tree/d");
    Files.delete(directory.resolve("same"));
    Files.createSymbolicLink(directory.resolve("same"), root.resolve("victim/same"));
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      SecureDirectoryStream<Path> in = (SecureDirectoryStream<Path>) stream;
      Path name = volume.getPath("same");
      DfsFileView file =
          in.getFileAttributeView(name, DfsFileView.class, LinkOption.NOFOLLOW_LINKS);
      DfsAclView acl = in.getFileAttributeView(name, DfsAclView.class, LinkOption.NOFOLLOW_LINKS);
      file.setMode(0666);
      assertThatThrownBy(() -> file.setCopies(2)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> acl.setAcl(LIST)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> file.setCopies(9)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(Files.getAttribute(root.resolve("victim/same"), "unix:mode")).isEqualTo(0100600);
    assertThat(Files.getAttribute(root.resolve("victim/same"), "dfs:copies")).isEqualTo(0);
  }
}
