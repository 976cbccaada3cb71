/** The journal of a data directory: makes appends durable, one flush for all blocks. */
@NullMarked
package dfs.chunk.journal;

import org.jspecify.annotations.NullMarked;
