package dfs.client.nio;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** What is open of a file system, and ends with it. */
interface Part {
  /** Ends it, and waits for nothing. */
  void end() throws IOException;

  /** Done when it has ended; with an exception if something that was written may be lost. */
  CompletableFuture<Boolean> ended();
}
