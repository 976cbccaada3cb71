package dfs.client.path;

/**
 * How a file is opened, as open(2) has it.
 *
 * @param create make it if there is none
 * @param exclusive make it, and fail if there is something, a dangling link too
 * @param truncate empty it, if it is opened to be written
 * @param follow go where a symbolic link under the last name leads; otherwise it is ELOOP
 * @param permissions of a file that is made, before the umask
 * @param directory one may be opened, to be read: then it can be synced, and nothing else
 */
public record OpenMode(
    boolean read,
    boolean write,
    boolean create,
    boolean exclusive,
    boolean truncate,
    boolean follow,
    int permissions,
    boolean directory) {
  /** No directory may be opened. */
  public OpenMode(
      boolean read,
      boolean write,
      boolean create,
      boolean exclusive,
      boolean truncate,
      boolean follow,
      int permissions) {
    this(read, write, create, exclusive, truncate, follow, permissions, false);
  }

  /** What the server is asked for: 4 read, 2 write. */
  int access() {
    return (read ? 4 : 0) | (write ? 2 : 0);
  }
}
