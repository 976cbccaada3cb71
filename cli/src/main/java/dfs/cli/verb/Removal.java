package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;

/** Removes a tree, from below. */
final class Removal implements Walk.Visitor {
  private final Call call;
  private final boolean spoken;
  private boolean failed;

  /**
   * @param spoken say of each that it is gone
   */
  Removal(Call call, boolean spoken) {
    this.call = call;
    this.spoken = spoken;
  }

  @Override
  public boolean meet(Walk.Item item) throws IOException {
    if (!item.stat().isDirectory()) {
      remove(item);
    }
    return true;
  }

  @Override
  public void leave(Walk.Item directory) throws IOException {
    try {
      remove(directory);
    } catch (DirectoryNotEmptyException e) {
      if (!failed) {
        throw e;
      }
      // What is left in it was said.
    }
  }

  boolean hasFailed() {
    return failed;
  }

  private void remove(Walk.Item item) throws IOException {
    Place place = item.place();
    if (call.isDryRun()) {
      call.out().line("would remove " + call.out().shown(place.said()));
      return;
    }
    SecureDirectoryStream<Path> in = item.in();
    if (in == null) {
      Files.delete(place.path());
    } else if (item.stat().isDirectory()) {
      in.deleteDirectory(item.name());
    } else {
      in.deleteFile(item.name());
    }
    if (spoken) {
      call.out().line("removed " + call.out().shown(place.said()));
    }
  }

  @Override
  public void failed(Place place, IOException e) throws IOException {
    failed = true;
    call.failed(place.said(), e);
  }
}
