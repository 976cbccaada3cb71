package dfs.system;

import dfs.cli.data.DataDirectory;
import dfs.cli.volume.Volume;
import dfs.client.path.VolumeTree;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Puts and removes files in a directory of its own through the client library, and says each time
 * what it is about to do and that it was acknowledged: for a put that the handle was closed. Runs
 * in the test's process, which outlives the servers, or in one of its own, which is killed.
 */
final class LibraryWriter {
  private static final int NAMES = 16;

  /** Small enough for the metadata, for a shared block, and large enough for blocks of its own. */
  private static final List<Integer> LENGTHS_MAX = List.of(4000, 4000, 100_000, 300_000, 6_000_000);

  private final DataDirectory data;
  private final String directory;
  private final Random random;
  private final Heard heard;
  private volatile boolean stopping;

  /** Who is told. */
  interface Heard {
    /** A file is about to get {@link #bytes} of this seed and length. */
    void puts(String name, long seed, int length);

    void removes(String name);

    /** What was last announced is acknowledged. */
    void done();
  }

  LibraryWriter(DataDirectory data, String directory, long seed, Heard heard) {
    this.data = data;
    this.directory = directory;
    this.random = new Random(seed);
    this.heard = heard;
  }

  static byte[] bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** It ends when what is under way is acknowledged. */
  void stop() {
    stopping = true;
  }

  /** Works until told to stop or something fails. */
  void work() throws IOException {
    stopping = false;
    try (Volume volume = Volume.open(data)) {
      VolumeTree tree = volume.tree();
      tree.makeDirectory(directory, 0755, true);
      Set<String> there = new HashSet<>();
      tree.list(directory, (name, attributes) -> there.add(name.toStringUtf8()));
      while (!stopping) {
        step(tree, there);
        heard.done();
      }
    }
  }

  private void step(VolumeTree tree, Set<String> there) throws IOException {
    String name = "l" + random.nextInt(NAMES);
    String path = directory + "/" + name;
    if (there.contains(name) && random.nextInt(4) == 0) {
      there.remove(name);
      heard.removes(name);
      tree.remove(path, false);
      return;
    }
    there.add(name);
    long seed = random.nextLong();
    int most = LENGTHS_MAX.get(random.nextInt(LENGTHS_MAX.size()));
    int length = random.nextInt(most + 1);
    heard.puts(name, seed, length);
    tree.copyIn(Channels.newChannel(new ByteArrayInputStream(bytes(seed, length))), path, 0644);
  }

  /** As a process of its own: data directory, directory, seed; says on standard output. */
  static void main(String[] arguments) throws IOException {
    new LibraryWriter(
            new DataDirectory(Path.of(arguments[0])),
            arguments[1],
            Long.parseLong(arguments[2]),
            new Said(System.out))
        .work();
  }

  /** Lines that {@link #hear} understands. */
  private record Said(PrintStream out) implements Heard {
    @Override
    public void puts(String name, long seed, int length) {
      say("puts " + name + " " + seed + " " + length);
    }

    @Override
    public void removes(String name) {
      say("removes " + name);
    }

    @Override
    public void done() {
      say("done");
    }

    private void say(String line) {
      out.println(line);
      out.flush();
    }
  }

  /** Passes on what a process said in one line. */
  static void hear(String line, Heard heard) {
    List<String> words = List.of(line.split(" ", -1));
    switch (words.getFirst()) {
      case "puts" ->
          heard.puts(words.get(1), Long.parseLong(words.get(2)), Integer.parseInt(words.get(3)));
      case "removes" -> heard.removes(words.get(1));
      case "done" -> heard.done();
      default -> {}
    }
  }
}
