/**
 * A running chunk server. Calls of clients pass {@link CheckedBlocks}, which checks their
 * capabilities, to the blocks of the data directory; the metadata server's orders come down the
 * {@link ControlStream}, where reports go up.
 */
@NullMarked
package dfs.chunk.server;

import org.jspecify.annotations.NullMarked;
