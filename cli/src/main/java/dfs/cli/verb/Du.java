package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;
import static dfs.cli.verb.VerbSpec.valued;

import dfs.client.path.InodeTable;
import java.io.IOException;
import java.util.List;

/** {@code dfs du}: how much lies below directories. A file with several names counts once. */
final class Du implements Verb {
  private static final int UNIT_BYTES = 1024;

  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "du",
        VerbSpec.Kind.READS,
        "[PATH...]",
        0,
        VerbSpec.ANY,
        "Sums up the sizes of files at and below paths, in KiB.",
        flag("-s --summarize", "one line for each PATH"),
        flag("-a --all", "a line for each file, too"),
        flag("-h --human-readable", "sizes like 1.5K"),
        flag("-b --bytes", "in bytes"),
        flag("-c --total", "the sum of all in the end"),
        flag("-0 --null", "a zero byte behind each line, and no quotes"),
        valued("-d --max-depth", "N", "lines for what lies at most so deep"),
        VerbSpec.json());
  }

  @Override
  public void run(Call call) throws IOException {
    if (call.has("-s") && (call.has("-a") || call.has("-d"))) {
      throw new UsageException("-s goes with neither -a nor -d");
    }
    List<String> operands = call.operands().isEmpty() ? List.of(".") : call.operands();
    try (InodeTable counted = new InodeTable()) {
      Sum sum = new Sum(call, counted);
      for (Place top : call.places(operands)) {
        Walk.through(top, false, sum);
      }
      if (call.has("-c") && !call.has("--json")) {
        sum.line(sum.totalBytes, "total");
      }
    }
  }

  /** Sums of the directories on the way down, by their depth. */
  private static final class Sum implements Walk.Visitor {
    private final Call call;
    private final long depthMax;
    private final InodeTable counted;
    private long[] bytesAt = new long[64];
    private long totalBytes;

    Sum(Call call, InodeTable counted) {
      this.call = call;
      this.counted = counted;
      this.depthMax = call.has("-s") ? 0 : call.number("-d", Long.MAX_VALUE, 0);
    }

    @Override
    public boolean meet(Walk.Item item) throws IOException {
      Stat stat = item.stat();
      if (stat.isDirectory()) {
        if (item.depth() >= bytesAt.length) {
          bytesAt = java.util.Arrays.copyOf(bytesAt, bytesAt.length * 2);
        }
        bytesAt[item.depth()] = 0;
        return true;
      }
      boolean again = stat.links() > 1 && counted.put(stat.dev(), stat.ino(), 1) != 0;
      if (!again) {
        add(item.depth(), stat.sizeBytes());
        if (item.depth() == 0 || (call.has("-a") && item.depth() <= depthMax)) {
          print(item, stat.sizeBytes());
        }
      }
      return false;
    }

    private void add(int depth, long bytes) {
      if (depth == 0) {
        totalBytes += bytes;
      } else {
        bytesAt[depth - 1] += bytes;
      }
    }

    @Override
    public void leave(Walk.Item directory) throws IOException {
      long bytes = bytesAt[directory.depth()];
      add(directory.depth(), bytes);
      if (directory.depth() <= depthMax) {
        print(directory, bytes);
      }
    }

    @Override
    public void failed(Place place, IOException e) throws IOException {
      call.failed(place.said(), e);
    }

    private void print(Walk.Item item, long bytes) throws IOException {
      if (call.has("--json")) {
        call.json(
            item.place(),
            json -> {
              Entries.path(json, item.place().said());
              json.name("sizeBytes").value(bytes);
            });
      } else {
        line(bytes, item.place().said());
      }
    }

    private void line(long bytes, String name) throws IOException {
      String size =
          call.has("-h")
              ? Sizes.human(bytes)
              : Long.toString(call.has("-b") ? bytes : Math.ceilDiv(bytes, UNIT_BYTES));
      boolean zero = call.has("-0");
      String shown = zero || !call.out().isTerminal() ? name : Quoted.inMessage(name);
      call.out().text(size + "\t" + shown, zero ? '\0' : '\n');
    }
  }
}
