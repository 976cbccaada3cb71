package dfs.protocol.session;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Upkeep;
import dfs.protocol.wire.RecordCodec;
import dfs.protocol.wire.Tag;
import java.util.List;

/**
 * From the metadata server to a chunk server. Orders bear the (term, index) they were given under.
 */
public sealed interface ChunkOrder {
  RecordCodec<ChunkOrder> CODEC = RecordCodec.of(ChunkOrder.class);

  /** The first message: show the cluster key over this. */
  @Tag(1)
  record Challenge(ByteString nonce) implements ChunkOrder {}

  /**
   * Known by this id from now on, with the keys that capabilities are checked with, newest last.
   *
   * @param proof {@link KeyProof#TO_CHUNK_SERVER}: without it nothing here, nor what follows, is
   *     believed
   */
  @Tag(2)
  record Welcome(long server, ByteString cluster, List<Key> keys, long term, ByteString proof)
      implements ChunkOrder {
    public Welcome {
      keys = List.copyOf(keys);
    }
  }

  /** A capability key. */
  record Key(int id, ByteString secret) {}

  /**
   * Delete dead blocks. A server whose allocation mark is behind a block's id, or whose term is
   * older than one seen, is not obeyed.
   */
  @Tag(3)
  record Delete(List<Long> blocks, long allocationMark, long term, long index)
      implements ChunkOrder {
    public Delete {
      blocks = List.copyOf(blocks);
    }
  }

  /**
   * Fence these open blocks (epoch and all below), seal them at the longest valid prefix, answer
   * Sealed.
   */
  @Tag(4)
  record SealLongest(List<ChunkMessage.BlockState> blocks, long term, long index)
      implements ChunkOrder {
    public SealLongest {
      blocks = List.copyOf(blocks);
    }
  }

  @Tag(5)
  record Refused(String reason) implements ChunkOrder {}

  /**
   * Seal these blocks, if they are open, at just these lengths, which were durable on all members:
   * what is longer is cut. A replica that is shorter stays as it is. Answered, after a look whether
   * their files are there, by a {@link ChunkMessage.Report} of them.
   */
  @Tag(6)
  record SealAt(List<ChunkMessage.BlockState> blocks, long term, long index) implements ChunkOrder {
    public SealAt {
      blocks = List.copyOf(blocks);
    }
  }

  /**
   * Make a copy of a sealed block, from whichever of the sources has it intact, durable before it
   * is reported by a {@link ChunkMessage.Report}. A copy that fails is reported by {@link
   * ChunkMessage.CopyFailed}, and nothing of it is left. A replica that is damaged or ends
   * elsewhere is replaced, once the sources are known to have the whole block.
   *
   * @param session and {@code packed}, as the block was created
   * @param sources addresses of servers that have it, the best first
   * @param capability to read the whole block
   */
  @Tag(7)
  record Copy(
      ChunkMessage.BlockState block,
      long session,
      boolean packed,
      List<String> sources,
      ByteString capability,
      long term,
      long index)
      implements ChunkOrder {
    public Copy {
      sources = List.copyOf(sources);
    }
  }

  /**
   * Put a block together from ranges of sealed blocks, durable before it is reported by a {@link
   * ChunkMessage.Report}. When it fails that is reported by {@link ChunkMessage.CopyFailed}, and
   * nothing of it is left. A block of this id that is sealed already is reported, if it has this
   * length, and never touched.
   *
   * @param block with the length that it will have
   * @param packed whether it is for more than one file
   * @param sources every block that parts are of
   * @param parts by where they go: each begins at a checksum unit, there and in its own block, and
   *     ends at one or with its block, in which case zeros follow up to the next unit
   */
  @Tag(8)
  record Compact(
      ChunkMessage.BlockState block,
      boolean packed,
      List<Source> sources,
      List<Upkeep.Move> parts,
      long term,
      long index)
      implements ChunkOrder {
    public Compact {
      sources = List.copyOf(sources);
      parts = List.copyOf(parts);
    }
  }

  /** Trust capabilities of these keys, and of no others, newest last. */
  @Tag(9)
  record Trust(List<Key> keys, long term, long index) implements ChunkOrder {
    public Trust {
      keys = List.copyOf(keys);
    }
  }

  /**
   * A sealed block to read from.
   *
   * @param addresses of servers that have it, the best first
   * @param capability to read the whole block
   */
  record Source(
      long block, long epoch, long lengthBytes, List<String> addresses, ByteString capability) {
    public Source {
      addresses = List.copyOf(addresses);
    }
  }
}
