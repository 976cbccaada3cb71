package dfs.metadata.store;

/** The store's disk is full: nothing of the step was done, and it may be tried again. */
public final class NoRoomException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NoRoomException(String message, Throwable cause) {
    super(message, cause);
  }
}
