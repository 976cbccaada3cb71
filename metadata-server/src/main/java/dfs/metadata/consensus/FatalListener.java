package dfs.metadata.consensus;

/**
 * Told that the log is lost to this process: its storage erred or a command could not be applied.
 * What is durable and what is in memory may differ from now on, so the process must exit, within a
 * second.
 */
@FunctionalInterface
public interface FatalListener {
  /** Called once at most, on a thread of the log; {@code reason} is for people. */
  void onFatal(String reason);
}
