package dfs.cli.data;

import dfs.cli.data.ProcessRecord.Kind;
import dfs.cli.data.ProcessRecord.State;
import dfs.cli.preflight.MountTable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Data directories of which some are up, and mounts of them. */
public final class Machine implements AutoCloseable {
  private final Path scratch;
  private final List<ServerSocketChannel> sockets = new ArrayList<>();
  private final List<String> mounts = new ArrayList<>();

  public Machine(Path scratch) {
    this.scratch = scratch;
  }

  public Path path(String name) {
    return scratch.resolve(name);
  }

  /** Somebody listens there; it answers nothing. */
  public void up(String name) throws IOException {
    DataDirectory data = new DataDirectory(path(name));
    Files.createDirectories(data.run());
    Files.writeString(data.entrance().addresses(), "");
    ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    sockets.add(socket);
    socket.bind(UnixDomainSocketAddress.of(data.entrance().metadataSocket()));
  }

  /**
   * Something of ours is mounted.
   *
   * @param data where that is written down; empty: nowhere that is known
   */
  public void mount(String name, String data) throws IOException {
    mounts.add("36 35 0:60 / " + path(name) + " rw - fuse.dfs dfs rw");
    if (!data.isEmpty()) {
      Optional<Path> at = Optional.of(path(name));
      DataDirectory directory = new DataDirectory(path(data));
      Files.createDirectories(directory.run());
      ProcessRecord.ofThisProcess(State.READY, at).write(Kind.MOUNT.file(directory, at));
    }
  }

  public MountTable mounts() throws IOException {
    return MountTable.read(Files.write(scratch.resolve("mountinfo"), mounts));
  }

  /** Nothing is up or mounted any more. */
  public void reset() throws IOException {
    for (ServerSocketChannel socket : sockets) {
      Path path = ((UnixDomainSocketAddress) socket.getLocalAddress()).getPath();
      socket.close();
      Files.delete(path);
    }
    sockets.clear();
    mounts.clear();
  }

  @Override
  public void close() throws IOException {
    reset();
  }
}
