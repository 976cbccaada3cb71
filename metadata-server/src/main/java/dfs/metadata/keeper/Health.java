package dfs.metadata.keeper;

/**
 * Sealed blocks by how many good copies they have.
 *
 * @param under fewer than wanted, and at least one
 * @param unreachable none, but some member may come back
 * @param lost none, and no member is left that may have it
 */
public record Health(long healthy, long under, long unreachable, long lost) {}
