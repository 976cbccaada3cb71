package dfs.cli.verb;

import dfs.client.path.ScratchFile;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Puts any number of elements in order: what there is no {@link Room} for goes to a temporary file
 * in sorted runs, which are merged when they are read. Elements that count as equal come in the
 * order in which they were added: where all do it is a queue. All are added first, then read, once.
 * One thread uses it.
 */
final class Sorting<T> implements AutoCloseable {
  /** How an element is kept. */
  interface Form<T> {
    void write(DataOutputStream out, T element) throws IOException;

    T read(DataInputStream in) throws IOException;
  }

  /** Names and other text. */
  static final Form<String> TEXT =
      new Form<>() {
        @Override
        public void write(DataOutputStream out, String element) throws IOException {
          byte[] bytes = ByteText.bytes(element);
          out.writeInt(bytes.length);
          out.write(bytes);
        }

        @Override
        public String read(DataInputStream in) throws IOException {
          return ByteText.of(in.readNBytes(in.readInt()));
        }
      };

  private static final int BUFFER_BYTES = 8 << 10;

  private final Room room;
  private final Comparator<? super T> order;
  private final Form<T> form;
  private final List<Source<T>> runs = new ArrayList<>();
  private List<T> held = new ArrayList<>();
  private @Nullable FileChannel file;
  private long fileEnd;
  private long size;

  /** While it is read: what comes next of each run, the least first. */
  private @Nullable PriorityQueue<Source<T>> merged;

  /** The run that is in memory. */
  private @Nullable Source<T> last;

  Sorting(Room room, Comparator<? super T> order, Form<T> form) {
    this.room = room;
    this.order = order;
    this.form = form;
    room.enters(this);
  }

  /** Names in the order of bytes. */
  static Sorting<String> ofNames(Room room) {
    return new Sorting<>(room, ByteText::compare, TEXT);
  }

  /** Keeps the order in which they are added. */
  static <T> Sorting<T> queue(Room room, Form<T> form) {
    return new Sorting<>(room, (_, _) -> 0, form);
  }

  /** A run that is read. */
  private static final class Source<T> {
    private final int number;

    /** In memory. */
    private @Nullable Deque<T> held;

    /** In the file; {@code left} are to come. */
    private @Nullable DataInputStream in;

    private final Form<T> form;
    private long left;
    private @Nullable T next;

    Source(int number, Form<T> form) {
      this.number = number;
      this.form = form;
    }

    /** Whether there is a next one, which it goes on to. */
    boolean advance() throws IOException {
      Deque<T> here = held;
      if (here != null) {
        next = here.poll();
      } else if (left > 0 && in != null) {
        left--;
        next = form.read(in);
      } else {
        next = null;
      }
      return next != null;
    }

    T known() {
      if (next == null) {
        throw new IllegalStateException("nothing is next");
      }
      return next;
    }
  }

  void add(T element) throws IOException {
    if (merged != null) {
      throw new IllegalStateException("it is being read");
    }
    room.take();
    held.add(element);
    size++;
  }

  /** How many were added. */
  long size() {
    return size;
  }

  /** How many are in memory. */
  int held() {
    Deque<T> sorted = last == null ? null : last.held;
    return held.size() + (sorted == null ? 0 : sorted.size());
  }

  /** Moves what is in memory to the file. */
  void spill() throws IOException {
    Source<T> reading = last;
    Deque<T> sorted = reading == null ? null : reading.held;
    int count = held();
    if (reading == null || sorted == null) {
      held.sort(order);
      Source<T> run = new Source<>(runs.size(), form);
      write(run, held);
      runs.add(run);
      held = new ArrayList<>();
    } else {
      write(reading, sorted);
      reading.held = null;
    }
    room.give(count);
  }

  private void write(Source<T> run, Collection<T> elements) throws IOException {
    FileChannel out = file;
    if (out == null) {
      out = ScratchFile.open();
      file = out;
    }
    long from = fileEnd;
    out.position(from);
    DataOutputStream data =
        new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(out), BUFFER_BYTES));
    for (T element : elements) {
      form.write(data, element);
    }
    data.flush();
    fileEnd = out.position();
    run.left = elements.size();
    run.in = new DataInputStream(new BufferedInputStream(new Part(out, from), BUFFER_BYTES));
  }

  /** What lies in a file from a position on. */
  private static final class Part extends InputStream {
    private final FileChannel file;
    private long at;

    Part(FileChannel file, long from) {
      this.file = file;
      this.at = from;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int n = file.read(ByteBuffer.wrap(bytes, offset, length), at);
      at += Math.max(0, n);
      return n;
    }
  }

  /** The next one in the order, which is forgotten; null: there is none. */
  @Nullable T poll() throws IOException {
    PriorityQueue<Source<T>> sources = merging();
    Source<T> first = sources.poll();
    if (first == null) {
      return null;
    }
    T element = first.known();
    go(sources, first);
    return element;
  }

  /** Whether there is a next one. */
  boolean hasNext() throws IOException {
    return !merging().isEmpty();
  }

  private PriorityQueue<Source<T>> merging() throws IOException {
    PriorityQueue<Source<T>> sources = merged;
    if (sources == null) {
      sources =
          new PriorityQueue<>(
              Comparator.<Source<T>, T>comparing(Source::known, order)
                  .thenComparingInt(source -> source.number));
      held.sort(order);
      Source<T> here = new Source<>(runs.size(), form);
      here.held = new ArrayDeque<>(held);
      held = new ArrayList<>();
      last = here;
      merged = sources;
      for (Source<T> run : runs) {
        go(sources, run);
      }
      go(sources, here);
    }
    return sources;
  }

  /** One of each run is in memory beside those that count. */
  private void go(PriorityQueue<Source<T>> sources, Source<T> source) throws IOException {
    int before = held();
    if (source.advance()) {
      sources.add(source);
    }
    room.give(before - held());
  }

  @Override
  public void close() throws IOException {
    room.give(held());
    room.leaves(this);
    held = new ArrayList<>();
    last = null;
    merged = new PriorityQueue<>((_, _) -> 0);
    if (file != null) {
      file.close();
    }
  }
}
