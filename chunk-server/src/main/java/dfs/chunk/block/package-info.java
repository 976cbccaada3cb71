/** Blocks in a data directory: data files, side files, verified reads, recovery. */
@NullMarked
package dfs.chunk.block;

import org.jspecify.annotations.NullMarked;
