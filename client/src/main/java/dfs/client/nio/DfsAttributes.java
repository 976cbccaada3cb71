package dfs.client.nio;

import dfs.client.nio.DfsFileSystem.Times;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.FileType;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;

/** Attributes as of when they were asked for. */
final class DfsAttributes implements PosixFileAttributes {
  private final Attributes stat;
  private final Principals principals;

  /** Equal for two names of one file of one volume. */
  private record FileKey(long ino) {
    @Override
    public String toString() {
      return "(ino=" + ino + ")";
    }
  }

  DfsAttributes(Attributes stat, Principals principals) {
    this.stat = stat;
    this.principals = principals;
  }

  Attributes stat() {
    return stat;
  }

  private static FileTime time(long nanos) {
    return FileTime.from(Times.instant(nanos));
  }

  @Override
  public FileTime lastModifiedTime() {
    return time(stat.modifyNanos());
  }

  @Override
  public FileTime lastAccessTime() {
    return time(stat.accessNanos());
  }

  @Override
  public FileTime creationTime() {
    return time(stat.birthNanos());
  }

  FileTime changeTime() {
    return time(stat.changeNanos());
  }

  @Override
  public boolean isRegularFile() {
    return stat.isRegular();
  }

  @Override
  public boolean isDirectory() {
    return stat.isDirectory();
  }

  @Override
  public boolean isSymbolicLink() {
    return stat.type() == FileType.SYMLINK;
  }

  @Override
  public boolean isOther() {
    return !isRegularFile() && !isDirectory() && !isSymbolicLink();
  }

  @Override
  public long size() {
    return stat.sizeBytes();
  }

  @Override
  public Object fileKey() {
    return new FileKey(stat.ino());
  }

  @Override
  public UserPrincipal owner() {
    return principals.user(stat.uid());
  }

  @Override
  public GroupPrincipal group() {
    return principals.group(stat.gid());
  }

  @Override
  public Set<PosixFilePermission> permissions() {
    return Options.Permissions.of(stat.mode());
  }
}
