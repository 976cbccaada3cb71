package dfs.client.volume;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;

/**
 * The cluster's key as it lies in a file: who has it may do everything. Refused when others than
 * the owner may read it.
 */
public final class ClusterKeyFile {
  public static final int KEY_BYTES = 32;

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private ClusterKeyFile() {}

  /** The key, if this process may read it; who may not is known by the socket it comes from. */
  public static Optional<ByteString> ifReadable(Path file) throws IOException {
    try {
      return read(file);
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
}
