package dfs.client.nio;

import dfs.client.path.At;
import java.io.IOException;

/** What a channel needs of its file system. */
interface Owner {
  /** Where its calls run. */
  Calls threads();

  /** A part has ended. */
  void ended(Part part);

  /** Removes a name if it is still that of this inode; on a thread of {@link #threads}. */
  void unlinkIfSame(At at, long ino) throws IOException;
}
