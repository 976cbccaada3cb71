package dfs.client.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dfs.client.block.BlockStore;
import dfs.client.file.OpenFiles;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.seam.RealTime;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class ReplicationOfTreesTest {
  private static final long GONE_DIRECTORY = 2;
  private static final long GONE_FILE = 3;
  private static final long OTHERS = 4;
  private static final long FILE = 5;

  /** One copy is kept of it. */
  private static final long SINGLE = 6;

  /** From here on each directory is in the one before. */
  private static final long DEEP = 1000;

  private static final long DEEPEST = DEEP + 50_000;

  private final List<Long> asked = new ArrayList<>();
  private final List<Long> listed = new ArrayList<>();

  private static Attributes attributes(long ino) {
    FileType type = ino <= GONE_DIRECTORY || ino >= DEEP ? FileType.DIRECTORY : FileType.REGULAR;
    return new Attributes(ino, type, 0755, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, ino, 0);
  }

  private List<Long> below(long directory) {
    if (directory < DEEP) {
      return listed;
    }
    return directory < DEEPEST ? List.of(directory + 1) : List.of();
  }

  private Reply answer(Operation operation) {
    return switch (operation) {
      case Query.LookupPath q -> new Reply.Way(List.of(attributes(q.directory())));
      case Query.GetAttributes q -> new Reply.Entry(attributes(q.ino()));
      case Query.ListDirectory q ->
          new Reply.Listing(
              below(q.ino()).stream()
                  .map(
                      ino ->
                          new Reply.Dentry(
                              ByteString.copyFromUtf8("i" + ino),
                              ino,
                              attributes(ino).type(),
                              ino,
                              attributes(ino)))
                  .toList(),
              0,
              true);
      case Query.ReadMap q when q.ino() == GONE_FILE -> Reply.refused(Errno.ESTALE, "gone");
      case Query.ReadMap q ->
          new Reply.MapPage(
              attributes(q.ino()),
              q.offset() + q.lengthBytes(),
              ByteString.EMPTY,
              List.of(),
              List.of());
      case Change.SetReplication c when c.ino() == GONE_DIRECTORY ->
          Reply.refused(Errno.ESTALE, "gone");
      case Change.SetReplication c when c.ino() == SINGLE && c.copiesMin() > 1 ->
          Reply.refused(Errno.EINVAL, "at least 2 of 1 copies cannot be had");
      case Change.SetReplication c when c.ino() == OTHERS ->
          Reply.refused(Errno.EPERM, "somebody else's");
      case Change.SetReplication c -> {
        asked.add(c.ino());
        yield new Reply.Entry(attributes(c.ino()));
      }
      default -> throw new IllegalArgumentException(operation.toString());
    };
  }

  private static <T> T proxy(Class<T> type, Function<Object[], Object> answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) ->
                method.getName().equals("call") ? answer.apply(arguments) : null));
  }

  private VolumeTree tree(long... below) {
    for (long ino : below) {
      listed.add(ino);
    }
    MetadataSession session =
        proxy(MetadataSession.class, arguments -> answer((Operation) arguments[1]));
    OpenFiles files = new OpenFiles(session, proxy(BlockStore.class, a -> a), new RealTime());
    return new VolumeTree(session, files, Caller.ROOT, 0, new Random(1));
  }

  /** It was removed since its directory was listed. */
  @Test
  void whatIsRemovedMeanwhileKeepsNothingElseFromItsCopies() throws Exception {
    tree(GONE_DIRECTORY, GONE_FILE, FILE).setReplication("/", new VolumeTree.Copies(3, 0), true);
    assertThat(asked).containsExactly(Attributes.ROOT_INO, FILE);
  }

  @Test
  void aTreeMayBeDeep() throws Exception {
    tree(DEEP, FILE).setReplication("/", new VolumeTree.Copies(3, 0), true);
    assertThat(asked).hasSize((int) (DEEPEST - DEEP) + 3).contains(DEEPEST, FILE);
  }

  @Test
  void whatKeepsFewerCopiesThanAWriteIsToNeedIsLeftAndCounted() throws Exception {
    VolumeTree.Copies min = new VolumeTree.Copies(Change.SetReplication.KEEP, 2);
    assertThat(tree(SINGLE, FILE).setReplication("/", min, true)).isEqualTo(1);
    assertThat(asked).containsExactly(Attributes.ROOT_INO, FILE);
  }

  @Test
  void whatIsRefusedIsNamed() {
    VolumeTree tree = tree(OTHERS, FILE);
    assertThatThrownBy(() -> tree.setReplication("/", new VolumeTree.Copies(3, 0), true))
        .isInstanceOfSatisfying(
            PathRefusedException.class,
            refused -> {
              assertThat(refused.errno()).isEqualTo(Errno.EPERM);
              assertThat(refused.path()).isEqualTo("/i4");
            });
  }
}
