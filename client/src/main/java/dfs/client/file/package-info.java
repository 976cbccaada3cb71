/** Files over blocks and sessions: buffered writes, read-ahead, packing of small files, commits. */
@NullMarked
package dfs.client.file;

import org.jspecify.annotations.NullMarked;
