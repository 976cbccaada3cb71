package dfs.cli.verb;

import static dfs.cli.verb.VerbSpec.flag;

import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.channels.Channels;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.Iterator;
import java.util.List;

/** {@code dfs getmerge}: one file of this machine from several of the volume. */
final class Getmerge implements Verb {
  @Override
  public VerbSpec spec() {
    return VerbSpec.of(
        "getmerge",
        VerbSpec.Kind.CHANGES,
        "PATH... FILE",
        2,
        VerbSpec.ANY,
        "Writes files, and those in directories in the order of their names, into one file of this"
            + " machine.",
        flag("-l --nl", "a newline behind each"),
        flag("-f --force", "replace the file if it is there"));
  }

  @Override
  public void run(Call call) throws IOException {
    List<String> operands = call.operands();
    List<Place> parts = new ArrayList<>();
    call.each(
        call.places(operands.subList(0, operands.size() - 1)),
        place -> {
          if (Stat.of(place.path(), true).isDirectory()) {
            addFiles(place, parts);
          } else {
            parts.add(place);
          }
        });
    if (call.hasFailed()) {
      return;
    }
    Place target = call.local(operands.getLast());
    Copying.Wishes wishes = new Copying.Wishes(false, false, call.has("-f"), false, false);
    FileCopy copy = new FileCopy(wishes, new Progress(call.streams()));
    call.attempt(
        target,
        at -> {
          Opening opening = new Opening(call, parts.iterator());
          try (SequenceInputStream in = new SequenceInputStream(opening)) {
            copy.write(Channels.newChannel(in), at.path());
          } catch (OpeningException e) {
            throw e.why;
          }
        });
  }

  private static void addFiles(Place directory, List<Place> parts) throws IOException {
    List<Place> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory.path())) {
      for (Path entry : entries) {
        if (Stat.of(entry, true).isRegular()) {
          files.add(directory.entry(entry));
        }
      }
    } catch (DirectoryIteratorException e) {
      throw Reasons.causeOf(e);
    }
    files.sort((a, b) -> ByteText.compare(a.said(), b.said()));
    parts.addAll(files);
  }

  /** What an enumeration cannot throw as it is. */
  private static final class OpeningException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient IOException why;

    OpeningException(IOException why) {
      super(why);
      this.why = why;
    }
  }

  /** One after the other is open. */
  private static final class Opening implements Enumeration<InputStream> {
    private final Call call;
    private final Iterator<Place> parts;
    private boolean ends;

    Opening(Call call, Iterator<Place> parts) {
      this.call = call;
      this.parts = parts;
    }

    @Override
    public boolean hasMoreElements() {
      return ends || parts.hasNext();
    }

    @Override
    public InputStream nextElement() {
      if (ends) {
        ends = false;
        return new java.io.ByteArrayInputStream(new byte[] {'\n'});
      }
      ends = call.has("-l");
      try {
        return Inputs.open(call, parts.next());
      } catch (IOException e) {
        throw new OpeningException(e);
      }
    }
  }
}
