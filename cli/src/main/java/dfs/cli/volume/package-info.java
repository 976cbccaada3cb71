/** The running volume as a command reaches it: through the sockets of the data directory. */
@NullMarked
package dfs.cli.volume;

import org.jspecify.annotations.NullMarked;
