/**
 * How a client reaches a volume: from a data directory to a session as the user of this process.
 * Calls the session, the blocks and the open files.
 */
@NullMarked
package dfs.client.volume;

import org.jspecify.annotations.NullMarked;
