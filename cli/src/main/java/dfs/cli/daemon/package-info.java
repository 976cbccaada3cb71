/** A process that serves: its roles, their order of start and stop, signals, and the log. */
@NullMarked
package dfs.cli.daemon;

import org.jspecify.annotations.NullMarked;
