/** The kernel's view of a cluster: an inode-based file system and the drivers that serve it. */
@NullMarked
package dfs.fuse;

import org.jspecify.annotations.NullMarked;
