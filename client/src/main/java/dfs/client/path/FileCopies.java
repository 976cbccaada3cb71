package dfs.client.path;

import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.io.IOException;

/** Orders how many copies are kept of what a file has, one page of its map after the other. */
final class FileCopies {
  /** So often a file may be changed meanwhile. */
  private static final int CHANGES_MAX = 1000;

  private FileCopies() {}

  /** Asks the servers. */
  interface Asking {
    /**
     * The answer.
     *
     * @throws PathRefusedException if it is a refusal
     */
    Reply ask(Operation operation) throws IOException;
  }

  /** A page of a map, from an offset on. */
  static Reply.MapPage page(Asking asking, Attributes found, long from) throws IOException {
    Query query = new Query.ReadMap(found.ino(), from, Limits.FILE_SIZE_BYTES - from);
    if (!(asking.ask(query) instanceof Reply.MapPage page)) {
      throw new IOException("the servers' answer is no map");
    }
    return page;
  }

  /** Of the block that has fewest. */
  static int fewest(Asking asking, Attributes found) throws IOException {
    int fewest = Attributes.COPIES_MAX;
    long from = 0;
    do {
      Reply.MapPage page = page(asking, found, from);
      for (Reply.BlockPlace block : page.blocks()) {
        fewest = Math.min(fewest, block.servers().size());
      }
      from = page.endOffset();
    } while (from < found.sizeBytes());
    return fewest;
  }

  /**
   * Orders it.
   *
   * @param found a regular file
   * @param kept 1 to 8; 0: as the volume says
   * @param least so many a write needs; 0: 2, or 1 of one copy
   */
  static void order(Asking asking, Attributes found, int kept, int least) throws IOException {
    long from = 0;
    int changes = 0;
    do {
      Reply.MapPage page = page(asking, found, from);
      try {
        var _ =
            asking.ask(new Change.SetReplication(found.ino(), kept, from, page.endOffset(), least));
        from = page.endOffset();
      } catch (PathRefusedException e) {
        // Written in smaller pieces since it was looked at.
        if (e.errno() != Errno.EAGAIN || ++changes == CHANGES_MAX) {
          throw e;
        }
      }
    } while (from < found.sizeBytes());
  }
}
