package dfs.metadata.keeper;

/**
 * Sealed blocks by how many good copies they have.
 *
 * @param under fewer than wanted, and at least one
 * @param unreachable none that is here, but a server that is away may have one
 * @param lost none, although all members are here
 */
public record Health(long healthy, long under, long unreachable, long lost) {}
