package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code scripts/dfs} in a clone of its own: when it builds, and that what it hands to Java is
 * there. Maven and Java are scripts that do what counts: the one makes jars and keeps count, the
 * other looks for them.
 */
@Timeout(60)
@Tag("side-by-side")
class LauncherTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final String MODULES =
      "acl protocol metadata-server chunk-server client fuse-client cli";

  private static final String JAVA =
      """
      #!/usr/bin/env bash
      while [ "$1" != -cp ]; do shift; done
      IFS=:
      for jar in $2; do [ -f "$jar" ] || echo "$jar is missing"; done
      echo ran
      """;

  private @TempDir Path scratch;

  @BeforeEach
  void makeClone() throws Exception {
    Shell.run(
        scratch,
        """
        mkdir -p bin jdk/bin clone; cp -r %s/scripts clone/; touch clone/pom.xml
        for module in %s; do mkdir -p clone/$module/src/main; touch clone/$module/pom.xml; done
        echo 'JAVA_VERSION="25.0.1"' > jdk/release; cp /bin/true jdk/bin/javac
        """
            .formatted(ROOT, MODULES));
    Files.writeString(
        scratch.resolve("bin/mvn"),
        """
        #!/usr/bin/env bash
        set -eu
        echo built >> %1$s/builds
        for module in %2$s; do
          mkdir -p $module/target; touch $module/target/$module-0.1.0-SNAPSHOT.jar
        done
        touch %1$s/library.jar
        echo $PWD/acl/target/acl-0.1.0-SNAPSHOT.jar:%1$s/library.jar > cli/target/classpath
        """
            .formatted(scratch, MODULES));
    Files.writeString(scratch.resolve("jdk/bin/java"), JAVA);
    Shell.run(scratch, "chmod +x bin/mvn jdk/bin/java");
  }

  private String dfs(String clone) throws Exception {
    return Shell.run(
        scratch,
        "JAVA_HOME=$PWD/jdk PATH=$PWD/bin:$PATH timeout 30 %s/scripts/dfs".formatted(clone));
  }

  private long builds() throws Exception {
    return Files.readAllLines(scratch.resolve("builds")).size();
  }

  @Test
  void itBuildsOnceAndWhenASourceIsNewer() throws Exception {
    assertThat(dfs("clone")).endsWith("ran").doesNotContain("missing");
    assertThat(dfs("clone")).isEqualTo("ran");
    assertThat(builds()).isEqualTo(1);
    Shell.run(scratch, "touch -d '+1 hour' clone/acl/src/main");
    assertThat(dfs("clone")).endsWith("ran").doesNotContain("missing");
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void aCloneThatMovedRunsWithoutBuildingAgain() throws Exception {
    dfs("clone");
    Shell.run(scratch, "mv clone elsewhere");
    assertThat(dfs("elsewhere")).isEqualTo("ran");
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void itBuildsAgainWhenALibraryOrAJarIsGone() throws Exception {
    dfs("clone");
    Shell.run(scratch, "rm library.jar");
    assertThat(dfs("clone")).endsWith("ran").doesNotContain("missing");
    assertThat(builds()).isEqualTo(2);
    Shell.run(scratch, "rm clone/cli/target/built/acl-*.jar");
    assertThat(dfs("clone")).endsWith("ran").doesNotContain("missing");
    assertThat(builds()).isEqualTo(3);
  }

  /** Java cannot ask a terminal. What somebody has said counts, and without a terminal nothing. */
  @Test
  void itSaysHowWideTheTerminalIs() throws Exception {
    dfs("clone");
    Files.writeString(
        scratch.resolve("jdk/bin/java"),
        """
        #!/usr/bin/env bash
        echo "<${COLUMNS:-}>"
        """);
    Files.writeString(
        scratch.resolve("run"), "JAVA_HOME=$PWD/jdk PATH=$PWD/bin:$PATH clone/scripts/dfs ls\n");
    String terminal = "script -qec 'stty cols 37; %s bash run' /dev/null";
    assertThat(Shell.run(scratch, "unset COLUMNS; bash run")).isEqualTo("<>");
    assertThat(Shell.run(scratch, "unset COLUMNS; " + terminal.formatted(""))).isEqualTo("<37>");
    assertThat(Shell.run(scratch, terminal.formatted("COLUMNS=50"))).isEqualTo("<50>");
  }
}
