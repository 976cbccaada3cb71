package dfs.client.nio;

import dfs.client.path.At;
import dfs.client.path.PathCalls;
import dfs.protocol.metadata.Attributes;
import java.io.IOException;

/**
 * What an attribute view is of.
 *
 * @param follow of a symbolic link, what it leads to
 * @param shown the path as exceptions name it
 */
record Target(DfsFileSystem system, At at, boolean follow, String shown) {
  static Target of(DfsPath path, boolean follow) {
    return new Target(path.getFileSystem(), DfsFileSystem.at(path), follow, path.toString());
  }

  DfsAttributes attributes() throws IOException {
    Attributes stat = system.run(shown, null, volume -> volume.attributes(at, follow));
    return new DfsAttributes(stat, system.principals());
  }

  int copiesHere() throws IOException {
    return system.run(shown, null, volume -> volume.copiesHere(at, follow));
  }

  int checksum() throws IOException {
    return system.run(shown, null, volume -> volume.checksum(at, follow));
  }

  /**
   * Sets how many copies are kept.
   *
   * @throws IllegalArgumentException if they are not 0 to 8
   */
  void setCopies(int copies) throws IOException {
    if (copies < 0 || copies > Attributes.COPIES_MAX) {
      throw new IllegalArgumentException(
          "copies are 1 to " + Attributes.COPIES_MAX + ", or 0 as the volume says, not " + copies);
    }
    var _ =
        system.change(
            shown,
            null,
            volume -> {
              volume.setCopies(at, follow, copies);
              return true;
            });
  }

  void set(PathCalls.Setting setting) throws IOException {
    var _ = system.change(shown, null, volume -> volume.set(at, follow, setting));
  }
}
