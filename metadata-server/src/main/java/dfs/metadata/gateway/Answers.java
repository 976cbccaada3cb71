package dfs.metadata.gateway;

import dfs.metadata.keeper.CapabilityKeys;
import dfs.metadata.keeper.ChunkServers;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Reply;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts into answers what the state machine does not know: addresses of servers, leave to touch
 * blocks, the size of disks.
 */
final class Answers {
  private final ChunkServers servers;
  private final CapabilityKeys capabilities;

  Answers(ChunkServers servers, CapabilityKeys capabilities) {
    this.servers = servers;
    this.capabilities = capabilities;
  }

  Reply complete(Reply reply, LiveSession session) {
    return switch (reply) {
      case Reply.Allocated r -> new Reply.Allocated(grant(r.grant(), session));
      case Reply.Committed r ->
          r.next() == null ? r : new Reply.Committed(r.attributes(), grant(r.next(), session));
      case Reply.MapPage r -> session.isTrusted() ? whole(r, session) : exact(r, session);
      case Reply.BlockPage r -> reachable(r, session);
      case Reply.Space r -> {
        ChunkServers.Space space = servers.space();
        yield new Reply.Space(space.totalBytes(), space.freeBytes(), r.files(), r.copies());
      }
      case Reply.Refused r -> r;
      case Reply.Done r -> r;
      case Reply.Entry r -> r;
      case Reply.Way r -> r;
      case Reply.Value r -> r;
      case Reply.Names r -> r;
      case Reply.Listing r -> r;
      case Reply.Removed r -> r;
      case Reply.Report r -> r;
      case Reply.Session r -> r;
      case Reply.Progress r -> r;
      case Reply.Instant r -> r;
      case Reply.Versions r -> r;
      case Reply.Deleted r -> r;
      case Reply.Snapshots r -> r;
    };
  }

  private Reply.BlockGrant grant(Reply.BlockGrant grant, LiveSession session) {
    return new Reply.BlockGrant(
        grant.block(),
        grant.epoch(),
        grant.solo(),
        grant.synced(),
        grant.servers(),
        servers.addresses(grant.servers()),
        capabilities.toWrite(grant.block(), Limits.BLOCK_BYTES, session.id));
  }

  /** A trusted session may read whole blocks: it keeps its users apart itself. */
  private Reply.MapPage whole(Reply.MapPage page, LiveSession session) {
    List<Reply.BlockPlace> places = new ArrayList<>(page.blocks().size());
    for (Reply.BlockPlace place : page.blocks()) {
      places.add(place(place, 0, Limits.BLOCK_BYTES, session));
    }
    return new Reply.MapPage(
        page.attributes(), page.endOffset(), page.inline(), page.extents(), places);
  }

  /** An address for each server of a block, empty while it is not here. */
  private Reply.BlockPage reachable(Reply.BlockPage page, LiveSession session) {
    List<Reply.FileBlock> blocks = new ArrayList<>(page.blocks().size());
    for (Reply.FileBlock each : page.blocks()) {
      Reply.BlockPlace block = each.place();
      List<String> addresses = new ArrayList<>(block.servers().size());
      for (long server : block.servers()) {
        addresses.add(String.join("", servers.addresses(List.of(server))));
      }
      blocks.add(
          new Reply.FileBlock(
              each.path(),
              new Reply.BlockPlace(
                  block.block(),
                  block.sealed(),
                  block.lengthBytes(),
                  block.servers(),
                  addresses,
                  capabilities.toRead(block.block(), 0, Limits.BLOCK_BYTES, session.id))));
    }
    return new Reply.BlockPage(blocks, page.way(), page.offset(), page.end());
  }

  private Reply.BlockPlace place(
      Reply.BlockPlace place, long offset, long lengthBytes, LiveSession session) {
    return new Reply.BlockPlace(
        place.block(),
        place.sealed(),
        place.lengthBytes(),
        place.servers(),
        servers.addresses(place.servers()),
        capabilities.toRead(place.block(), offset, lengthBytes, session.id));
  }

  /**
   * Others get leave for the bytes of the file alone: blocks hold other people's files too. The
   * page ends before an extent that would need a second range of a block.
   */
  private Reply.MapPage exact(Reply.MapPage page, LiveSession session) {
    Map<Long, long[]> ranges = new HashMap<>();
    List<Extent> extents = new ArrayList<>();
    long end = page.endOffset();
    for (Extent extent : page.extents()) {
      if (!extent.unwritten() && !extend(ranges, extent)) {
        end = extent.fileOffset();
        break;
      }
      extents.add(extent);
    }
    List<Reply.BlockPlace> places = new ArrayList<>();
    for (Reply.BlockPlace place : page.blocks()) {
      long @Nullable [] range = ranges.get(place.block());
      if (range != null) {
        places.add(place(place, range[0], range[1] - range[0], session));
      }
    }
    return new Reply.MapPage(page.attributes(), end, page.inline(), extents, places);
  }

  private static boolean extend(Map<Long, long[]> ranges, Extent extent) {
    long from = extent.blockOffset();
    long to = from + extent.lengthBytes();
    long @Nullable [] known = ranges.putIfAbsent(extent.block(), new long[] {from, to});
    if (known == null) {
      return true;
    }
    if (known[1] != from) {
      return false;
    }
    known[1] = to;
    return true;
  }
}
