package dfs.cli.verb;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** What {@code --json} prints, as a JSON Schema of draft 2020-12: {@code dfs help --schema}. */
public final class RecordSchema {
  private static final String FILE = "records.schema.json";

  private RecordSchema() {}

  /** The schema. */
  public static String text() {
    try (InputStream in = RecordSchema.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new AssertionError(FILE + " is missing beside " + RecordSchema.class);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
