package dfs.metadata.records;

/**
 * A run of a map, under its file offset.
 *
 * @param kind {@link #DATA} or {@link #UNWRITTEN}
 * @param flags none yet
 * @param keyId key that the bytes are encrypted with; 0: none
 */
public record ExtentRecord(
    int kind, int flags, long lengthBytes, long block, long blockOffset, int keyId) {
  public static final int DATA = 0;
  public static final int UNWRITTEN = 1;
}
