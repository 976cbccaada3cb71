package dfs.metadata.state;

/**
 * A record with the stamp of the command that wrote it; 0 for records without history.
 *
 * @param <T> its type
 */
public record Stored<T>(long writtenNanos, T value) {}
