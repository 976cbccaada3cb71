/** The metadata server: namespace, history and block states, behind a replicated log. */
@NullMarked
package dfs.metadata;

import org.jspecify.annotations.NullMarked;
