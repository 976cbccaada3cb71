package dfs.metadata.records;

/** A map that nobody's present needs: its extents go, from {@code cursor} on. */
public record MapRecord(long cursor) {}
