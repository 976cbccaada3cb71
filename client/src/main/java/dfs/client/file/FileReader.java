package dfs.client.file;

import com.google.protobuf.ByteString;
import dfs.client.block.BlockStore;
import dfs.client.block.NoSuchBlockException;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.block.BlockFault;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Reply.BlockPlace;
import dfs.protocol.metadata.Reply.MapPage;
import dfs.protocol.seam.Time;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a file: committed bytes by its map from blocks, then over them what this mount has not
 * committed. Where a block lies is asked again when a server does not have it.
 */
final class FileReader {
  static final int PLACE_ATTEMPTS = 3;
  static final long WAIT_NANOS = 250_000_000L;

  /** A read waits half a minute for a server before it fails. */
  static final int WAITS_MAX = 120;

  private static final Logger LOG = LoggerFactory.getLogger(FileReader.class);
  private static final long PAGE_BYTES = 256L << 20;
  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(64 << 10).asReadOnlyBuffer();

  private final MetadataSession session;
  private final BlockStore blocks;
  private final Time time;

  FileReader(MetadataSession session, BlockStore blocks, Time time) {
    this.session = session;
    this.blocks = blocks;
    this.time = time;
  }

  /** Fills {@code into} from {@code offset} on, up to the end of the file. */
  void read(FileState file, long offset, ByteBuffer into) throws IOException {
    int start = into.position();
    while (true) {
      into.position(start);
      long commits;
      file.lock.lock();
      try {
        commits = file.commits();
      } finally {
        file.lock.unlock();
      }
      int committed = readCommitted(file, offset, into);
      file.lock.lock();
      try {
        file.checkNothingLost();
        if (file.commits() == commits) {
          overlay(file, offset, into, start, committed);
          return;
        }
      } finally {
        file.lock.unlock();
      }
    }
  }

  /**
   * Lays the uncommitted over the range, which is filled up with zeros to where that ends. The
   * committed part ends where the map that was read had its end: what has become known of the file
   * since tells of bytes that nobody has read.
   */
  private static void overlay(
      FileState file, long offset, ByteBuffer into, int start, int committed) {
    int room = into.limit() - start;
    int length = Math.clamp(file.uncommittedEnd() - offset, committed, room);
    if (committed < length) {
      zero(into.position(start + committed), length - committed);
    }
    if (file.isDirty()) {
      file.overlay(offset, into.slice(start, length));
    }
    into.position(start + length);
  }

  /** Reads what is committed; returns how many bytes from the start on the file has. */
  private int readCommitted(FileState file, long offset, ByteBuffer into) throws IOException {
    int start = into.position();
    long at = offset;
    long end = offset + into.remaining();
    int waits = 0;
    for (int attempt = 0; at < end; ) {
      MapPage page = page(file, at, end - at, attempt > 0);
      long size = page.attributes().sizeBytes();
      end = Math.min(end, size);
      if (at >= end) {
        break;
      }
      long until = page.attributes().isInline() ? end : Math.min(end, page.endOffset());
      ByteBuffer part = into.slice(start + (int) (at - offset), (int) (until - at));
      try {
        fill(page, at, part);
      } catch (NoSuchBlockException e) {
        if (++attempt == PLACE_ATTEMPTS) {
          throw e;
        }
        continue;
      } catch (IOException e) {
        if (isFinal(e) || ++waits > WAITS_MAX) {
          throw e;
        }
        LOG.debug("inode {} waits for a chunk server: {}", file.ino, e.toString());
        time.pause(WAIT_NANOS);
        attempt = 1;
        continue;
      }
      at = until;
    }
    return (int) Math.max(0, end - offset);
  }

  /** Damaged bytes stay damaged; a server that is away may come back. */
  static boolean isFinal(IOException e) {
    return e instanceof BlockFault fault && fault.kind() != BlockFault.Kind.NOT_READY;
  }

  private MapPage page(FileState file, long at, long length, boolean afresh) throws IOException {
    boolean cache = session.lease() != LeaseMode.NONE;
    if (cache && !afresh) {
      file.lock.lock();
      try {
        MapPage known = file.isStale() ? null : file.page(at);
        if (known != null) {
          return known;
        }
      } finally {
        file.lock.unlock();
      }
    }
    long commits;
    file.lock.lock();
    try {
      commits = file.commits();
    } finally {
      file.lock.unlock();
    }
    Query.ReadMap query = new Query.ReadMap(file.ino, at, Math.max(length, PAGE_BYTES));
    Reply reply = session.call(Caller.ROOT, query);
    if (!(reply instanceof MapPage page)) {
      throw Refusals.exception("map of inode " + file.ino, reply);
    }
    file.lock.lock();
    try {
      boolean newest = page.attributes().change() >= file.attributes().change();
      if (file.commits() == commits && newest) {
        file.learn(page.attributes());
        if (afresh) {
          file.forgetPages();
        }
        if (cache) {
          file.keep(at, page);
        }
      }
    } finally {
      file.lock.unlock();
    }
    return page;
  }

  /**
   * Fills the whole of {@code into} with the file's bytes from {@code offset} on; holes are zeros.
   */
  private void fill(MapPage page, long offset, ByteBuffer into) throws IOException {
    if (page.attributes().isInline()) {
      ByteString inline = page.inline();
      int count = Math.clamp(inline.size() - offset, 0, into.remaining());
      if (count > 0) {
        inline.substring((int) offset, (int) offset + count).copyTo(into);
      }
      zero(into, into.remaining());
      return;
    }
    long at = offset;
    long end = offset + into.remaining();
    for (Extent extent : page.extents()) {
      if (extent.fileEnd() <= at || extent.fileOffset() >= end) {
        continue;
      }
      if (extent.fileOffset() > at) {
        zero(into, (int) (extent.fileOffset() - at));
        at = extent.fileOffset();
      }
      int count = (int) (Math.min(extent.fileEnd(), end) - at);
      if (extent.unwritten()) {
        zero(into, count);
      } else {
        long from = extent.blockOffset() + at - extent.fileOffset();
        blocks.read(place(page, extent.block()), from, into.slice(into.position(), count));
        into.position(into.position() + count);
      }
      at += count;
    }
    zero(into, (int) (end - at));
  }

  static BlockPlace place(MapPage page, long block) throws NoSuchBlockException {
    for (BlockPlace place : page.blocks()) {
      if (place.block() == block) {
        return place;
      }
    }
    throw new NoSuchBlockException("block " + block + " has no place in the map's page");
  }

  private static void zero(ByteBuffer into, int count) {
    for (int left = count; left > 0; left -= ZEROS.capacity()) {
      into.put(ZEROS.slice(0, Math.min(left, ZEROS.capacity())));
    }
  }
}
