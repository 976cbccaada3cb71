package dfs.client.nio;

import dfs.client.path.PathCalls;
import dfs.protocol.metadata.Reply;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.FileStoreAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The volume's space, of all chunk servers that are here. */
final class DfsFileStore extends FileStore {
  private static final long BLOCK_BYTES = 4096;

  private final DfsFileSystem system;

  DfsFileStore(DfsFileSystem system) {
    this.system = system;
  }

  @Override
  public String name() {
    return "dfs";
  }

  @Override
  public String type() {
    return "dfs";
  }

  @Override
  public boolean isReadOnly() {
    return system.isReadOnly();
  }

  private Reply.Space space() throws IOException {
    return system.run("/", null, PathCalls::space);
  }

  @Override
  public long getTotalSpace() throws IOException {
    return space().totalBytes();
  }

  @Override
  public long getUsableSpace() throws IOException {
    return space().freeBytes();
  }

  @Override
  public long getUnallocatedSpace() throws IOException {
    return space().freeBytes();
  }

  @Override
  public long getBlockSize() {
    return BLOCK_BYTES;
  }

  @Override
  public boolean supportsFileAttributeView(Class<? extends FileAttributeView> type) {
    return Objects.requireNonNull(type) == BasicFileAttributeView.class
        || type == PosixFileAttributeView.class
        || type == FileOwnerAttributeView.class
        || type == UserDefinedFileAttributeView.class
        || type == DfsAclView.class
        || type == DfsFileView.class;
  }

  @Override
  public boolean supportsFileAttributeView(String name) {
    return DfsFileSystem.VIEWS.contains(Objects.requireNonNull(name));
  }

  @Override
  public <V extends FileStoreAttributeView> @Nullable V getFileStoreAttributeView(Class<V> type) {
    Objects.requireNonNull(type);
    return null;
  }

  @Override
  public Object getAttribute(String attribute) throws IOException {
    return switch (attribute) {
      case "totalSpace" -> getTotalSpace();
      case "usableSpace" -> getUsableSpace();
      case "unallocatedSpace" -> getUnallocatedSpace();
      case "blockSize" -> getBlockSize();
      case "copies" -> space().copies();
      case "asOf" ->
          system
              .instant()
              .orElseThrow(() -> new UnsupportedOperationException("'asOf' is of the past alone"));
      default -> throw new UnsupportedOperationException("'" + attribute + "' not recognized");
    };
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // a file system is equal to itself alone
  public boolean equals(@Nullable Object other) {
    return other instanceof DfsFileStore that && that.system == system;
  }

  @Override
  public int hashCode() {
    return system.hashCode();
  }

  @Override
  public String toString() {
    return system.toString();
  }
}
