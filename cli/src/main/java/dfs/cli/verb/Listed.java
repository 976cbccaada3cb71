package dfs.cli.verb;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A name in a directory that is listed.
 *
 * @param stat null: nothing of it is asked for but the name
 * @param more what else a list says of it
 */
record Listed(String name, @Nullable Stat stat, String more) {
  /** How it is kept when there is no room for it. */
  static final Sorting.Form<Listed> FORM =
      new Sorting.Form<>() {
        @Override
        public void write(DataOutputStream out, Listed element) throws IOException {
          Sorting.TEXT.write(out, element.name);
          Sorting.TEXT.write(out, element.more);
          Stat stat = element.stat;
          out.writeBoolean(stat != null);
          if (stat != null) {
            writeStat(out, stat);
          }
        }

        @Override
        public Listed read(DataInputStream in) throws IOException {
          String name = Sorting.TEXT.read(in);
          String more = Sorting.TEXT.read(in);
          return new Listed(name, in.readBoolean() ? readStat(in) : null, more);
        }
      };

  Listed(String name, @Nullable Stat stat) {
    this(name, stat, "");
  }

  Stat known() {
    if (stat == null) {
      throw new IllegalStateException(name + " was not looked at");
    }
    return stat;
  }

  private static void writeStat(DataOutputStream out, Stat stat) throws IOException {
    out.writeInt(stat.mode());
    out.writeLong(stat.ino());
    out.writeLong(stat.dev());
    out.writeLong(stat.rdev());
    out.writeInt(stat.links());
    out.writeInt(stat.uid());
    out.writeInt(stat.gid());
    out.writeLong(stat.sizeBytes());
    writeTime(out, stat.modified());
    writeTime(out, stat.accessed());
    writeTime(out, stat.changed());
  }

  private static Stat readStat(DataInputStream in) throws IOException {
    return new Stat(
        in.readInt(),
        in.readLong(),
        in.readLong(),
        in.readLong(),
        in.readInt(),
        in.readInt(),
        in.readInt(),
        in.readLong(),
        readTime(in),
        readTime(in),
        readTime(in));
  }

  private static void writeTime(DataOutputStream out, FileTime time) throws IOException {
    Instant instant = time.toInstant();
    out.writeLong(instant.getEpochSecond());
    out.writeInt(instant.getNano());
  }

  private static FileTime readTime(DataInputStream in) throws IOException {
    return FileTime.from(Instant.ofEpochSecond(in.readLong(), in.readInt()));
  }
}
