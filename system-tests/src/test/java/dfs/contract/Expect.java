package dfs.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What rows of the contract look for. */
final class Expect {
  private Expect() {}

  /** Exactly this class, as the documentation names it. */
  static void thrown(Class<? extends Throwable> type, ThrowingCallable call) {
    assertThat(catchThrowable(call)).isExactlyInstanceOf(type);
  }

  /** This class or one below: where the documentation leaves open which. */
  static void failure(Class<? extends Throwable> type, ThrowingCallable call) {
    assertThat(catchThrowable(call)).isInstanceOf(type);
  }

  /** Exactly this class, about this path. */
  static void refused(Class<? extends FileSystemException> type, Path path, ThrowingCallable call) {
    Throwable thrown = catchThrowable(call);
    assertThat(thrown).isExactlyInstanceOf(type);
    assertThat(((FileSystemException) thrown).getFile()).isEqualTo(path.toString());
  }

  static Path file(Path directory, String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static void contents(Path file, String text) throws IOException {
    assertThat(Files.readString(file)).isEqualTo(text);
  }
}
