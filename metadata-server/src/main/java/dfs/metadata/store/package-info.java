/** Where the state lies: ordered byte keys in column families, written in atomic batches. */
@NullMarked
package dfs.metadata.store;

import org.jspecify.annotations.NullMarked;
