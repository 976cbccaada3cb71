/**
 * Blocks as the client sees them: append-only, written by one session, read with checksums verified
 * here.
 */
@NullMarked
package dfs.client.block;

import org.jspecify.annotations.NullMarked;
