package dfs.cli.command;

import dfs.cli.verb.Quoted;
import dfs.cli.volume.Volume;
import dfs.client.path.PathRefusedException;
import dfs.protocol.metadata.Attributes;
import java.io.IOException;

/** Paths inside the volume that a command names: bytes, as file verbs have them. */
final class Paths {
  private Paths() {}

  /**
   * What is at a path.
   *
   * @throws FailedException that names it with nothing lost, if there is nothing
   */
  static Attributes find(Volume volume, String path) throws IOException, FailedException {
    try {
      return volume.tree().find(path);
    } catch (PathRefusedException e) {
      throw new FailedException(Quoted.inMessage(path), String.valueOf(e.getMessage()));
    }
  }
}
