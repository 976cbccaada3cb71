package dfs.cli.verb;

import java.io.IOException;
import java.util.concurrent.atomic.LongAdder;

/** How much a command has copied, and how much of it was there already. Any thread may count. */
final class CopyCounts {
  private final LongAdder files = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder filesKept = new LongAdder();
  private final LongAdder bytesKept = new LongAdder();
  private final LongAdder bytesCompared = new LongAdder();

  /** A file has its name. */
  void file() {
    files.increment();
  }

  /** So many bytes were written. */
  void copied(long more) {
    bytes.add(more);
  }

  /** An earlier run had copied a whole file of this size. */
  void fileKept(long sizeBytes) {
    filesKept.increment();
    bytesKept.add(sizeBytes);
  }

  /** An earlier run had copied so much of a file. */
  void partKept(long more) {
    bytesKept.add(more);
  }

  /** A file of this size was there, and was read to see whether it is a copy. */
  void compared(long sizeBytes) {
    bytesCompared.add(sizeBytes);
  }

  /** Prints them. */
  void say(Call call) throws IOException {
    call.json(
        json -> {
          json.name("files").value(files.sum());
          json.name("bytes").value(bytes.sum());
          json.name("filesKept").value(filesKept.sum());
          json.name("bytesKept").value(bytesKept.sum());
          json.name("bytesCompared").value(bytesCompared.sum());
        });
  }
}
