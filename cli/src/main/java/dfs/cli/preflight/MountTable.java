package dfs.cli.preflight;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What is mounted where: /proc/self/mountinfo (proc_pid_mountinfo(5)). */
public final class MountTable {
  public static final Path SELF = Path.of("/proc/self/mountinfo");

  private static final int PATH = 4;
  private static final int OPTIONS = 5;

  /** Options of the file system as a whole: so many fields behind the separator. */
  private static final int SUPER_OPTIONS = 3;

  private static final List<String> REMOTE =
      List.of(
          "nfs",
          "nfs4",
          "cifs",
          "smb3",
          "smbfs",
          "9p",
          "afs",
          "ceph",
          "glusterfs",
          "lustre",
          "coda",
          "ocfs2",
          "gfs2",
          "beegfs",
          "pvfs2",
          "fuse",
          "fuseblk");

  private final List<Mount> mounts;

  /**
   * A mounted file system.
   *
   * @param readOnly nobody can write here, whoever it is
   */
  public record Mount(Path path, String type, boolean readOnly) {
    /** Whether its files lie on another machine or behind a process. */
    public boolean isRemote() {
      String lower = type.toLowerCase(Locale.ROOT);
      return REMOTE.contains(lower) || lower.startsWith("fuse.");
    }

    /** Whether it is one of ours. */
    public boolean isDfs() {
      return type.equals("fuse.dfs");
    }
  }

  private MountTable(List<Mount> mounts) {
    this.mounts = mounts;
  }

  /** Reads a table in the layout of mountinfo. */
  public static MountTable read(Path file) throws IOException {
    List<Mount> mounts = new ArrayList<>();
    // bytes of any encoding: they are decoded after the escapes are
    for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
      List<String> fields = List.of(line.split(" ", -1));
      int separator = fields.indexOf("-");
      if (fields.size() > PATH && separator > PATH && separator + 1 < fields.size()) {
        mounts.add(
            new Mount(
                Path.of(unescaped(fields.get(PATH))),
                fields.get(separator + 1),
                isReadOnly(fields, OPTIONS) || isReadOnly(fields, separator + SUPER_OPTIONS)));
      }
    }
    return new MountTable(mounts);
  }

  private static boolean isReadOnly(List<String> fields, int at) {
    return at < fields.size() && List.of(fields.get(at).split(",", -1)).contains("ro");
  }

  /** Blank, tab, newline and backslash are written as three octal digits. */
  private static String unescaped(String field) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c == '\\'
          && i + 3 < field.length()
          && field.substring(i + 1, i + 4).matches("[0-7]{3}")) {
        out.append((char) Integer.parseInt(field.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        out.append(c);
      }
    }
    return new String(out.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  /** What is mounted on exactly this path; the topmost if several are. */
  public Optional<Mount> at(Path path) {
    return mounts.reversed().stream().filter(mount -> mount.path().equals(path)).findFirst();
  }

  /** The file system that an existing path lies on. */
  public Optional<Mount> of(Path path) {
    Mount best = null;
    for (Mount mount : mounts) {
      if (path.startsWith(mount.path())
          && (best == null || mount.path().getNameCount() >= best.path().getNameCount())) {
        best = mount;
      }
    }
    return Optional.ofNullable(best);
  }
}
