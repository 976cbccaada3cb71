package dfs.protocol.transport;

import com.google.protobuf.ByteString;

/** A message of the tests: who sent it, its number there, and bytes for weight. */
public record Note(int sender, int number, ByteString body) {}
