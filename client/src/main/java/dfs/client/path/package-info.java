/**
 * The volume by paths, for whoever has no kernel in between: the file commands. Calls {@link
 * dfs.client.file.OpenFiles} for contents and the session for names.
 */
@NullMarked
package dfs.client.path;

import org.jspecify.annotations.NullMarked;
