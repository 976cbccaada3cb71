package dfs.fuse.vfs;

import dfs.client.block.BlockStore;
import dfs.client.metadata.MetadataSession;
import java.io.IOException;

/** Where a mount gets its session from, and the next one when that is over. */
public interface Sessions {
  /**
   * Opens a session, which hears nobody yet; the one before it has been closed. May block, in
   * bounds.
   */
  MetadataSession open() throws IOException;

  /** The blocks of the cluster for the writers of this session, and for no other's. */
  BlockStore blocks(MetadataSession session);
}
