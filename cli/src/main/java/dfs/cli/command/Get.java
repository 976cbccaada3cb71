package dfs.cli.command;

import dfs.cli.volume.Volume;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code dfs get}: copies a file out of the volume. */
@Command(
    name = "get",
    mixinStandardHelpOptions = true,
    description = "Copies a file out of the volume; it appears under its name when it is complete.")
final class Get implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "PATH", description = "path inside the volume")
  private String path = "/";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "FILE",
      defaultValue = ".",
      description = "a file or directory here (default: the working directory)")
  private Path target = Path.of(".");

  @Mixin private final DataOption data = new DataOption();

  @Override
  public Integer call() throws Exception {
    try (Volume volume = Volume.open(data.directory())) {
      Path file =
          Files.isDirectory(target)
              ? target.resolve(volume.tree().nameOf(path).toStringUtf8())
              : target;
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          volume.tree().copyOut(path, channel);
        }
        return Commands.DONE;
      }
      copy(volume, file.toAbsolutePath());
    }
    return Commands.DONE;
  }

  /** Beside its place first: nobody meets half a file under the name. */
  private void copy(Volume volume, Path file) throws IOException {
    Path unfinished =
        file.resolveSibling(".dfs-get-" + ProcessHandle.current().pid() + "-" + file.getFileName());
    try {
      Files.createFile(unfinished);
      try {
        try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
          volume.tree().copyOut(path, channel);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(unfinished);
      }
    } catch (FileSystemException e) {
      throw about(file, e);
    }
  }

  /** The unfinished file means nothing to anybody: what failed is the making of this one. */
  private static FileSystemException about(Path file, FileSystemException e) {
    FileSystemException named =
        switch (e) {
          case NoSuchFileException _ -> new NoSuchFileException(file.toString());
          case AccessDeniedException _ -> new AccessDeniedException(file.toString());
          default -> new FileSystemException(file.toString(), null, e.getReason());
        };
    named.initCause(e);
    return named;
  }
}
