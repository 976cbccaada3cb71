package dfs.system;

import com.google.protobuf.ByteString;
import dfs.client.volume.Entrance;
import dfs.client.volume.Reached;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A process of another user, who has not the cluster's key, and uses the volume through Java. It is
 * told what to do a line at a time; an answer that begins with an exclamation mark is the class of
 * an exception.
 */
final class UserProcess implements AutoCloseable {
  private static final int READ_BYTES = 1000;

  private final Process process;
  private final BufferedWriter tells;
  private final BufferedReader hears;

  private UserProcess(Process process) {
    this.process = process;
    this.tells = process.outputWriter(StandardCharsets.UTF_8);
    this.hears = process.inputReader(StandardCharsets.UTF_8);
  }

  /**
   * Starts one.
   *
   * @param java as {@link VerbRunner#command} makes it
   */
  static UserProcess start(List<String> java, Path data, Path err) throws IOException {
    List<String> command = new ArrayList<>(java);
    command.replaceAll(
        word -> word.equals(VerbRunner.class.getName()) ? UserProcess.class.getName() : word);
    command.addAll(0, List.of("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"));
    command.add(data.toString());
    return new UserProcess(
        new ProcessBuilder(command)
            .directory(Path.of("/").toFile())
            .redirectError(err.toFile())
            .start());
  }

  /** What comes of it. */
  String tell(String... words) throws IOException {
    tells.write(String.join(" ", words));
    tells.newLine();
    tells.flush();
    String said = hears.readLine();
    if (said == null) {
      throw new IOException("the user's process has ended");
    }
    return said;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** The process itself. */
  public static void main(String[] args) throws IOException {
    Path data = Path.of(args[0]);
    try (FileSystem volume =
            FileSystems.newFileSystem(URI.create("dfs:///"), Map.of("data", data));
        Reached raw = Reached.open(new Entrance(data), "raw")) {
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      BufferedWriter out =
          new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8));
      User user = new User(data, volume, raw, new HashMap<>(), new AtomicReference<>());
      String line = in.readLine();
      while (line != null) {
        String said;
        try {
          said = user.does(line.split(" ", -1));
        } catch (IOException e) {
          said = "!" + e.getClass().getSimpleName();
        }
        out.write(said);
        out.newLine();
        out.flush();
        line = in.readLine();
      }
      user.leaveThePast();
    }
  }

  /**
   * What he has.
   *
   * @param open by path, or, of the past, by "then" and the path
   */
  private record User(
      Path data,
      FileSystem volume,
      Reached raw,
      Map<String, FileChannel> open,
      AtomicReference<@Nullable FileSystem> then) {
    void leaveThePast() throws IOException {
      FileSystem last = then.getAndSet(null);
      if (last != null) {
        last.close();
      }
    }

    private Path then(String path) {
      return Objects.requireNonNull(then.get()).getPath(path);
    }

    String does(String[] words) throws IOException {
      return switch (words[0]) {
        case "make" -> {
          Set<StandardOpenOption> options =
              EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          open.put(
              words[1],
              FileChannel.open(
                  volume.getPath(words[1]),
                  options,
                  PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(words[2]))));
          yield "made";
        }
        case "open" -> {
          Set<StandardOpenOption> options =
              Arrays.stream(words)
                  .skip(2)
                  .map(word -> StandardOpenOption.valueOf(word.toUpperCase(Locale.ROOT)))
                  .collect(Collectors.toSet());
          open.put(words[1], FileChannel.open(volume.getPath(words[1]), options));
          yield "open";
        }
        case "write" -> {
          var _ = open.get(words[1]).write(StandardCharsets.UTF_8.encode(words[2]));
          yield "written";
        }
        case "read" -> {
          ByteBuffer bytes = ByteBuffer.allocate(READ_BYTES);
          int count = open.get(words[1]).read(bytes, 0);
          yield count < 0 ? "" : StandardCharsets.UTF_8.decode(bytes.flip()).toString();
        }
        case "close" -> {
          open.remove(words[1]).close();
          yield "closed";
        }
        case "chmod" -> {
          Files.setPosixFilePermissions(
              volume.getPath(words[1]), PosixFilePermissions.fromString(words[2]));
          yield "changed";
        }
        case "copy" -> {
          Files.copy(
              volume.getPath(words[1]),
              volume.getPath(words[2]),
              StandardCopyOption.COPY_ATTRIBUTES);
          yield "copied";
        }
        case "as-of" -> {
          leaveThePast();
          then.set(
              FileSystems.newFileSystem(
                  URI.create("dfs:///"), Map.of("data", data, "asOf", words[1])));
          yield "as of then";
        }
        case "cat-then" -> Files.readString(then(words[1])).strip();
        case "open-then" -> {
          open.put("then " + words[1], FileChannel.open(then(words[1])));
          yield "open";
        }
        case "read-then" -> {
          ByteBuffer bytes = ByteBuffer.allocate(READ_BYTES);
          int count = open.get("then " + words[1]).read(bytes, 0);
          yield count < 0 ? "" : StandardCharsets.UTF_8.decode(bytes.flip()).toString().strip();
        }
        case "by-number" -> byNumber(Long.parseLong(words[1]));
        default -> throw new IllegalArgumentException(words[0]);
      };
    }

    /** What comes of naming an inode by its number alone. */
    private String byNumber(long ino) throws IOException {
      List<String> refusals = new ArrayList<>();
      for (Operation operation :
          List.of(
              new Query.GetAttributes(ino),
              new Query.Open(ino, 4),
              new Query.ReadMap(ino, 0, 100),
              new Query.GetXattr(ino, ByteString.copyFromUtf8("user.x")))) {
        Reply reply = raw.session().call(raw.caller(), operation);
        refusals.add(reply instanceof Reply.Refused refused ? refused.errno().name() : "OK");
      }
      return String.join(" ", refusals);
    }
  }
}
