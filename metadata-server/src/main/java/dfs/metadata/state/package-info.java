/**
 * Records read and written in transactions, at present and as of an instant; before-images are made
 * here and nowhere else.
 */
@NullMarked
package dfs.metadata.state;

import org.jspecify.annotations.NullMarked;
