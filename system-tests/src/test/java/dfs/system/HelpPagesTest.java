package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dfs.cli.verb.DashLine;
import dfs.cli.verb.VerbSpec;
import dfs.cli.verb.Verbs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The manual page, and what completion offers in a shell. */
@Timeout(120)
@Tag("side-by-side")
class HelpPagesTest {
  private @TempDir Path scratch;
  private DfsProcess cluster;

  @AfterEach
  void end() throws Exception {
    if (cluster != null) {
      cluster.close();
      Shell.quietly("umount", "-l", scratch.resolve("mnt").toString());
    }
  }

  @Test
  void theManualHasEveryVerbAndNoMistake() throws Exception {
    String page = VerbRunner.runHere(List.of("help", "--man")).out();
    for (String verb : Verbs.NAMES) {
      assertThat(page).contains(".SS \"dfs " + verb.replace("-", "\\-"));
    }
    assertThat(DashLine.specs()).hasSizeGreaterThan(30);
    for (VerbSpec spec : DashLine.specs()) {
      assertThat(page).contains(".SS \"dfs \\-" + spec.name());
    }
    assertThat(page).contains(".SS \"dfs up", "\\-\\-chunk\\-servers");
    // A line that begins with a dot is one of these requests.
    assertThat(page.lines().filter(line -> line.startsWith(".")))
        .allMatch(line -> line.matches("\\.(TH|SH|SS|TP|PP|B|BI|BR|RI|I|br)( .*)?"));
  }

  @Test
  void completionOffersVerbsOptionsAndPathsOfTheCluster() throws Exception {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    Path mnt = scratch.resolve("mnt");
    String data = scratch.resolve("data").toString();
    cluster = DfsProcess.serve(scratch, "up", "--foreground", "--data", data, "--", mnt.toString());
    Shell.run(mnt, "mkdir 'a b' other; touch 'a b/f 1' 'a b/g'; echo > local; mkdir d; touch d/x");
    Files.createDirectory(scratch.resolve("here"));
    Files.writeString(scratch.resolve("here/afile"), "");
    Files.writeString(
        scratch.resolve("script"),
        """
        export DFS_DATA=%1$s
        dfs() { %2$s "$@"; }
        source <(dfs help --completion)
        cd here
        try() {
          COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
          _dfs
          printf '<%%s>' "${COMPREPLY[@]}"; echo
        }
        try dfs get
        try dfs ls --almost
        try dfs ls /a
        try dfs ls '/a b/'
        try dfs cat /d/x
        try dfs put a
        try dfs drain --no
        try dfs -trunc
        try dfs -ls -R
        try dfs -put a
        export DFS_DATA=/nowhere
        try dfs ls /d/
        try dfs ls --data %1$s /d/
        try dfs ls --data = %1$s /d/
        try dfs ls --data=%1$s -l /d/
        try dfs -ls --data %1$s /d/
        try dfs ls --data ../he
        """
            .formatted(data, DfsProcess.commandLine()));
    assertThat(Shell.run(scratch, "bash script"))
        .isEqualTo(
            """
            <get ><getfacl ><getfattr ><getmerge >
            <--almost-all >
            </a\\ b/>
            </a\\ b/f\\ 1></a\\ b/g>
            </d/x>
            <afile><a\\ b/>
            <--no-wait >
            <-truncate >
            <-R >
            <afile><a\\ b/>
            <>
            </d/x>
            </d/x>
            </d/x>
            </d/x>
            <../here/>\
            """);
  }
}
