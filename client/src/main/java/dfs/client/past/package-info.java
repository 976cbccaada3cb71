/** What users call a time of the past. */
@NullMarked
package dfs.client.past;

import org.jspecify.annotations.NullMarked;
