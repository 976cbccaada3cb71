package dfs.system;

import dfs.contract.Contract;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The contract of java.nio.file on the JDK's provider: the rows say what is. */
@Timeout(300)
@Tag("side-by-side")
class JdkContractTest {
  @TestFactory
  Stream<DynamicTest> contract(@TempDir Path directory) {
    return Contract.tests(directory, Contract.Differences.NONE);
  }
}
