package dfs.client.file;

import dfs.client.metadata.MetadataSession;
import dfs.protocol.Limits;
import dfs.protocol.block.BlockFault;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.BlockEnd;
import dfs.protocol.metadata.Change.BlockWish;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Reply.BlockGrant;
import dfs.protocol.metadata.Reply.MapPage;
import java.io.IOException;
import java.util.List;

/**
 * What a {@link FileWriter} asks the metadata server and tells it: one round trip each; refusals
 * are exceptions.
 */
final class FileMetadata {
  private final MetadataSession session;

  FileMetadata(MetadataSession session) {
    this.session = session;
  }

  Attributes attributes(long ino) throws IOException {
    Reply reply = session.call(Caller.ROOT, new Query.GetAttributes(ino));
    if (reply instanceof Reply.Entry entry) {
      return entry.attributes();
    }
    throw Refusals.exception("inode " + ino, reply);
  }

  /** The contents of an inline file, and the attributes it has them with. */
  MapPage inline(long ino) throws IOException {
    Reply reply = session.call(Caller.ROOT, new Query.ReadMap(ino, 0, Limits.INLINE_BYTES));
    if (reply instanceof MapPage page) {
      return page;
    }
    throw Refusals.exception("contents of inode " + ino, reply);
  }

  BlockGrant allocate(BlockWish wish) throws IOException {
    Reply reply = session.call(Caller.ROOT, new Change.AllocateBlock(wish));
    if (reply instanceof Reply.Allocated allocated) {
      return allocated.grant();
    }
    if (reply instanceof Reply.Refused refused && refused.errno() == Errno.EAGAIN) {
      throw new BlockFailedException(new IOException(refused.detail()));
    }
    if (reply instanceof Reply.Refused refused && refused.errno() == Errno.EBUSY) {
      throw new BlockFailedException(
          new BlockFault(BlockFault.Kind.NO_SPACE, String.valueOf(refused.detail())));
    }
    throw Refusals.exception("a new block", reply);
  }

  /**
   * Commits to a file.
   *
   * @throws ChangedMeanwhileException if it was expected to be what it is not any more
   * @throws OtherMapException if it has another map by now, and nothing was expected of it
   */
  Reply.Committed send(FileState file, Change.Commit change) throws IOException {
    Reply reply = session.call(Caller.ROOT, change);
    if (reply instanceof Reply.Committed committed) {
      return committed;
    }
    if (reply instanceof Reply.Refused refused && refused.errno() == Errno.EAGAIN) {
      throw new ChangedMeanwhileException(refused.detail());
    }
    if (reply instanceof Reply.Refused refused && isOtherMap(file, refused)) {
      if (change.expectedChange() != 0) {
        throw new ChangedMeanwhileException(refused.detail());
      }
      throw new OtherMapException(refused.detail());
    }
    throw Refusals.exception("commit to inode " + file.ino, reply);
  }

  /** A session that is over hears the same; its file is what it was. */
  private boolean isOtherMap(FileState file, Reply.Refused refused) throws IOException {
    if (refused.errno() != Errno.ESTALE) {
      return false;
    }
    long map = file.attributes().map();
    Reply now = session.call(Caller.ROOT, new Query.GetAttributes(file.ino));
    return now instanceof Reply.Entry entry && entry.attributes().map() != map;
  }

  /** Says that blocks are sealed, or closed; no round trip if there are none. */
  void end(List<BlockEnd> ends) throws IOException {
    if (!ends.isEmpty()) {
      Reply reply = session.call(Caller.ROOT, new Change.SealBlocks(ends));
      if (!(reply instanceof Reply.Done)) {
        throw Refusals.exception("end of blocks " + ends, reply);
      }
    }
  }
}
