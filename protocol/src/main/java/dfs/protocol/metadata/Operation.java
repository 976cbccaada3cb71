package dfs.protocol.metadata;

/**
 * What a client asks of the namespace: a query, which changes nothing, or a change, which goes
 * through the log.
 */
public sealed interface Operation permits Query, Change {}
