package dfs.metadata.records;

import java.util.List;

/**
 * What is kept of a block.
 *
 * @param state {@link #OPEN} ... {@link #RELOCATED}
 * @param session who writes it; 0: the servers themselves, who put it together from others
 * @param lengthBytes its length once sealed
 * @param ino of a solo block the file it is for
 * @param servers its members
 * @param relocations where its ranges went, for all versions at once, by offset; empty: they lie in
 *     it
 * @param copies on how many servers it should be; 0: as the volume says
 */
public record BlockInfo(
    long epoch,
    int state,
    long session,
    long lengthBytes,
    boolean solo,
    boolean synced,
    long ino,
    List<Long> servers,
    List<Relocation> relocations,
    int copies) {
  public static final int OPEN = 0;
  public static final int SEALED = 1;
  public static final int CLOSED = 2;
  public static final int DEAD = 3;
  public static final int GONE = 4;

  /** What versions name of it lies in another block; no server has, or is to have, a copy. */
  public static final int RELOCATED = 5;

  /** A range that went to another block. */
  public record Relocation(long offset, long lengthBytes, long block, long blockOffset) {
    public long end() {
      return offset + lengthBytes;
    }
  }

  public BlockInfo {
    servers = List.copyOf(servers);
    relocations = List.copyOf(relocations);
  }

  public BlockInfo withServers(List<Long> members) {
    return new BlockInfo(
        epoch, state, session, lengthBytes, solo, synced, ino, members, relocations, copies);
  }

  public BlockInfo withState(int next, long length) {
    return new BlockInfo(
        epoch, next, session, length, solo, synced, ino, servers, relocations, copies);
  }

  /** What versions name of it lies elsewhere from now on. */
  public BlockInfo relocated(List<Relocation> table) {
    return new BlockInfo(
        epoch, RELOCATED, session, lengthBytes, solo, synced, ino, List.of(), table, copies);
  }

  /** Nothing names it any more, nor does it name another block. */
  public BlockInfo dead() {
    return new BlockInfo(
        epoch, DEAD, session, lengthBytes, solo, synced, ino, servers, List.of(), copies);
  }

  /** It is no longer for one file alone. */
  public BlockInfo shared() {
    return new BlockInfo(
        epoch, state, session, lengthBytes, false, synced, 0, servers, relocations, copies);
  }

  public BlockInfo withCopies(int wanted) {
    return new BlockInfo(
        epoch, state, session, lengthBytes, solo, synced, ino, servers, relocations, wanted);
  }
}
