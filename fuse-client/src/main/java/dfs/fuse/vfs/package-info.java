/** The volume as a mount sees it: inodes, handles, names; knows no kernel. */
@NullMarked
package dfs.fuse.vfs;

import org.jspecify.annotations.NullMarked;
