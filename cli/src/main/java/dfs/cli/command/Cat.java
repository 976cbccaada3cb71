package dfs.cli.command;

import dfs.cli.volume.Volume;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code dfs cat}: writes files of the volume to the standard output. */
@Command(
    name = "cat",
    mixinStandardHelpOptions = true,
    description = "Writes files of the volume to the standard output.")
final class Cat implements Callable<Integer> {
  @Parameters(arity = "1..*", paramLabel = "PATH", description = "path inside the volume")
  private List<String> paths = List.of();

  @Mixin private final DataOption data = new DataOption();

  @Override
  public Integer call() throws Exception {
    try (Volume volume = Volume.open(data.directory());
        FileOutputStream out = new FileOutputStream(FileDescriptor.out);
        FileChannel channel = out.getChannel()) {
      for (String path : paths) {
        volume.tree().copyOut(path, channel);
      }
    }
    return Commands.DONE;
  }
}
