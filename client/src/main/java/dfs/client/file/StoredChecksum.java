package dfs.client.file;

import dfs.client.block.BlockStore;
import dfs.client.block.NoSuchBlockException;
import dfs.protocol.block.Pieces;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Reply.BlockPlace;
import dfs.protocol.metadata.Reply.MapPage;
import dfs.protocol.seam.Time;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * CRC32C of what a file has, by its map: combined from the checksums that the copies of its blocks
 * keep, all of which have to say the same. No contents travel, but of a small file that lies in the
 * metadata. Called by {@link OpenFiles}; calls blocks.
 */
final class StoredChecksum {
  private final BlockStore blocks;
  private final Time time;
  private final OpenFiles.MapPages map;
  private int sum;

  /** Up to where it is the sum. */
  private long end;

  StoredChecksum(BlockStore blocks, Time time, OpenFiles.MapPages map) {
    this.blocks = blocks;
    this.time = time;
    this.map = map;
  }

  /** A run of bytes in a block. */
  private record Part(BlockPlace place, long offset, long length) {
    private boolean isFollowedBy(Extent extent) {
      return extent.block() == place.block() && extent.blockOffset() == offset + length;
    }
  }

  /** Asks for all of it; once. */
  int ask() throws IOException {
    int attempts = 0;
    int waits = 0;
    while (true) {
      MapPage page = map.page(end);
      long size = page.attributes().sizeBytes();
      if (end >= size) {
        return sum;
      }
      try {
        if (page.attributes().isInline()) {
          ByteBuffer inline = page.inline().asReadOnlyByteBuffer();
          inline.limit((int) Math.min(inline.limit(), size));
          inline.position((int) Math.min(inline.limit(), end));
          int length = inline.remaining();
          add(Pieces.checksum(inline, length), length);
          zerosTo(size);
        } else {
          extents(page, Math.min(size, page.endOffset()));
        }
        attempts = 0;
      } catch (NoSuchBlockException e) {
        if (++attempts == FileReader.PLACE_ATTEMPTS) {
          throw e;
        }
      } catch (IOException e) {
        if (FileReader.isFinal(e) || ++waits > FileReader.WAITS_MAX) {
          throw e;
        }
        time.pause(FileReader.WAIT_NANOS);
      }
    }
  }

  /** Goes on to {@code to} by a page that is complete up to there. */
  private void extents(MapPage page, long to) throws IOException {
    @Nullable Part part = null;
    for (Extent extent : page.extents()) {
      long from = Math.max(extent.fileOffset(), part == null ? end : end + part.length());
      long length = Math.min(extent.fileEnd(), to) - from;
      if (length <= 0) {
        continue;
      }
      boolean follows = part != null && from == extent.fileOffset() && from == end + part.length();
      if (part != null && follows && part.isFollowedBy(extent)) {
        part = new Part(part.place(), part.offset(), part.length() + length);
        continue;
      }
      add(part);
      zerosTo(from);
      if (extent.unwritten()) {
        part = null;
        zerosTo(from + length);
      } else {
        long offset = extent.blockOffset() + from - extent.fileOffset();
        part = new Part(FileReader.place(page, extent.block()), offset, length);
      }
    }
    add(part);
    zerosTo(to);
  }

  private void add(@Nullable Part part) throws IOException {
    if (part != null) {
      add(
          blocks.checksum(part.place(), part.offset(), Math.toIntExact(part.length())),
          part.length());
    }
  }

  private void add(int checksum, long length) {
    sum = Pieces.combine(sum, checksum, length);
    end += length;
  }

  private void zerosTo(long offset) {
    if (offset > end) {
      add(Pieces.ofZeros(offset - end), offset - end);
    }
  }
}
