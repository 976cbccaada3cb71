/** What must be there before anything is started, asked all at once. */
@NullMarked
package dfs.cli.preflight;

import org.jspecify.annotations.NullMarked;
