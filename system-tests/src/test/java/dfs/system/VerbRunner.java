package dfs.system;

import dfs.cli.command.Commands;
import dfs.cli.verb.Streams;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs command lines one after the other, in this process or in one of somebody else's that is
 * started for many of them.
 */
final class VerbRunner implements AutoCloseable {
  /** What came of a command line. */
  record Result(int status, String out, String err) {}

  private final Process process;
  private final DataOutputStream asked;
  private final DataInputStream answered;

  private VerbRunner(Process process) {
    this.process = process;
    this.asked = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
    this.answered = new DataInputStream(process.getInputStream());
  }

  /**
   * Copies what Java loads to where everybody may read it; the words that start it.
   *
   * @param folder for the copies
   */
  static List<String> command(Path folder) throws Exception {
    Files.createDirectories(folder);
    String java = DfsProcess.commandLineOver(folder);
    Shell.run(
        folder,
        "mkdir tests; for e in "
            + SharedClasses.classPathOfTests().replace(':', ' ')
            + "; do if [ -d $e ]; then cp -r $e/. tests/; fi; done; chmod -R a+rX .");
    List<String> command = new ArrayList<>(List.of(java.split(" ", -1)));
    command.set(command.indexOf("dfs.cli.Main"), VerbRunner.class.getName());
    int classPath = command.indexOf("-cp") + 1;
    command.set(classPath, command.get(classPath) + ":" + folder.resolve("tests"));
    return command;
  }

  /**
   * Starts a process.
   *
   * @param err where it writes what goes wrong
   * @param before words before those that start Java: another user's, another locale's
   */
  static VerbRunner start(List<String> java, Path err, String... before) throws IOException {
    List<String> command = new ArrayList<>(List.of(before));
    command.addAll(java);
    return new VerbRunner(
        new ProcessBuilder(command)
            .directory(Path.of("/").toFile())
            .redirectError(err.toFile())
            .start());
  }

  /** Runs a command line there. */
  Result run(List<String> words) throws IOException {
    asked.writeInt(words.size());
    for (String word : words) {
      asked.writeUTF(word);
    }
    asked.flush();
    return new Result(answered.readInt(), text(answered), text(answered));
  }

  private static String text(DataInputStream in) throws IOException {
    return new String(in.readNBytes(in.readInt()), StandardCharsets.ISO_8859_1);
  }

  /** Runs a command line in this process; bytes as ISO 8859-1. */
  static Result runHere(List<String> words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Streams streams = new Streams(new ByteArrayInputStream(new byte[0]), out, err, false, false);
    PrintWriter outText = new PrintWriter(out, true, StandardCharsets.UTF_8);
    PrintWriter errText = new PrintWriter(err, true, StandardCharsets.UTF_8);
    int status = Commands.run(streams, outText, errText, words.toArray(String[]::new));
    return new Result(
        status,
        out.toString(StandardCharsets.ISO_8859_1),
        err.toString(StandardCharsets.ISO_8859_1));
  }

  /** Command lines come in, results go out. */
  public static void main(String[] none) throws IOException {
    DataInputStream in = new DataInputStream(new FileInputStream(FileDescriptor.in));
    DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)));
    while (true) {
      int count;
      try {
        count = in.readInt();
      } catch (EOFException e) {
        System.exit(0);
        return;
      }
      List<String> words = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        words.add(in.readUTF());
      }
      Result result = runHere(words);
      out.writeInt(result.status());
      for (String text : List.of(result.out(), result.err())) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        out.writeInt(bytes.length);
        out.write(bytes);
      }
      out.flush();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
