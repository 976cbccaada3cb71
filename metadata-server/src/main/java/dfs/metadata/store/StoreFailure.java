package dfs.metadata.store;

/** The store's disk failed or its bytes are damaged; the process must end. */
public final class StoreFailure extends Error {
  private static final long serialVersionUID = 1L;

  public StoreFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
