/** Block records, capabilities and the frames of the data path. */
@NullMarked
package dfs.protocol.block;

import org.jspecify.annotations.NullMarked;
