/** The chunk server: checksummed append-only blocks on data directories, one journal each. */
@NullMarked
package dfs.chunk;

import org.jspecify.annotations.NullMarked;
