package dfs.client.path;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Attributes;

/**
 * A path and where it begins, as the calls of openat(2)'s kind take it.
 *
 * @param directory inode of the directory at which it begins
 * @param path names separated by slashes, any bytes but 0; empty: the directory itself
 */
public record At(long directory, ByteString path) {
  /** From the root of the volume on. */
  public static At root(ByteString path) {
    return new At(Attributes.ROOT_INO, path);
  }

  /** For people. */
  String text() {
    return path.toStringUtf8();
  }
}
