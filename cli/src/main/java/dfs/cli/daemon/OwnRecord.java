package dfs.cli.daemon;

import dfs.cli.data.ProcessRecord;
import dfs.cli.data.ProcessRecord.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this process says of itself in {@code run/}, from its start to its end: how far it is, told
 * by its main thread, and what keeps it from working, told by the mount. Thread-safe.
 */
final class OwnRecord implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OwnRecord.class);

  private final Path file;
  private ProcessRecord record;
  private boolean closed;

  private OwnRecord(Path file, ProcessRecord record) {
    this.file = file;
    this.record = record;
  }

  static OwnRecord begin(Path file, Optional<Path> mountPoint) throws IOException {
    ProcessRecord record = ProcessRecord.ofThisProcess(State.STARTING, mountPoint);
    record.write(file);
    return new OwnRecord(file, record);
  }

  synchronized void state(State state) throws IOException {
    record = record.with(state);
    record.write(file);
  }

  /** An empty text: nothing is wrong any more. */
  synchronized void problem(String text) {
    record = record.withProblem(text);
    if (closed) {
      return;
    }
    try {
      record.write(file);
    } catch (IOException e) {
      LOG.warn("{} does not say '{}': {}", file, text, e.toString());
    }
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    Files.deleteIfExists(file);
  }
}
