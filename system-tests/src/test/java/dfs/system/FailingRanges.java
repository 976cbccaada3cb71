package dfs.system;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** What of a file cannot be read. */
final class FailingRanges {
  /**
   * Reads each 4 KiB range of a file, past the kernel's cache and through it, and says which of
   * them fail with EIO; any that differs from the copy ends it.
   */
  private static final String RANGES =
      """
      import errno, mmap, os, sys
      copy = open(sys.argv[2], 'rb').read()
      failed = []
      for flags in (os.O_DIRECT, 0):
          file = os.open(sys.argv[1], os.O_RDONLY | flags)
          assert os.fstat(file).st_size == len(copy), 'another size'
          failed.append([])
          for at in range(0, len(copy), 4096):
              page = mmap.mmap(-1, 4096)
              try:
                  count = os.preadv(file, [page], at)
              except OSError as e:
                  assert e.errno == errno.EIO, e
                  failed[-1].append(at // 4096)
              else:
                  assert page[:count] == copy[at:at + 4096], 'other bytes at %d' % at
      assert failed[0] == failed[1], failed
      print(*failed[0])
      """;

  private FailingRanges() {}

  /**
   * The 4 KiB ranges of a file that are EIO; all others are what was written.
   *
   * @param written on a local disk; the script lies beside it
   */
  static List<Integer> of(Path file, Path written) throws Exception {
    Path folder = written.toAbsolutePath().getParent();
    Files.writeString(folder.resolve("ranges.py"), RANGES);
    String said = Shell.run(folder, "timeout 60 python3 ranges.py %s %s".formatted(file, written));
    return said.isEmpty()
        ? List.of()
        : Arrays.stream(said.split(" ", -1)).map(Integer::valueOf).toList();
  }
}
