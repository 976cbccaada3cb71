package dfs.client.nio;

import com.google.protobuf.ByteString;
import dfs.client.nio.DfsFileSystem.Times;
import dfs.client.path.PathCalls.Setting;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The attribute views of a file. */
final class Views {
  private static final ByteString USER = ByteString.copyFromUtf8("user.");
  private static final ByteString ACCESS_ACL = ByteString.copyFromUtf8("system.posix_acl_access");
  private static final ByteString DEFAULT_ACL = ByteString.copyFromUtf8("system.posix_acl_default");

  private static final int MODE_BITS = 07777;

  private Views() {}

  /** The view of this type, or null if there is none. */
  static @Nullable FileAttributeView of(Class<?> type, Target target) {
    if (Objects.requireNonNull(type) == BasicFileAttributeView.class) {
      return new Basic("basic", target);
    }
    if (type == PosixFileAttributeView.class) {
      return new Basic("posix", target);
    }
    if (type == FileOwnerAttributeView.class) {
      return new Basic("owner", target);
    }
    if (type == UserDefinedFileAttributeView.class) {
      return new User(target);
    }
    if (type == DfsFileView.class) {
      return new OfFile(target);
    }
    return type == DfsAclView.class ? new AclText(target) : null;
  }

  /** Modes and numbers of copies. */
  private record OfFile(Target target) implements DfsFileView {
    @Override
    public Map<String, Object> unix() throws IOException {
      return NamedAttributes.read(target, "unix:*");
    }

    @Override
    public void setMode(int mode) throws IOException {
      target.set(Setting.ofMode(mode & MODE_BITS));
    }

    @Override
    public void setCopies(int copies) throws IOException {
      target.setCopies(copies);
    }
  }

  /** Basic, owner and POSIX attributes. */
  record Basic(String name, Target target) implements PosixFileAttributeView {
    @Override
    public DfsAttributes readAttributes() throws IOException {
      return target.attributes();
    }

    /** When a file was made cannot be set, and is left as it is. */
    @Override
    public void setTimes(
        @Nullable FileTime lastModifiedTime,
        @Nullable FileTime lastAccessTime,
        @Nullable FileTime createTime)
        throws IOException {
      if (lastModifiedTime == null && lastAccessTime == null) {
        return;
      }
      int valid =
          (lastModifiedTime == null ? 0 : Change.SetAttributes.SET_MODIFY_TIME)
              | (lastAccessTime == null ? 0 : Change.SetAttributes.SET_ACCESS_TIME);
      target.set(new Setting(valid, 0, 0, 0, 0, nanos(lastAccessTime), nanos(lastModifiedTime)));
    }

    private static long nanos(@Nullable FileTime time) {
      return time == null ? 0 : Times.nanos(time.toInstant());
    }

    @Override
    public void setPermissions(Set<PosixFilePermission> permissions) throws IOException {
      target.set(Setting.ofMode(Options.Permissions.bits(permissions)));
    }

    @Override
    public UserPrincipal getOwner() throws IOException {
      return readAttributes().owner();
    }

    @Override
    public void setOwner(UserPrincipal owner) throws IOException {
      target.set(Setting.ofOwner(Principals.idOf(Objects.requireNonNull(owner), false), -1));
    }

    @Override
    public void setGroup(GroupPrincipal group) throws IOException {
      target.set(Setting.ofOwner(-1, Principals.idOf(Objects.requireNonNull(group), true)));
    }
  }

  /** Extended attributes {@code user.NAME}. */
  record User(Target target) implements UserDefinedFileAttributeView {
    @Override
    public String name() {
      return "user";
    }

    private static ByteString xattr(String name) {
      return USER.concat(ByteString.copyFromUtf8(name));
    }

    private <T> T run(String name, DfsFileSystem.Call<T> call) throws IOException {
      try {
        return target.system().run(target.shown(), null, call);
      } catch (FileSystemException e) {
        if (e.getCause() instanceof IOException cause && Faults.is(cause, Errno.ENODATA)) {
          throw missing(name, cause);
        }
        throw e;
      }
    }

    private FileSystemException missing(String name, IOException cause) {
      FileSystemException fault =
          new FileSystemException(
              target.shown(),
              null,
              "Unable to use extended attribute '" + name + "': there is none");
      fault.initCause(cause);
      return fault;
    }

    @Override
    public List<String> list() throws IOException {
      return target
          .system()
          .run(target.shown(), null, volume -> volume.xattrs(target.at(), target.follow()))
          .stream()
          .filter(name -> name.startsWith(USER))
          .map(name -> name.substring(USER.size()).toString(StandardCharsets.UTF_8))
          .toList();
    }

    ByteString value(String name) throws IOException {
      return run(name, volume -> volume.xattr(target.at(), target.follow(), xattr(name)));
    }

    @Override
    public int size(String name) throws IOException {
      return value(name).size();
    }

    @Override
    public int read(String name, ByteBuffer dst) throws IOException {
      if (dst.isReadOnly()) {
        throw new IllegalArgumentException("Read-only buffer");
      }
      ByteString value = value(name);
      if (value.size() > dst.remaining()) {
        throw new FileSystemException(
            target.shown(),
            null,
            "attribute '%s' has %d bytes, more than the buffer".formatted(name, value.size()));
      }
      value.copyTo(dst);
      return value.size();
    }

    @Override
    public int write(String name, ByteBuffer src) throws IOException {
      ByteString value = ByteString.copyFrom(src.slice());
      var _ =
          target
              .system()
              .change(
                  target.shown(),
                  null,
                  volume -> {
                    volume.setXattr(target.at(), target.follow(), xattr(name), value);
                    return true;
                  });
      src.position(src.limit());
      return value.size();
    }

    @Override
    public void delete(String name) throws IOException {
      target.system().checkWritable();
      var _ =
          run(
              name,
              volume -> {
                volume.removeXattr(target.at(), target.follow(), xattr(name));
                return true;
              });
    }
  }

  /** POSIX.1e ACLs as text. */
  record AclText(Target target) implements DfsAclView {
    private ByteString value(ByteString name) throws IOException {
      return target
          .system()
          .run(
              target.shown(),
              null,
              volume -> {
                try {
                  return volume.xattr(target.at(), target.follow(), name);
                } catch (IOException e) {
                  if (Faults.is(e, Errno.ENODATA)) {
                    return ByteString.EMPTY;
                  }
                  throw e;
                }
              });
    }

    private void set(ByteString name, ByteString value) throws IOException {
      var _ =
          target
              .system()
              .change(
                  target.shown(),
                  null,
                  volume -> {
                    volume.setXattr(target.at(), target.follow(), name, value);
                    return true;
                  });
    }

    @Override
    public String acl() throws IOException {
      ByteString value = value(ACCESS_ACL);
      return value.isEmpty()
          ? AclTexts.ofMode(target.attributes().stat().mode() & 0777)
          : AclTexts.text(value, target.system().principals());
    }

    @Override
    public String defaultAcl() throws IOException {
      ByteString value = value(DEFAULT_ACL);
      return value.isEmpty() ? "" : AclTexts.text(value, target.system().principals());
    }

    @Override
    public void setAcl(String text) throws IOException {
      set(ACCESS_ACL, AclTexts.value(text, target.system().principals()));
    }

    @Override
    public void setDefaultAcl(String text) throws IOException {
      set(
          DEFAULT_ACL,
          text.isBlank() ? AclTexts.NONE : AclTexts.value(text, target.system().principals()));
    }
  }
}
