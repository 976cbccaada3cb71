package dfs.client.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A way costs one question, and one more for each symbolic link and each "..". */
class PathWalkTest {
  /** Inodes by the number of their directory and their name. */
  private final Map<String, Attributes> tree = new HashMap<>();

  private final Map<Long, String> targets = new HashMap<>();
  private final List<Query> asked = new ArrayList<>();
  private final PathWalk walk;
  private final Attributes root = inode(Attributes.ROOT_INO, FileType.DIRECTORY);

  PathWalkTest() {
    MetadataSession session =
        (MetadataSession)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {MetadataSession.class},
                (proxy, method, arguments) -> answer((Query) arguments[1]));
    walk = new PathWalk(session, Caller.ROOT, PathWalk.Absolute.FROM_ROOT);
    make(1, "a", 2, FileType.DIRECTORY);
    make(2, "b", 3, FileType.DIRECTORY);
    make(3, "f", 4, FileType.REGULAR);
    make(2, "to", 5, FileType.SYMLINK);
    targets.put(5L, "b/../b");
  }

  private static Attributes inode(long ino, FileType type) {
    return new Attributes(ino, type, 0755, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0);
  }

  private void make(long directory, String name, long ino, FileType type) {
    tree.put(directory + "/" + name, inode(ino, type));
  }

  private Reply answer(Query query) {
    asked.add(query);
    if (query instanceof Query.ReadLink link) {
      return new Reply.Value(ByteString.copyFromUtf8(targets.get(link.ino())));
    }
    Query.LookupPath path = (Query.LookupPath) query;
    List<Attributes> met = new ArrayList<>();
    met.add(path.directory() == root.ino() ? root : byNumber(path.directory()));
    for (ByteString name : path.names()) {
      Attributes next = tree.get(met.getLast().ino() + "/" + name.toStringUtf8());
      if (!met.getLast().isDirectory() || next == null) {
        break;
      }
      met.add(next);
    }
    return new Reply.Way(met);
  }

  private Attributes byNumber(long ino) {
    return tree.values().stream().filter(inode -> inode.ino() == ino).findFirst().orElseThrow();
  }

  /** Number of what a path leads to; 0: nothing has the last name. */
  private long to(String path) throws IOException {
    asked.clear();
    Attributes found = walk.to(path, true).found();
    return found == null ? 0 : found.ino();
  }

  @Test
  void whatLiesOnTheWayIsAskedForAtOnce() throws IOException {
    assertThat(to("/a/b/f")).isEqualTo(4);
    assertThat(asked).hasSize(1);
    assertThat(to("/")).isEqualTo(1);
    assertThat(asked).hasSize(1);
  }

  @Test
  void whatIsMissingIsKnownWithTheSameAnswer() throws IOException {
    assertThat(to("/a/b/none")).isZero();
    assertThat(asked).hasSize(1);
    assertThatExceptionOfType(PathRefusedException.class)
        .isThrownBy(() -> to("/a/none/f"))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    assertThat(asked).hasSize(1);
    assertThatExceptionOfType(PathRefusedException.class)
        .isThrownBy(() -> to("/a/b/f/g"))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOTDIR));
  }

  @Test
  void linksAndDotsAreFollowedOneByOne() throws IOException {
    assertThat(to("/a/to/f")).isEqualTo(4);
    assertThat(asked).hasSize(4);
    assertThat(to("/a/b/../b/./f")).isEqualTo(4);
    assertThat(asked).hasSize(3);
  }

  @Test
  void longWaysAndLongNamesAreNoneOfOneQuestion() throws IOException {
    make(1, "x", 9, FileType.DIRECTORY);
    make(9, "x", 9, FileType.DIRECTORY);
    assertThat(to("/x".repeat(150))).isEqualTo(9);
    assertThat(asked).hasSize(3);
    assertThatExceptionOfType(PathRefusedException.class)
        .isThrownBy(() -> to("/a/" + "n".repeat(256)))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENAMETOOLONG));
  }
}
