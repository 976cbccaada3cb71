/**
 * Speaks the protocol of /dev/fuse (linux/fuse.h): decodes requests, calls the Vfs, encodes
 * answers.
 */
@NullMarked
package dfs.fuse.driver.kernel;

import org.jspecify.annotations.NullMarked;
