/** The replicated log behind a narrow port; the only room that knows the Raft library. */
@NullMarked
package dfs.metadata.consensus;

import org.jspecify.annotations.NullMarked;
