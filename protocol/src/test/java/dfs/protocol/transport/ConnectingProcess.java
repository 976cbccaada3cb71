package dfs.protocol.transport;

import dfs.protocol.seam.Link;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A process of its own that connects, sends one message and stays until it is killed. */
public final class ConnectingProcess {
  private ConnectingProcess() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Transports transports = new Transports();
    Link<Note> link =
        transports.connect(
            arguments[0],
            TransportContract.NOTES,
            new Link.Receiver<>() {
              @Override
              public void receive(Note message) {}

              @Override
              public void closed(String reason) {}
            });
    link.send(TransportContract.note(9, 9));
    new CountDownLatch(1).await();
  }

  /** Starts one, by way of these words before the command. */
  static Process start(String address, String... before) throws IOException {
    List<String> command = new ArrayList<>(List.of(before));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            ConnectingProcess.class.getName(),
            address));
    return new ProcessBuilder(command).inheritIO().start();
  }
}
