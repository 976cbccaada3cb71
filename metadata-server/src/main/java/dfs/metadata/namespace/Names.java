package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Errno;

/** What a directory entry may be called. */
final class Names {
  /** In every directory the way into the past; never an entry. */
  static final ByteString RESERVED = ByteString.copyFromUtf8(".dfs");

  private static final ByteString DOT = ByteString.copyFromUtf8(".");
  private static final ByteString DOT_DOT = ByteString.copyFromUtf8("..");

  private Names() {}

  /** Refuses what can't be the name of a new entry. */
  static void checkNew(ByteString name) {
    check(name);
    if (name.equals(DOT) || name.equals(DOT_DOT)) {
      throw Refusal.of(Errno.EEXIST, "\"" + name.toStringUtf8() + "\" is in every directory");
    }
    if (name.equals(RESERVED)) {
      throw Refusal.of(Errno.EPERM, "the name .dfs is reserved");
    }
  }

  /** Refuses what can't be the name of an entry that is to go. */
  static void checkOld(ByteString name) {
    check(name);
    if (name.equals(DOT)) {
      throw Refusal.of(Errno.EINVAL, "\".\" cannot be removed or renamed");
    }
    if (name.equals(DOT_DOT)) {
      throw Refusal.of(Errno.ENOTEMPTY, "\"..\" cannot be removed or renamed");
    }
  }

  static void check(ByteString name) {
    if (name.size() > Limits.NAME_BYTES) {
      throw Refusal.of(Errno.ENAMETOOLONG, "a name of " + name.size() + " bytes");
    }
    if (name.isEmpty()) {
      throw Refusal.of(Errno.ENOENT, "an empty name");
    }
    for (int i = 0; i < name.size(); i++) {
      if (name.byteAt(i) == 0 || name.byteAt(i) == '/') {
        throw Refusal.of(Errno.EINVAL, "a name with a slash or a zero byte");
      }
    }
  }
}
