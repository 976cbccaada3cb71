/** What drives a {@link dfs.fuse.vfs.Vfs}: the ways in which a mount reaches us. */
@NullMarked
package dfs.fuse.driver;

import org.jspecify.annotations.NullMarked;
