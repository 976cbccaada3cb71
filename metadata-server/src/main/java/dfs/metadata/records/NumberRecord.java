package dfs.metadata.records;

/** A number: counters, counts, times. */
public record NumberRecord(long value) {}
