package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dfs.cli.verb.RecordSchema;
import java.util.List;
import java.util.Set;

/** The published schema, and what a verb printed held against it. */
final class RecordSchemas {
  private final Schema schema =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(RecordSchema.text(), InputFormat.JSON);

  /** The verbs whose records it says. */
  static Set<String> verbs() {
    return JsonParser.parseString(RecordSchema.text())
        .getAsJsonObject()
        .getAsJsonObject("properties")
        .keySet();
  }

  /** Whether the schema is one: by that of its draft. */
  static List<Error> faults() {
    return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
        .getSchema(
            com.networknt.schema.SchemaLocation.of(
                SpecificationVersion.DRAFT_2020_12.getDialectId()))
        .validate(RecordSchema.text(), InputFormat.JSON);
  }

  /** What is wrong with a record that a verb has printed. */
  List<Error> faults(String verb, String record) {
    return schema.validate("{\"" + verb + "\":" + record + "}", InputFormat.JSON);
  }

  /** Lines of records, one at least. */
  void check(String verb, String lines) {
    assertThat(lines.lines()).as(verb).isNotEmpty();
    for (String line : lines.lines().toList()) {
      assertThat(faults(verb, line)).as("%s printed %s", verb, line).isEmpty();
    }
  }
}
