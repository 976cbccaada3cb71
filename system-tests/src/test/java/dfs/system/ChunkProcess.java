package dfs.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import dfs.chunk.server.ChunkServer;
import dfs.protocol.frame.BlockServices;
import dfs.protocol.seam.RealDisk;
import dfs.protocol.seam.RealTime;
import dfs.protocol.transport.Transports;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;

/** A chunk server in a process of its own, which can be stopped and woken up. */
final class ChunkProcess implements AutoCloseable {
  private static final String READY = "ready";

  private final Process process;
  private final BufferedReader said;

  private ChunkProcess(Process process) {
    this.process = process;
    this.said = process.inputReader();
  }

  static ChunkProcess start(Path folder, int number, String metadata, ByteString key)
      throws IOException {
    Path data = Files.createDirectories(folder.resolve("process-" + number));
    List<String> command = new ArrayList<>(DfsProcess.java(ChunkProcess.class.getName()));
    command.add("unix:" + folder.resolve("p" + number + ".sock"));
    command.add(metadata);
    command.add(key.toStringUtf8());
    command.add(data.toString());
    return new ChunkProcess(
        new ProcessBuilder(command)
            .redirectError(folder.resolve("process-" + number + ".err").toFile())
            .start());
  }

  void awaitReady() throws IOException {
    for (String line = said.readLine(); !READY.equals(line); line = said.readLine()) {
      if (line == null) {
        throw new IOException("a chunk server did not start");
      }
    }
  }

  private void signal(String name) throws Exception {
    Shell.run(Path.of("/"), "kill -" + name + " " + process.pid());
  }

  /** SIGSTOP: its connections stay, and nobody answers. */
  void stop() throws Exception {
    signal("STOP");
  }

  /** SIGCONT. */
  void wake() throws Exception {
    signal("CONT");
  }

  /** It dies at the operation of its disk that comes after so many from now on. */
  void haltAfter(long operations) throws IOException {
    Writer tell = process.outputWriter();
    tell.write(operations + "\n");
    tell.flush();
    awaitReady();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    said.close();
  }

  /**
   * The process: its address, the metadata server's, the cluster key, the data directory; ends with
   * its input, of which each line is a number for {@link HaltingDisk#haltAfter}.
   */
  public static void main(String[] arguments) throws Exception {
    Path data = Path.of(arguments[3]);
    ChunkServer.Config config =
        ChunkServer.Config.of(
            "test",
            arguments[0],
            arguments[1],
            ByteString.copyFromUtf8(arguments[2]),
            data.toString(),
            ChunkServer.Scrub.USUAL);
    HaltingDisk disk = new HaltingDisk(new RealDisk(data));
    try (Transports transport = new Transports();
        BlockServices services = new BlockServices();
        ChunkServer server =
            ChunkServer.start(
                config, disk.halting(), transport, services, new RealTime(), new SecureRandom())) {
      var _ = server.ready().get();
      BufferedReader told = new BufferedReader(new InputStreamReader(System.in, UTF_8));
      for (String line = ""; line != null; line = told.readLine()) {
        if (!line.isEmpty()) {
          disk.haltAfter(Long.parseLong(line));
        }
        System.out.println(READY);
        System.out.flush();
      }
    }
  }
}
