/** The session with the metadata server: operations in slots, heartbeats, the lease, recalls. */
@NullMarked
package dfs.client.metadata;

import org.jspecify.annotations.NullMarked;
