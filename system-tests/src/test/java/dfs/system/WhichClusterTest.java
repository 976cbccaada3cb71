package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every command is about the cluster that the environment names, unless another one is said. */
@Timeout(300)
@Tag("side-by-side")
class WhichClusterTest {
  private @TempDir Path scratch;

  private final List<DfsProcess> clusters = new ArrayList<>();

  @AfterEach
  void end() {
    clusters.forEach(DfsProcess::close);
  }

  private void up(String name) throws IOException {
    clusters.add(
        DfsProcess.serve(
            scratch,
            "up",
            "--foreground",
            "--no-mount",
            "--data",
            scratch.resolve(name).toString()));
  }

  @Test
  void theVariableCountsForAllUnlessOneIsSaid() throws Exception {
    up("data");
    up("said");
    Files.writeString(
        scratch.resolve("script"),
        """
        export DFS_DATA=$PWD/data
        dfs() { %s "$@" 2>&1 | sed "s|$PWD|HERE|g; s|process [0-9]*|process N|"; }
        dfs up --no-mount | head -1
        dfs put script /x
        dfs status | grep 'data:'
        dfs status --data $PWD/said | grep 'data:'
        dfs replication /x | head -1
        dfs fsck /x | grep -o '^1 files'
        dfs drain 5
        dfs undrain 5
        dfs forget-server 5 | grep -o 'chunk server 5'
        dfs fsck /x --data $PWD/said
        dfs ls /
        dfs ls --data $PWD/said /
        dfs -ls -C /
        dfs down
        dfs status | head -2
        dfs status --data $PWD/said | head -1
        """
            .formatted(DfsProcess.commandLine()));
    assertThat(Shell.run(scratch, "bash script"))
        .isEqualTo(
            """
            dfs is up already: process N
            data: HERE/data
            data: HERE/said
            /x: 1, as the volume
            1 files
            dfs: no such file or directory: no chunk server 5 is known
            dfs: no such file or directory: no chunk server 5 is known
            chunk server 5
            dfs: /x: no such file or directory
            x
            /x
            dfs is down; its data stays in HERE/data
            dfs is not well
              problem: dfs is not up: start it with: dfs up
            dfs is up and well\
            """);
  }
}
