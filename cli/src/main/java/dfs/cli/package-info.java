/** The dfs command. */
@NullMarked
package dfs.cli;

import org.jspecify.annotations.NullMarked;
