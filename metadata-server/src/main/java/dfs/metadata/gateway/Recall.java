package dfs.metadata.gateway;

import dfs.protocol.session.LeaseMode;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Something a session was asked to acknowledge.
 *
 * @param to the mode that it goes down to; null: an invalidation or a question
 * @param blocking somebody's operation waits for it, so that a silent session is fenced
 * @param done completes with whether the inode is in use there, also when the session is fenced
 */
record Recall(
    long id,
    @Nullable LeaseMode to,
    boolean blocking,
    long sentNanos,
    CompletableFuture<Boolean> done) {}
