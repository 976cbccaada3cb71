package dfs.protocol.session;

/** What a session may keep of the volume. */
public enum LeaseMode {
  /** Nothing: validity 0, opens are direct I/O, a write is committed before its reply. */
  NONE,
  /** It caches; nothing is dirty. */
  SHARED,
  /** It caches names, attributes and pages, and buffers writes. */
  EXCLUSIVE
}
