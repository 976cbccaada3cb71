package dfs.client.file;

import dfs.protocol.Limits;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What was written to a file and is in no block yet: runs in file order, none overlapping. Guarded
 * by its file's lock.
 */
final class DirtyRuns {
  private final BufferPool pool;
  private final TreeMap<Long, Run> runs = new TreeMap<>();
  private long bytes;

  DirtyRuns(BufferPool pool) {
    this.pool = pool;
  }

  boolean isEmpty() {
    return runs.isEmpty();
  }

  /** Where the last run ends; 0 if there is none. */
  long end() {
    Map.Entry<Long, Run> last = runs.lastEntry();
    return last == null ? 0 : last.getValue().end();
  }

  long bytes() {
    return bytes;
  }

  /** Writes all of {@code from} at {@code offset}, over what was there. */
  void put(long offset, ByteBuffer from) {
    long end = offset + from.remaining();
    Map.Entry<Long, Run> before = runs.floorEntry(offset);
    if (before != null && before.getValue().end() >= end) {
      before.getValue().overwrite(offset, from);
      return;
    }
    remove(offset, end);
    before = runs.floorEntry(offset);
    long at = offset;
    if (before != null && before.getValue().end() == offset) {
      int count = before.getValue().append(from);
      bytes += count;
      at += count;
    }
    while (from.hasRemaining()) {
      Run run = new Run(pool, at);
      int count = run.append(from);
      runs.put(at, run);
      bytes += count;
      at += count;
    }
  }

  /** Writes those bytes of {@code from} that nothing has been written over. */
  void putUnder(long offset, ByteBuffer from) {
    uncovered(offset, from, this::put);
  }

  /**
   * Copies of those bytes of {@code from} that nothing has been written over: at most {@link
   * Limits#APPEND_BYTES}, in file order. They are the caller's, and no part of what was written.
   */
  List<Run> under(long offset, ByteBuffer from) {
    List<Run> copies = new ArrayList<>();
    uncovered(
        offset,
        from,
        (at, part) -> {
          Run run = new Run(pool, at);
          run.append(part);
          copies.add(run);
        });
    return copies;
  }

  /** Bytes at an offset of the file. */
  private interface Part {
    void at(long offset, ByteBuffer bytes);
  }

  private void uncovered(long offset, ByteBuffer from, Part part) {
    long at = offset;
    long end = offset + from.remaining();
    ByteBuffer source = from.slice();
    for (Run run : List.copyOf(runs.values())) {
      if (run.end() > at && run.offset() < end) {
        if (run.offset() > at) {
          part.at(at, source.slice((int) (at - offset), (int) (run.offset() - at)));
        }
        at = Math.max(at, run.end());
      }
    }
    if (at < end) {
      part.at(at, source.slice((int) (at - offset), (int) (end - at)));
    }
  }

  private void remove(long from, long to) {
    Long first = runs.floorKey(from);
    List<Run> touched =
        new ArrayList<>(runs.subMap(first == null ? from : first, true, to, false).values());
    for (Run run : touched) {
      if (run.end() <= from) {
        continue;
      }
      bytes -= run.length();
      runs.remove(run.offset());
      ByteBuffer tail = run.end() > to ? run.view(to, run.end()) : ByteBuffer.allocate(0);
      if (tail.hasRemaining()) {
        Run rest = new Run(pool, to);
        rest.append(tail);
        runs.put(to, rest);
        bytes += rest.length();
      }
      if (run.offset() < from) {
        run.cut(from);
        runs.put(run.offset(), run);
        bytes += run.length();
      } else {
        run.release();
      }
    }
  }

  /** Takes all runs out, in file order; they are the caller's now. */
  List<Run> takeAll() {
    List<Run> taken = List.copyOf(runs.values());
    runs.clear();
    bytes = 0;
    return taken;
  }

  /**
   * Copies what was written in the range over {@code into}, whose position stands for {@code
   * offset}.
   */
  void overlay(long offset, ByteBuffer into) {
    Long first = runs.floorKey(offset);
    long end = offset + into.remaining();
    for (Run run : runs.subMap(first == null ? offset : first, true, end, false).values()) {
      overlay(run, offset, into);
    }
  }

  /** Copies the part of {@code run} that lies in the range over {@code into}. */
  static void overlay(Run run, long offset, ByteBuffer into) {
    long from = Math.max(run.offset(), offset);
    long to = Math.min(run.end(), offset + into.remaining());
    if (from < to) {
      ByteBuffer part = run.view(from, to);
      into.put(into.position() + (int) (from - offset), part, 0, part.remaining());
    }
  }
}
