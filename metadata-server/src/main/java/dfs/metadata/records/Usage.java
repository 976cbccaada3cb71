package dfs.metadata.records;

/** Exact sums below a directory, or of a user or group. */
public record Usage(long bytes, long files, long directories) {
  public static final Usage NOTHING = new Usage(0, 0, 0);

  public Usage plus(Usage other) {
    return new Usage(bytes + other.bytes, files + other.files, directories + other.directories);
  }

  public Usage minus(Usage other) {
    return new Usage(bytes - other.bytes, files - other.files, directories - other.directories);
  }

  public boolean isNothing() {
    return bytes == 0 && files == 0 && directories == 0;
  }
}
