package dfs.cli.data;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * The cluster's key: who has it may do everything. Made at the first start, readable by the owner
 * alone, and refused when it is not.
 */
public final class ClusterKeyFile {
  private static final int KEY_BYTES = 32;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private ClusterKeyFile() {}

  /** The key of a directory, made if there is none. */
  public static ByteString take(DataDirectory data, RandomGenerator random) throws IOException {
    Optional<ByteString> known = read(data.clusterKey());
    return known.isPresent() ? known.get() : make(data, random);
  }

  /** The key, if this process may read it; who may not is known by the socket it comes from. */
  public static Optional<ByteString> ifReadable(DataDirectory data) throws IOException {
    try {
      return read(data.clusterKey());
    } catch (AccessDeniedException e) {
      return Optional.empty();
    }
  }

  /**
   * The key in a file; empty if there is no such file.
   *
   * @throws IOException when it is no key, or others may read it
   */
  public static Optional<ByteString> read(Path file) throws IOException {
    String text;
    try {
      text = Files.readString(file, StandardCharsets.US_ASCII).strip();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
    if (!OWNER_ONLY.containsAll(permissions)) {
      throw new IOException(
          "%s can be read by others (%s): the key may be known; chmod 600 it if it is not"
              .formatted(file, PosixFilePermissions.toString(permissions)));
    }
    try {
      byte[] key = HexFormat.of().parseHex(text);
      if (key.length == KEY_BYTES) {
        return Optional.of(ByteString.copyFrom(key));
      }
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " is not a key: " + e.getMessage(), e);
    }
    throw new IOException(file + " is not a key of " + KEY_BYTES + " bytes");
  }

  /** Durable before it is used, and never there in part. */
  private static ByteString make(DataDirectory data, RandomGenerator random) throws IOException {
    byte[] key = new byte[KEY_BYTES];
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
