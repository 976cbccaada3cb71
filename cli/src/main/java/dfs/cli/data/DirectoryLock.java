package dfs.cli.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * The right to run roles in a data directory: locked bytes of its file {@code lock}, one for each
 * role; or the right to a directory of blocks. The kernel lets them go when the process ends,
 * however it ends.
 */
public final class DirectoryLock implements AutoCloseable {
  private final FileChannel channel;

  /** Another process has the role. */
  public static final class InUseException extends IOException {
    private static final long serialVersionUID = 1L;

    InUseException(DataDirectory data, Role role) {
      super(data.root() + " is in use: another process runs its " + role.word());
    }
  }

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the roles, all or none.
   *
   * @throws InUseException when another process has one of them
   */
  public static DirectoryLock take(DataDirectory data, List<Role> roles) throws IOException {
    FileChannel channel =
        FileChannel.open(
            data.lock(),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    boolean taken = false;
    try {
      for (Role role : roles) {
        if (!lock(channel, role)) {
          throw new InUseException(data, role);
        }
      }
      taken = true;
      return new DirectoryLock(channel);
    } finally {
      if (!taken) {
        channel.close();
      }
    }
  }

  /**
   * The right to a directory of blocks, wherever it lies: all of its file {@code lock}.
   *
   * @throws IOException also when another process has it, or the directory cannot be written
   */
  public static DirectoryLock ofBlocks(Path directory) throws IOException {
    FileChannel channel =
        FileChannel.open(
            directory.resolve("lock"),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    boolean taken = false;
    try {
      taken = channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      // by this process
    } finally {
      if (!taken) {
        channel.close();
      }
    }
    if (!taken) {
      throw new IOException(directory + " is in use: another chunk server has it");
    }
    return new DirectoryLock(channel);
  }

  private static boolean lock(FileChannel channel, Role role) throws IOException {
    try {
      FileLock lock = channel.tryLock(role.lockPosition(), 1, false);
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
