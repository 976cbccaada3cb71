/**
 * Where clients come in: sessions, who they speak for, leases and openings, and the way of each
 * operation to the log or the state and back.
 */
@NullMarked
package dfs.metadata.gateway;

import org.jspecify.annotations.NullMarked;
