package dfs.cli.data;

import com.google.protobuf.ByteString;
import dfs.client.volume.ClusterKeyFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/** The cluster's key as a server takes it: made at the first start, readable by the owner alone. */
public final class OwnKey {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private OwnKey() {}

  /** The key of a directory, made if there is none. */
  public static ByteString take(DataDirectory data, RandomGenerator random) throws IOException {
    Optional<ByteString> known = ClusterKeyFile.read(data.clusterKey());
    return known.isPresent() ? known.get() : make(data, random);
  }

  /** Durable before it is used, and never there in part. */
  private static ByteString make(DataDirectory data, RandomGenerator random) throws IOException {
    byte[] key = new byte[ClusterKeyFile.KEY_BYTES];
    random.nextBytes(key);
    Path fresh = data.root().resolve("cluster.key.new");
    Files.deleteIfExists(fresh);
    try (FileChannel channel =
        FileChannel.open(
            fresh,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(OWNER_ONLY))) {
      ByteBuffer text =
          ByteBuffer.wrap(
              (HexFormat.of().formatHex(key) + "\n").getBytes(StandardCharsets.US_ASCII));
      while (text.hasRemaining()) {
        channel.write(text);
      }
      channel.force(true);
    }
    Files.move(fresh, data.clusterKey(), StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel directory = FileChannel.open(data.root(), StandardOpenOption.READ)) {
      directory.force(true);
    }
    return ByteString.copyFrom(key);
  }
}
