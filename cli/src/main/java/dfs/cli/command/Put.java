package dfs.cli.command;

import dfs.cli.volume.Volume;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code dfs put}: copies a file into the volume. */
@Command(
    name = "put",
    mixinStandardHelpOptions = true,
    description =
        "Copies a file into the volume; there it appears, or replaces the one of its name, when it"
            + " is complete.")
final class Put implements Callable<Integer> {
  private static final String STANDARD_INPUT = "-";
  private static final int MODE_OF_INPUT = 0666;
  private static final int PERMISSIONS = 0777;

  @Parameters(
      index = "0",
      paramLabel = "FILE",
      description = "a file here, or - for the standard input")
  private String source = STANDARD_INPUT;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "PATH",
      defaultValue = "/",
      description =
          "path inside the volume, of the file or of a directory for it (default: the root)")
  private String path = "/";

  @Mixin private final DataOption data = new DataOption();

  @Override
  public Integer call() throws Exception {
    try (Volume volume = Volume.open(data.directory())) {
      boolean standard = source.equals(STANDARD_INPUT);
      String target = path;
      if (volume.tree().isDirectory(path)) {
        if (standard) {
          throw new FailedException(path, "is a directory: what is read needs a name");
        }
        target = path + "/" + Path.of(source).toAbsolutePath().normalize().getFileName();
      }
      int mode = standard ? MODE_OF_INPUT : modeOf(Path.of(source));
      try (ReadableByteChannel channel = open(standard)) {
        volume.tree().copyIn(channel, target, mode);
      }
    }
    return Commands.DONE;
  }

  private static int modeOf(Path file) throws IOException, FailedException {
    if (Files.isDirectory(file)) {
      throw new FailedException(file.toString(), "is a directory");
    }
    return (int) Files.getAttribute(file, "unix:mode") & PERMISSIONS;
  }

  private ReadableByteChannel open(boolean standard) throws IOException {
    return standard
        ? new FileInputStream(FileDescriptor.in).getChannel()
        : FileChannel.open(Path.of(source), StandardOpenOption.READ);
  }
}
