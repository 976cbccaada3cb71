/**
 * System calls that the JDK does not offer; the only room of this module that touches foreign
 * memory.
 */
@NullMarked
package dfs.fuse.nativecalls;

import org.jspecify.annotations.NullMarked;
