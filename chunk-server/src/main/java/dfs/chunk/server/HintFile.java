package dfs.chunk.server;

import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A line of numbers in a file of the data directory, replaced as a whole. Only a hint: one that is
 * lost or broken means that more has to be read. One thread at a time writes it.
 */
final class HintFile {
  private static final Logger LOG = LoggerFactory.getLogger(HintFile.class);
  private static final Path ROOT = Path.of("");

  private final Disk disk;
  private final Path file;
  private final Path newFile;
  private final int bytesMax;

  HintFile(Disk disk, String name, int bytesMax) {
    this.disk = disk;
    this.file = Path.of(name);
    this.newFile = Path.of(name + ".new");
    this.bytesMax = bytesMax;
  }

  /** The numbers; none if there is no such file, or not what was written. */
  List<Long> read() throws IOException {
    if (!disk.exists(file)) {
      return List.of();
    }
    ByteBuffer in = ByteBuffer.allocate(bytesMax);
    try (DiskFile from = disk.open(file, false)) {
      while (in.hasRemaining() && from.read(in, in.position()) >= 0) {
        // reads until full or at the end
      }
    }
    String line = new String(in.array(), 0, in.position(), StandardCharsets.US_ASCII).strip();
    try {
      return line.isEmpty()
          ? List.of()
          : List.of(line.split(" ", -1)).stream().map(Long::parseLong).toList();
    } catch (NumberFormatException e) {
      LOG.warn("the file {} is broken", file, e);
      return List.of();
    }
  }

  /** Replaces them, as many as fit; that they cannot be written is no reason to stop. */
  void write(List<Long> numbers) {
    StringBuilder line = new StringBuilder();
    for (long number : numbers) {
      String next = (line.isEmpty() ? "" : " ") + number;
      if (line.length() + next.length() < bytesMax) {
        line.append(next);
      }
    }
    line.append('\n');
    try {
      try (DiskFile to = disk.open(newFile, true)) {
        ByteBuffer bytes = ByteBuffer.wrap(line.toString().getBytes(StandardCharsets.US_ASCII));
        to.truncate(bytes.remaining());
        to.write(bytes, 0);
        to.sync(true);
      }
      disk.rename(newFile, file);
      disk.syncDirectory(ROOT);
    } catch (IOException e) {
      LOG.warn("the file {} cannot be written", file, e);
    }
  }
}
