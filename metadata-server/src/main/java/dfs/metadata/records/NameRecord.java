package dfs.metadata.records;

import dfs.protocol.metadata.FileType;

/** What a name stands for; {@code cookie} finds its entry in the directory's order. */
public record NameRecord(long ino, FileType type, long cookie) {}
