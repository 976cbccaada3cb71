package dfs.cli.verb;

import java.nio.file.Path;

/**
 * A file as a command line names it.
 *
 * @param said what a person reads: the operand, and names below it
 * @param path absolute
 */
record Place(String said, Path path) {
  /** What is in the directory at this place. */
  Place child(String name) {
    String slash = said.endsWith("/") ? "" : "/";
    return new Place(said + slash + name, path.resolve(ByteText.path(path.getFileSystem(), name)));
  }

  /** An entry of a listing of this place. */
  Place entry(Path entry) {
    String slash = said.endsWith("/") ? "" : "/";
    return new Place(said + slash + ByteText.nameOf(entry), entry);
  }

  /** The last name of the path; empty for the root. */
  String name() {
    return ByteText.nameOf(path);
  }
}
