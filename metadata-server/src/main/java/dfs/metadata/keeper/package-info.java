/**
 * The chunk servers: who they are, where blocks go and lie, and the upkeep of blocks and history.
 */
@NullMarked
package dfs.metadata.keeper;

import org.jspecify.annotations.NullMarked;
