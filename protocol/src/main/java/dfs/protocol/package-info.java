/**
 * What the rooms of dfs say to each other: ids, limits, messages, block records and the four seams
 * (disk, transport, time, random) through which business logic reaches the world. Depends on no
 * other module.
 */
@NullMarked
package dfs.protocol;

import org.jspecify.annotations.NullMarked;
