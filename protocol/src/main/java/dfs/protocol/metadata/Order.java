package dfs.protocol.metadata;

/** What a log entry may order: a client's change, or the servers' own upkeep. */
public sealed interface Order permits Change, Upkeep {}
