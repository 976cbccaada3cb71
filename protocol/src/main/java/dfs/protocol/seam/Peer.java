package dfs.protocol.seam;

import java.util.List;

/**
 * The process at the other end of a connection, as the kernel tells it (SO_PEERCRED,
 * SO_PEERGROUPS).
 *
 * @param kind how the peer is known; uid, gid and groups count for {@link Kind#UNIX} only
 */
public record Peer(Kind kind, int uid, int gid, List<Integer> groups) {
  /** How a peer is known. */
  public enum Kind {
    /** The same process. */
    LOCAL,
    /** A process on this machine with these credentials. */
    UNIX,
    /** Somebody on the network: nobody, until a key is shown. */
    TCP
  }

  public static final Peer LOCAL = new Peer(Kind.LOCAL, 0, 0, List.of());
  public static final Peer TCP = new Peer(Kind.TCP, -1, -1, List.of());

  public Peer {
    groups = List.copyOf(groups);
  }
}
