package dfs.cli.verb;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.List;

/** What verbs read: files, and the standard input where an operand is {@code -}. */
final class Inputs {
  private Inputs() {}

  /** What the operands mean. */
  static List<Place> of(Call call) throws IOException {
    return of(call, call.operands());
  }

  static List<Place> of(Call call, List<String> operands) throws IOException {
    PlaceList places = new PlaceList();
    for (String operand : operands) {
      boolean here = operand.equals(Call.STANDARD);
      places.append(here ? List.of(call.local(operand)) : call.places(List.of(operand)));
    }
    return places;
  }

  /** Opens it for reading. */
  static InputStream open(Call call, Place place) throws IOException {
    if (place.said().equals(Call.STANDARD)) {
      return new FilterInputStream(call.in()) {
        @Override
        public void close() {
          // It is the process's, and may be named again.
        }
      };
    }
    if (Files.isDirectory(place.path())) {
      throw new RefusedException("is a directory");
    }
    return Files.newInputStream(place.path());
  }
}
