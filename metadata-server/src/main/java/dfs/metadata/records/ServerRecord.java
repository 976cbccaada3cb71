package dfs.metadata.records;

import com.google.protobuf.ByteString;

/** A chunk server as the log knows it. */
public record ServerRecord(String host, String address, ByteString directory) {}
