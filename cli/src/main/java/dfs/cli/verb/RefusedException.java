package dfs.cli.verb;

import java.io.IOException;
import java.io.Serial;

/** What a verb does not do for a reason of its own; the message is what a person reads. */
final class RefusedException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  RefusedException(String reason) {
    super(reason);
  }
}
