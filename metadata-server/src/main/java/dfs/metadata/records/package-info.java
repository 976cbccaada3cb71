/** The records that the store holds, and their keys. */
@NullMarked
package dfs.metadata.records;

import org.jspecify.annotations.NullMarked;
