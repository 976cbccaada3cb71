package dfs.cli.verb;

import dfs.client.nio.DfsFileView;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How many copies are kept: {@code dfs -setrep}, and for those who show it. */
final class DashReplication {
  private static final String COPIES = "dfs:copies";
  private static final String OF_VOLUME = "copies";
  private static final String COPIES_HERE = "dfs:copiesHere";
  private static final long COPIES_MAX = 8;
  private static final long LOOK_MILLIS = 500;

  /** How many each file system keeps where nothing else is said. */
  private final Map<FileSystem, Integer> usual = new HashMap<>();

  /** How many copies of a file are kept, in digits. */
  String of(Place place) throws IOException {
    return Integer.toString(number(place));
  }

  /** How many copies of a file are kept; 1 where nobody knows of copies. */
  int number(Place place) throws IOException {
    if (!place.path().getFileSystem().supportedFileAttributeViews().contains("dfs")) {
      return 1;
    }
    int own = (Integer) Files.getAttribute(place.path(), COPIES);
    if (own > 0) {
      return own;
    }
    FileSystem files = place.path().getFileSystem();
    Integer known = usual.get(files);
    if (known == null) {
      known = (Integer) Files.getFileStore(place.path()).getAttribute(OF_VOLUME);
      usual.put(files, known);
    }
    return known;
  }

  static void run(Call call) throws IOException {
    List<String> operands = call.operands();
    long copies = Sizes.number("the number of copies", operands.getFirst());
    if (copies < 1 || copies > COPIES_MAX) {
      throw new UsageException("replication must be 1 to " + COPIES_MAX + ", not " + copies);
    }
    Setting setting = new Setting(call, (int) copies, new ArrayList<>());
    for (Place place : call.places(operands.subList(1, operands.size()))) {
      Walk.through(place, true, setting);
    }
    for (Place place : setting.waiting()) {
      call.attempt(place, at -> await(call, at, (int) copies));
    }
  }

  private static void await(Call call, Place place, int copies) throws IOException {
    call.out().text("Waiting for " + place.said() + " ...", ' ');
    call.out().flush();
    while ((Integer) Files.getAttribute(place.path(), COPIES_HERE) < copies) {
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new RefusedException("interrupted");
      }
    }
    call.out().line("done");
  }

  /**
   * Sets it.
   *
   * @param waiting files that are waited for
   */
  record Setting(Call call, int copies, List<Place> waiting) implements Walk.Visitor {
    @Override
    public boolean meet(Walk.Item item) throws IOException {
      if (!item.stat().isRegular()) {
        return true;
      }
      SecureDirectoryStream<Path> in = item.in();
      DfsFileView view =
          in == null
              ? Files.getFileAttributeView(item.place().path(), DfsFileView.class)
              : EachBelow.view(in, item, DfsFileView.class);
      if (view == null) {
        throw new RefusedException("copies are set by --data alone, not through this mount");
      }
      view.setCopies(copies);
      call.out().line("Replication " + copies + " set: " + item.place().said());
      if (call.has("-w")) {
        waiting.add(item.place());
      }
      return true;
    }

    @Override
    public void failed(Place place, IOException e) throws IOException {
      call.failed(place.said(), e);
    }
  }
}
