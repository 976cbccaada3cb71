/** The client: files over blocks over sessions. */
@NullMarked
package dfs.client;

import org.jspecify.annotations.NullMarked;
