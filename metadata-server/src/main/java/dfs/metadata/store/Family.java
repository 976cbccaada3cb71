package dfs.metadata.store;

/**
 * Column families. The number travels in keys of the history, so it never changes; keys are drawn
 * in {@link dfs.metadata.records.Keys}.
 */
public enum Family {
  INODES(1, "inodes"),
  /** Data of small files and targets of symbolic links. */
  INLINE(2, "inline"),
  /** Lookups: what a name stands for. */
  NAMES(3, "names"),
  /** Listings: the entries of a directory by cookie, and the way back to a path. */
  ORDER(4, "order"),
  /** Further links of an inode. */
  LINKS(5, "links"),
  EXTENTS(6, "extents"),
  XATTRS(7, "xattrs"),
  BLOCKS(8, "blocks"),
  /** How many extent records of a map, present and past, name a block. */
  OWNERS(9, "owners"),
  USAGE(10, "usage"),
  /** Sessions and their reply slots. */
  SESSIONS(11, "sessions"),
  /** Unlinked inodes that somebody may hold. */
  ORPHANS(12, "orphans"),
  POLICIES(13, "policies"),
  SERVERS(14, "servers"),
  /** Last log index of a second. */
  INSTANTS(15, "instants"),
  /** Before-images. */
  HISTORY(16, "history"),
  LEDGER(17, "ledger"),
  /** Counters, settings, the applied index. */
  META(18, "meta"),
  /** Maps that were let go of: their extents are to be deleted. */
  MAPS(19, "maps");

  private final int number;
  private final String label;

  Family(int number, String label) {
    this.number = number;
    this.label = label;
  }

  public int number() {
    return number;
  }

  public String label() {
    return label;
  }
}
