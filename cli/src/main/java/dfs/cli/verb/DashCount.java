package dfs.cli.verb;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** {@code dfs -count}, {@code -du} and {@code -df}. */
final class DashCount implements Walk.Visitor {
  private static final String QUOTA = "%12s %15s %15s %15s ";
  private static final String COUNTS = "%12s %12s %18s ";
  private static final String NO_QUOTA = QUOTA.formatted("none", "inf", "none", "inf");

  private final Call call;
  private final DashReplication copies;
  private final boolean counted;
  private long directories;
  private long files;
  private long bytes;
  private long bytesOfCopies;

  /**
   * @param copies of whom the number of copies is asked for
   * @param counted whether the copies count, each of which is asked for
   */
  private DashCount(Call call, DashReplication copies, boolean counted) {
    this.call = call;
    this.copies = copies;
    this.counted = counted;
  }

  private static DashCount of(Call call, Place place, DashReplication copies, boolean counted)
      throws IOException {
    DashCount sum = new DashCount(call, copies, counted);
    Walk.through(place, true, sum);
    return sum;
  }

  @Override
  public boolean meet(Walk.Item item) throws IOException {
    if (item.stat().isDirectory()) {
      directories++;
      return true;
    }
    files++;
    if (item.stat().isRegular()) {
      bytes += item.stat().sizeBytes();
      bytesOfCopies += counted ? item.stat().sizeBytes() * copies.number(item.place()) : 0;
    }
    return true;
  }

  @Override
  public void failed(Place place, IOException e) throws IOException {
    call.failed(place.said(), e);
  }

  /** {@code -count}. */
  static void run(Call call) throws IOException {
    boolean alone = call.has("-u");
    boolean quotas = call.has("-q") || alone;
    if (call.has("-v")) {
      call.out()
          .line(
              (quotas
                      ? QUOTA.formatted("QUOTA", "REM_QUOTA", "SPACE_QUOTA", "REM_SPACE_QUOTA")
                      : "")
                  + (alone ? "" : COUNTS.formatted("DIR_COUNT", "FILE_COUNT", "CONTENT_SIZE"))
                  + "PATHNAME");
    }
    call.each(
        call.places(),
        place -> {
          Stat.of(place.path(), true);
          DashCount sum = of(call, place, new DashReplication(), false);
          String size = DashTable.size(call, sum.bytes);
          call.out()
              .line(
                  (quotas ? NO_QUOTA : "")
                      + (alone ? "" : COUNTS.formatted(sum.directories, sum.files, size))
                      + place.said());
        });
  }

  /** {@code -du}. */
  static void usage(Call call) throws IOException {
    try (DashTable table = new DashTable(call.room(), false)) {
      if (call.has("-v")) {
        table.add("SIZE", "DISK_SPACE_CONSUMED_WITH_ALL_REPLICAS", "FULL_PATH_NAME");
      }
      DashReplication copies = new DashReplication();
      List<String> operands = call.operands().isEmpty() ? List.of(".") : call.operands();
      call.each(
          call.places(operands),
          place -> {
            if (call.has("-s") || !Stat.of(place.path(), true).isDirectory()) {
              Stat.of(place.path(), true);
              add(call, table, place, copies);
            } else {
              addEach(call, table, place, copies);
            }
          });
      table.print(call.out());
    }
  }

  private static void addEach(Call call, DashTable table, Place directory, DashReplication copies)
      throws IOException {
    try (Sorting<String> names = Sorting.ofNames(call.room())) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory.path())) {
        for (Path entry : entries) {
          names.add(ByteText.nameOf(entry));
        }
      } catch (DirectoryIteratorException e) {
        throw Reasons.causeOf(e);
      }
      for (String name = names.poll(); name != null; name = names.poll()) {
        Place below = directory.child(name);
        boolean here = directory.said().equals(".");
        add(call, table, here ? new Place(name, below.path()) : below, copies);
      }
    }
  }

  private static void add(Call call, DashTable table, Place place, DashReplication copies)
      throws IOException {
    DashCount sum = of(call, place, copies, true);
    table.add(
        DashTable.size(call, sum.bytes), DashTable.size(call, sum.bytesOfCopies), place.said());
  }

  /** {@code -df}. */
  static void space(Call call) throws IOException {
    try (DashTable table = new DashTable(call.room(), true)) {
      table.add("Filesystem", "Size", "Used", "Available", "Use%");
      boolean[] any = {false};
      call.each(
          call.places(call.operands().isEmpty() ? List.of("/") : call.operands()),
          place -> {
            Stat.of(place.path(), true);
            FileStore store = Files.getFileStore(place.path());
            long total = store.getTotalSpace();
            long used = total - store.getUnallocatedSpace();
            table.add(
                store.name() + ":///",
                DashTable.size(call, total),
                DashTable.size(call, used),
                DashTable.size(call, store.getUsableSpace()),
                total == 0 ? "0%" : Math.round(used * 100.0 / total) + "%");
            any[0] = true;
          });
      if (any[0]) {
        table.print(call.out());
      }
    }
  }
}
