package dfs.metadata.namespace;

import dfs.acl.Permissions;
import dfs.acl.Subject;
import dfs.metadata.records.Inode;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Errno;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongPredicate;

/**
 * Which inodes somebody can come to by looking names up, as path_resolution(7) has it: an inode
 * number is no way to a file. One look takes a read of each directory above, of most only once
 * where a file has several names.
 */
final class Reach {
  /** So many names of a file, after the primary one, are tried. */
  private static final int FURTHER_LINKS_MAX = 1000;

  private final NamespaceReader reader;
  private final Subject subject;
  private final LongPredicate open;
  private final Map<Long, Boolean> known = new HashMap<>();

  /**
   * @param open which directories the subject has open: a way may begin there
   */
  Reach(NamespaceReader reader, Subject subject, LongPredicate open) {
    this.reader = reader;
    this.subject = subject;
    this.open = open;
  }

  /** As {@link Namespace#wayTo}. */
  Errno wayTo(long ino) {
    Inode inode = reader.inode(ino);
    if (inode == null || ino == Attributes.ROOT_INO) {
      return Errno.OK;
    }
    if (inode.parent() == 0) {
      // A directory that was removed has nothing to be found in it; the top of a tree without a
      // name has all of that tree, and whoever puts it together names it to nobody but the log.
      boolean removed = inode.isDirectory() && inode.links() == 0;
      return removed ? Errno.OK : inode.isDirectory() ? Errno.EACCES : Errno.ESTALE;
    }
    return isSearchable(inode.parent()) || hasAnotherWay(ino, inode) ? Errno.OK : Errno.EACCES;
  }

  /** Whether there is a way to a file by a name that is not its first. */
  boolean hasAnotherWay(long ino, Inode inode) {
    if (inode.isDirectory() || inode.links() <= 1) {
      return false;
    }
    for (Key link : Tree.furtherLinks(reader, ino, FURTHER_LINKS_MAX)) {
      if (isSearchable(link.longAt(Long.BYTES))) {
        return true;
      }
    }
    return false;
  }

  /** Whether names can be looked up in a directory, and it can be come to. */
  boolean isSearchable(long directory) {
    Boolean answered = known.get(directory);
    if (answered != null) {
      return answered;
    }
    boolean searchable = climb(directory);
    known.put(directory, searchable);
    return searchable;
  }

  private boolean climb(long directory) {
    for (long at = directory; at != 0; ) {
      Inode inode = reader.inode(at);
      if (inode == null || !Permission.allows(reader, subject, at, inode, Permissions.EXECUTE)) {
        return false;
      }
      if (at == Attributes.ROOT_INO || open.test(at)) {
        return true;
      }
      at = inode.parent();
    }
    return false;
  }
}
