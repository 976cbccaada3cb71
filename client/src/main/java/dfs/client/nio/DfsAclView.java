package dfs.client.nio;

import java.io.IOException;
import java.nio.file.attribute.FileAttributeView;

/**
 * The POSIX.1e access control lists of a file, as {@code getfacl --omit-header} writes and {@code
 * setfacl} reads them: lines {@code user::rw-}, {@code user:NAME-OR-NUMBER:r--} and so on.
 * Attributes {@code dfs:acl} and {@code dfs:defaultAcl}.
 */
public interface DfsAclView extends FileAttributeView {
  @Override
  default String name() {
    return "dfs";
  }

  /** The access ACL; of a file that has none, what its permissions say. */
  String acl() throws IOException;

  /** The default ACL of a directory; empty if there is none. */
  String defaultAcl() throws IOException;

  /**
   * Sets the access ACL.
   *
   * @throws IllegalArgumentException that says which line is wrong
   */
  void setAcl(String text) throws IOException;

  /** Sets the default ACL of a directory; an empty text removes it. */
  void setDefaultAcl(String text) throws IOException;
}
