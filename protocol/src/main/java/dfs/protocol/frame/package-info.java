/**
 * How a client reaches the {@link dfs.protocol.block.BlockService} of a chunk server: directly
 * within one process, by frames between processes. The door is {@link
 * dfs.protocol.frame.BlockServices}; the frames are drawn in the chunk server's README.
 */
@NullMarked
package dfs.protocol.frame;

import org.jspecify.annotations.NullMarked;
