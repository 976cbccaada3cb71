/**
 * The volume as {@code java.nio.file} has it: scheme {@code dfs}. The provider is the door; {@link
 * dfs.client.nio.DfsFileSystem} turns calls into those of {@link dfs.client.path.PathCalls}, on
 * threads of its own, so that an interrupt of the caller reaches no socket.
 */
@NullMarked
package dfs.client.nio;

import org.jspecify.annotations.NullMarked;
