package dfs.metadata.records;

import com.google.protobuf.ByteString;

/**
 * A chunk server as the log knows it.
 *
 * @param draining nothing new goes there, and what is there goes elsewhere
 */
public record ServerRecord(String host, String address, ByteString directory, boolean draining) {}
