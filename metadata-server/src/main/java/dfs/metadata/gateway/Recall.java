package dfs.metadata.gateway;

import dfs.protocol.session.LeaseMode;
import dfs.protocol.session.ServerMessage;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Something a session was asked to acknowledge.
 *
 * @param to the mode that it goes down to; null: an invalidation or a question
 * @param message what was sent, and is sent again over the session's next stream
 * @param blocking somebody's operation waits for it, so that a silent session is fenced
 * @param done completes with whether the inode is in use there, also when the session is fenced
 */
record Recall(
    long id,
    @Nullable LeaseMode to,
    ServerMessage message,
    boolean blocking,
    long sentNanos,
    CompletableFuture<Boolean> done) {}
