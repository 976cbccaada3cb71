package dfs.metadata.records;

/** A session as the log knows it; {@code uid} counts for one that is not trusted. */
public record SessionRecord(
    long epoch,
    String host,
    boolean mount,
    boolean trusted,
    int uid,
    boolean fenced,
    long openedNanos) {}
