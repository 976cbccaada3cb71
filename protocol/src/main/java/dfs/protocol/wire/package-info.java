/** Records to bytes and back, in the protobuf wire format; the record is the schema. */
@NullMarked
package dfs.protocol.wire;

import org.jspecify.annotations.NullMarked;
