package dfs.cli.daemon;

import dfs.chunk.server.ChunkServer;
import dfs.cli.config.ChunkConfig;
import dfs.cli.data.DataDirectory;
import dfs.cli.data.KnownDirectories;
import dfs.cli.data.KnownDirectories.Known;
import dfs.client.volume.ChunkAddress;
import dfs.protocol.seam.RealDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory of blocks and where they are served: one that a file names, or one of those in a
 * cluster's data directory. Asked by {@link ChunkRoles} before it starts a chunk server there, and
 * told of what is there afterwards; by one thread.
 *
 * @param name for people
 * @param address under which it is registered
 * @param socket where others find what is registered by a name of this process
 * @param weight in thousandths
 * @param known what was there before, for a directory that a file names
 * @param making what is done before it is looked at
 */
record BlockPlace(
    String name,
    Path path,
    String address,
    Optional<Path> socket,
    int weight,
    @Nullable KnownDirectories known,
    Making making) {
  private static final Logger LOG = LoggerFactory.getLogger(BlockPlace.class);

  /** Every ext4 has the one; the other is ours. */
  private static final Set<String> NO_BLOCKS = Set.of("lost+found", "lock");

  /** Makes a directory that is missing. */
  interface Making {
    void make() throws IOException;
  }

  /** One in a cluster's data directory, made if it is missing. */
  static BlockPlace numbered(DataDirectory data, int number) {
    return new BlockPlace(
        DataDirectory.chunkName(number),
        data.chunk(number),
        ChunkAddress.of(number),
        Optional.of(data.chunkSocket(number)),
        ChunkServer.Config.WEIGHT_USUAL,
        null,
        () -> data.createChunk(number));
  }

  /** One that a file names. */
  static BlockPlace named(
      ChunkConfig config, ChunkConfig.Directory directory, KnownDirectories known) {
    return new BlockPlace(
        directory.path().toString(),
        directory.path(),
        "unix:" + config.socket(directory),
        Optional.empty(),
        directory.weight(),
        known,
        () -> {});
  }

  /**
   * Whether it is what it is thought to be, once it was made if it is to be: the disk of a
   * directory that a file names may not be mounted, and its mount point is no new directory.
   *
   * @throws IOException that says what to do
   */
  void check() throws IOException {
    making.make();
    if (known == null) {
      return;
    }
    Optional<Known> before = known.at(path);
    if (!Files.isDirectory(path)) {
      throw new IOException(
          before.isPresent()
              ? "%s does not exist any more: mount its disk".formatted(path)
              : "%1$s does not exist: mount its disk, or make it with: mkdir -p %1$s"
                  .formatted(path));
    }
    if (ChunkServer.hasIdentity(new RealDisk(path))) {
      return;
    }
    if (before.isPresent()) {
      throw new IOException(
          ("%1$s was that of chunk server %2$d and has no identity any more: mount its disk. If"
                  + " that is gone for good, start it once as a new chunk server with: --new %1$s")
              .formatted(path, before.get().server()));
    }
    try (Stream<Path> entries = Files.list(path)) {
      if (entries.anyMatch(entry -> !NO_BLOCKS.contains(String.valueOf(entry.getFileName())))) {
        throw new IOException(
            "%s has files in it that are not of dfs: name an empty directory".formatted(path));
      }
    }
  }

  /** It is served, by this server, and that is kept in mind; another than before is said loudly. */
  void isServed(String directory, long server) throws IOException {
    if (known == null) {
      return;
    }
    Optional<Known> before = known.at(path);
    if (before.isPresent() && !before.get().directory().equals(directory)) {
      String said =
          "%1$s is another directory than before: chunk server %2$d, not %3$d; the blocks of %3$d are not there"
              .formatted(path, server, before.get().server());
      LOG.warn(said);
      System.err.println("dfs: " + said);
    }
    known.put(path, new Known(directory, server));
  }
}
