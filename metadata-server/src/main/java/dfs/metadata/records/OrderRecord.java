package dfs.metadata.records;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.FileType;

/** An entry of a directory, under its cookie. */
public record OrderRecord(long ino, FileType type, ByteString name) {}
