package dfs.metadata.records;

import com.google.protobuf.ByteString;

/** Bytes: inline data, values of extended attributes, identities. */
public record BytesRecord(ByteString bytes) {}
