package dfs.cli.daemon;

import dfs.metadata.MetadataServer;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * How the metadata server keeps copies.
 *
 * @param copies of each block made from now on, remembered; empty: as before
 * @param lostSeconds what a chunk server has that is away so long is copied again; empty: the usual
 *     time
 */
public record Replication(Optional<Integer> copies, Optional<Integer> lostSeconds) {
  /** As before. */
  public static final Replication UNCHANGED = new Replication(Optional.empty(), Optional.empty());

  long lostNanos() {
    return lostSeconds.map(TimeUnit.SECONDS::toNanos).orElse(MetadataServer.Config.LOST_NANOS);
  }
}
