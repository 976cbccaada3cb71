package dfs.cli.verb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dfs.client.volume.Credentials;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a copy must not lose, whoever is at work there too. */
class CopyingTest {
  private static final int TOGETHER = 500;

  private @TempDir Path scratch;
  private LocalVerbs dfs;

  @BeforeEach
  void prepare() throws IOException {
    dfs = new LocalVerbs(scratch);
  }

  private Path local(String name, String contents) throws IOException {
    Path file = dfs.here.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, contents);
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(ByteText::nameOf).sorted().toList();
    }
  }

  /** A pattern stands for several sources, which do not fit under one name. */
  @Test
  void severalSourcesNeedADirectory() throws IOException {
    local("l1", "one");
    local("l2", "two");
    local("d1/a", "a");
    local("d2/b", "b");
    dfs.run(VerbLine.MISUSED, "put", "-f", "l*", "/new");
    dfs.run(VerbLine.MISUSED, "put", "-r", "d*", "/new");
    dfs.failed("-moveFromLocal", "-f", "l*", "/new");
    dfs.failed("-put", "-f", "l*", "/new");
    assertThat(names(dfs.root)).isEmpty();
    assertThat(names(dfs.here)).containsExactly("d1", "d2", "l1", "l2");
    dfs.file("v1", "one");
    dfs.file("v2", "two");
    dfs.run(VerbLine.MISUSED, "get", "-f", "/v*", "new");
    dfs.run(VerbLine.MISUSED, "cp", "-f", "/v*", "/new");
    dfs.run(VerbLine.MISUSED, "mv", "-f", "/v*", "/new");
    dfs.failed("-get", "-f", "/v*", "new");
    dfs.failed("-cp", "-f", "/v*", "/new");
    dfs.failed("-mv", "/v*", "/new");
    assertThat(names(dfs.root)).containsExactly("v1", "v2");
    assertThat(names(dfs.here)).containsExactly("d1", "d2", "l1", "l2");
    dfs.done("put", "l*", "/");
    assertThat(names(dfs.root)).containsExactly("l1", "l2", "v1", "v2");
  }

  private static FileCopy copying(Copying.Wishes wishes) {
    return new FileCopy(wishes, more -> {}, new CopyCounts());
  }

  /** What was met in a tree is a link to a secret by now, or what waits for ever when opened. */
  @Test
  @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void whatTookThePlaceOfAFileIsNotCopied() throws Exception {
    Path secret = local("secret", "hers");
    Path file = local("t/f", "his");
    Stat met = Stat.of(file, false);
    Files.move(file, dfs.here.resolve("aside"));
    Files.createSymbolicLink(file, secret);
    notCopied(file, met, "is a symlink by now");
    Files.delete(file);
    assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
    notCopied(file, met, "is a fifo by now");
    Files.delete(file);
    Files.move(secret, file);
    notCopied(file, met, "is another file by now");
  }

  private void notCopied(Path file, Stat met, String reason) throws IOException {
    Path copy = dfs.root.resolve("copy");
    for (boolean resume : List.of(false, true)) {
      FileCopy copying = copying(new Copying.Wishes(true, true, false, resume, false));
      assertThatThrownBy(
              () -> copying.copy(file, met, copy, TargetDirectory.NONE, FileCopy.Earlier.NOTHING))
          .isInstanceOf(RefusedException.class)
          .hasMessage(reason);
      assertThat(names(dfs.root)).isEmpty();
      // What is there is compared with it.
      dfs.file("copy", "his");
      if (resume) {
        assertThatThrownBy(
                () -> copying.copy(file, met, copy, TargetDirectory.NONE, FileCopy.Earlier.NOTHING))
            .isInstanceOf(RefusedException.class)
            .hasMessage(reason);
      }
      Files.delete(copy);
    }
  }

  private static final Copying.Wishes RESUME = new Copying.Wishes(false, false, false, true, false);

  /** As a killed run leaves it. */
  private void part(Path source, String contents) throws IOException {
    Path target = dfs.root.resolve("f");
    Files.writeString(PartFile.fresh(target, source, Stat.of(source, false)).path(), contents);
  }

  /** Copies with what was left. */
  private String copied(Path source, Stat met) throws IOException {
    FileCopy.Earlier earlier = new FileCopy.Earlier("", Leftovers.in(dfs.root), null);
    Path target = dfs.root.resolve("f");
    String said =
        String.valueOf(copying(RESUME).copy(source, met, target, TargetDirectory.NONE, earlier));
    assertThat(names(dfs.root)).containsExactly("f");
    return said + ": " + Files.readString(target);
  }

  /** It changed after it was met, and before it was opened. */
  @Test
  void aPartIsGoneOnWithOfTheVersionThatIsRead() throws IOException {
    Path source = local("f", "0123456789");
    part(source, "0123");
    Stat met = Stat.of(source, false);
    Files.writeString(source, "a newer version");
    assertThat(copied(source, met)).endsWith("copied from the start: a newer version");
  }

  /** Files of one size and time are no one file. */
  @Test
  void aPartIsGoneOnWithOfItsSource() throws IOException {
    Path one = local("f", "0123456789");
    Path other = local("o/f", "abcdefghij");
    Files.setLastModifiedTime(other, Files.getLastModifiedTime(one));
    part(one, "0123");
    assertThat(copied(other, Stat.of(other, false))).endsWith("copied from the start: abcdefghij");
    Files.delete(dfs.root.resolve("f"));
    part(one, "wxyz");
    assertThat(copied(one, Stat.of(one, false))).isEqualTo("null: wxyz456789");
    Files.delete(dfs.root.resolve("f"));
    // Another file has the name and the time by now.
    part(one, "0123");
    Files.move(other, one, StandardCopyOption.REPLACE_EXISTING);
    assertThat(copied(one, Stat.of(one, false))).endsWith("copied from the start: abcdefghij");
  }

  @Test
  void whatChangesWhileItIsCopiedIsNoFile() throws IOException {
    Path source = local("f", "0123456789");
    FileCopy copying = new FileCopy(RESUME, more -> touch(source, more), new CopyCounts());
    Stat met = Stat.of(source, false);
    Path target = dfs.root.resolve("f");
    assertThatThrownBy(
            () -> copying.copy(source, met, target, TargetDirectory.NONE, FileCopy.Earlier.NOTHING))
        .isInstanceOf(RefusedException.class)
        .hasMessage("has changed while it was copied");
    // Nobody goes on with what is of two versions, whatever its time is later.
    assertThat(names(dfs.root)).isEmpty();
  }

  private static void touch(Path file, long more) {
    try {
      Files.setLastModifiedTime(file, FileTime.fromMillis(more));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A file that its owner may not write had its last mode already, and not yet its name. */
  @Test
  void aPartThatMayOnlyBeReadIsGoneOnWith() throws IOException {
    Path source = local("f", "0123456789");
    Files.setAttribute(source, "unix:mode", 0444);
    part(source, "0123456789");
    Path left = dfs.root.resolve(names(dfs.root).getFirst());
    Files.setAttribute(left, "unix:mode", 0444);
    AtomicInteger written = new AtomicInteger();
    FileCopy copying =
        new FileCopy(RESUME, more -> written.set(modeOfOnly(dfs.root)), new CopyCounts());
    Path target = dfs.root.resolve("f");
    FileCopy.Earlier earlier = new FileCopy.Earlier("", Leftovers.in(dfs.root), null);
    assertThat(copying.copy(source, Stat.of(source, false), target, TargetDirectory.NONE, earlier))
        .isNull();
    // Root may write what it likes; nobody else opens a file that has no w.
    assertThat(written.get()).isEqualTo(0644);
    assertThat(Stat.of(target, false).permissions()).isEqualTo(0444);
    assertThat(names(dfs.root)).containsExactly("f");
  }

  private static int modeOfOnly(Path directory) {
    try {
      return Stat.of(directory.resolve(names(directory).getFirst()), false).permissions();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Root's copies have their owner before they have their name. */
  @Test
  void aPartOfTheOwnerOfItsSourceIsGoneOnWithByRoot() throws IOException {
    assumeThat(Credentials.ofThisProcess().isRoot()).isTrue();
    int owner = 65534;
    Path source = local("f", "0123456789");
    Files.setAttribute(source, "unix:uid", owner);
    part(source, "wxyz");
    Path left = dfs.root.resolve(names(dfs.root).getFirst());
    Files.setAttribute(left, "unix:uid", owner);
    dfs.done("put", "-p", "--continue", "f", "/f");
    assertThat(names(dfs.root)).containsExactly("f");
    assertThat(dfs.root.resolve("f")).hasContent("wxyz456789");
    assertThat(Stat.of(dfs.root.resolve("f"), false).uid()).isEqualTo(owner);
  }

  /** It was the caller's when the directory was listed. */
  @Test
  void whatTookThePlaceOfAPartIsNotWritten() throws IOException {
    Path source = local("f", "0123456789");
    Stat stat = Stat.of(source, false);
    Path target = dfs.root.resolve("f");
    Path bait = local("bait", "hers");
    part(source, "0123");
    PartFile part = PartFile.continued(target, source, stat, Leftovers.in(dfs.root), false);
    Files.delete(part.path());
    Files.createSymbolicLink(part.path(), bait);
    assertThatThrownBy(() -> part.open(0644, false)).isInstanceOf(RefusedException.class);
    Files.delete(part.path());
    Files.createLink(part.path(), bait);
    assertThatThrownBy(() -> part.open(0644, false))
        .isInstanceOf(RefusedException.class)
        .hasMessage("the part of it that is here is another file by now");
    assertThat(bait).hasContent("hers");
  }

  /** Two commands at once: who comes second finds the name taken, however close they are. */
  @Test
  void ofTwoCopiesOneHasTheName() throws Exception {
    try (ExecutorService second = Executors.newSingleThreadExecutor()) {
      for (int i = 0; i < TOGETHER; i++) {
        Path target = dfs.root.resolve("f" + i);
        CyclicBarrier begin = new CyclicBarrier(2);
        Path one = local("one", "one");
        Path other = local("other", "other");
        Future<Boolean> answer = second.submit(() -> hasNamed(other, target, begin));
        boolean first = hasNamed(one, target, begin);
        boolean also = answer.get();
        assertThat(first ^ also).as("one of two, in round %d", i).isTrue();
        assertThat(target).hasContent(first ? "one" : "other");
      }
    }
    assertThat(names(dfs.root)).hasSize(TOGETHER);
  }

  private static boolean hasNamed(Path part, Path target, CyclicBarrier begin) throws Exception {
    begin.await();
    try {
      Replacing.nothing(part, target);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  /** A copy of an older version is replaced without being asked for, but for what it is by then. */
  @Test
  void whatBecameSomebodysIsNotReplaced() throws IOException {
    Path source = local("f", "0123456789");
    Path target = dfs.file("f", "older");
    Finished finished = Finished.in(dfs.root, Leftovers.NONE, dfs.here);
    Stat older = Stat.of(local("other", "older"), false);
    finished.add("f", Stat.of(target, false), older);
    assertThat(finished.end()).isNull();
    Leftovers left = Leftovers.in(dfs.root);
    Finished known = Finished.in(dfs.root, left, dfs.here);
    FileCopy copying = new FileCopy(RESUME, more -> append(target), new CopyCounts());
    assertThatThrownBy(
            () ->
                copying.copy(
                    source,
                    Stat.of(source, false),
                    target,
                    TargetDirectory.NONE,
                    new FileCopy.Earlier("f", left, known)))
        .isInstanceOf(RefusedException.class)
        .hasMessage(FileCopy.EXISTS);
    assertThat(Files.readString(target)).startsWith("older, and theirs");
    known.delete();
  }

  private static void append(Path file) {
    try {
      Files.writeString(file, ", and theirs", StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Memory does not grow with the tree, but for files with several names. */
  @Test
  void filesWithOneNameAreNotRemembered() throws IOException {
    int files = 200;
    for (int i = 0; i < files; i++) {
      local("t/f" + i, "f");
    }
    Files.createSymbolicLink(dfs.here.resolve("t/link"), Path.of("f0"));
    Place source = new Place("t", dfs.here.resolve("t"));
    for (boolean preserve : List.of(false, true)) {
      Copying.Wishes wishes = new Copying.Wishes(true, preserve, false, false, false);
      Place target = new Place("/t", dfs.root.resolve("t" + preserve));
      try (Call call = dfs.call();
          Copying copying = new Copying(call, wishes)) {
        assertThat(copying.copy(source, target, true)).isTrue();
        assertThat(copying.remembered()).isZero();
      }
      assertThat(names(target.path())).hasSize(files + 1);
    }
  }

  private static List<Integer> modesOfParts(Path directory) {
    try {
      List<Integer> modes = new ArrayList<>();
      for (String name : names(directory)) {
        if (name.startsWith(Leftovers.PREFIX)) {
          modes.add(Stat.of(directory.resolve(name), false).permissions());
        }
      }
      return modes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Who may not read what is replaced, or a list's file, does not read it meanwhile. */
  @Test
  void aCopyIsClosedWhileItIsWritten() throws IOException {
    Path source = local("f", "0123456789");
    Files.setAttribute(source, "unix:mode", 0644);
    Path target = dfs.file("f", "hers");
    Files.setAttribute(target, "unix:mode", 0600);
    List<Integer> modes = new ArrayList<>();
    LongConsumer look = more -> modes.addAll(modesOfParts(dfs.root));
    FileCopy replacing =
        new FileCopy(new Copying.Wishes(false, false, true, false, false), look, new CopyCounts());
    assertThat(
            replacing.copy(
                source,
                Stat.of(source, true),
                target,
                TargetDirectory.NONE,
                FileCopy.Earlier.NOTHING))
        .isNull();
    replacing.write(Channels.newChannel(new ByteArrayInputStream(new byte[10])), target);
    assertThat(Stat.of(target, false).permissions()).isEqualTo(0600);
    Files.delete(target);
    FileCopy preserving =
        new FileCopy(new Copying.Wishes(false, true, false, false, false), look, new CopyCounts());
    assertThat(
            preserving.copy(
                source,
                Stat.of(source, true),
                target,
                TargetDirectory.NONE,
                FileCopy.Earlier.NOTHING))
        .isNull();
    assertThat(Stat.of(target, false).permissions()).isEqualTo(0644);
    assertThat(modes).contains(0600).containsOnly(0600);
  }

  /** Until all in it is there. */
  @Test
  void aDirectoryThatIsKeptAsItIsIsClosedUntilItIsLeft() throws Exception {
    for (int i = 0; i < TOGETHER; i++) {
      local("t/f" + i, "f");
    }
    Files.setAttribute(dfs.here.resolve("t"), "unix:mode", 0755);
    Path target = dfs.root.resolve("t");
    try (ExecutorService copying = Executors.newSingleThreadExecutor()) {
      Future<Integer> status = copying.submit(() -> dfs.ends("put", "-rp", "t", "/"));
      int looks = 0;
      while (!status.isDone()) {
        int mode = Files.exists(target) ? Stat.of(target, false).permissions() : 0;
        if (mode != 0 && names(target).stream().anyMatch(name -> name.contains("part-done"))) {
          looks++;
          assertThat(mode & 077).as("of others, while it is copied").isZero();
        }
      }
      assertThat(status.get()).isZero();
      assertThat(looks).isPositive();
    }
    assertThat(Stat.of(target, false).permissions()).isEqualTo(0755);
  }

  /** What was closed since is closed in the copy. */
  @Test
  void whatIsGoneOnWithHasTheModeOfNow() throws IOException {
    Path source = local("f", "0123456789");
    part(source, "0123");
    Files.setAttribute(source, "unix:mode", 0600);
    assertThat(copied(source, Stat.of(source, false))).isEqualTo("null: 0123456789");
    assertThat(Stat.of(dfs.root.resolve("f"), false).permissions()).isEqualTo(0600);
    Files.setAttribute(source, "unix:mode", 0644);
    dfs.done("put", "-pf", "f", "/f");
    assertThat(Stat.of(dfs.root.resolve("f"), false).permissions()).isEqualTo(0644);
    Files.setAttribute(source, "unix:mode", 0600);
    dfs.done("put", "-p", "--continue", "f", "/f");
    assertThat(Stat.of(dfs.root.resolve("f"), false).permissions()).isEqualTo(0600);
  }

  /** A run that is slow, or was stopped, goes on when another one has finished the file. */
  @Test
  void aPartOfARunThatIsAliveIsLeftAlone() throws IOException {
    int bytes = 3 << 20;
    Path source = local("f", "x".repeat(bytes));
    Stat met = Stat.of(source, false);
    Path target = dfs.root.resolve("f");
    AtomicBoolean once = new AtomicBoolean();
    LongConsumer other =
        more -> {
          if (more > 0 && !once.getAndSet(true)) {
            try {
              FileCopy.Earlier earlier = new FileCopy.Earlier("", Leftovers.in(dfs.root), null);
              assertThat(copying(RESUME).copy(source, met, target, TargetDirectory.NONE, earlier))
                  .isNull();
              assertThat(Files.size(target)).isEqualTo(bytes);
              Files.writeString(target, "edited");
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
    FileCopy slow =
        new FileCopy(
            new Copying.Wishes(false, false, false, false, false), other, new CopyCounts());
    assertThatThrownBy(
            () -> slow.copy(source, met, target, TargetDirectory.NONE, FileCopy.Earlier.NOTHING))
        .isInstanceOf(RefusedException.class)
        .hasMessage(FileCopy.EXISTS);
    assertThat(target).hasContent("edited");
    assertThat(names(dfs.root)).containsExactly("f");
  }

  /** Two files change places all the time: each is read under its own size. */
  @Test
  void whatIsReadIsWhatWasLookedAt() throws Exception {
    Path file = local("f", "1");
    Path other = local("g", "22");
    Path third = dfs.here.resolve("third");
    AtomicBoolean done = new AtomicBoolean();
    try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Future<Integer> swaps =
          threads.submit(
              () -> {
                int swapped = 0;
                while (!done.get()) {
                  // In one step each, and never without a file.
                  Files.createLink(third, other);
                  Files.delete(other);
                  Files.createLink(other, file);
                  Files.move(third, file, StandardCopyOption.ATOMIC_MOVE);
                  swapped++;
                }
                return swapped;
              });
      try {
        for (int i = 0; i < 20_000; i++) {
          lookAt(file);
        }
      } finally {
        done.set(true);
      }
      assertThat(swaps.get()).isPositive();
    }
  }

  private static void lookAt(Path file) throws IOException {
    try (SourceFile source = SourceFile.open(file, Stat.of(file, true), true)) {
      assertThat(source.channel().size()).isEqualTo(source.stat().sizeBytes());
    } catch (RefusedException e) {
      // It was another one each time.
      assertThat(e).hasMessageContaining("by now");
    }
  }

  /** By way of a link: what is copied would be met in what is made. */
  @Test
  @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aTreeIsNotCopiedIntoItselfByALink() throws IOException {
    dfs.file("a/b/f", "f");
    Files.createSymbolicLink(dfs.root.resolve("link"), dfs.root.resolve("a/b"));
    assertThat(dfs.failed("cp", "-r", "/a", "/link"))
        .isEqualTo("dfs: /a/b/a: is where it is copied to, and is not copied into itself\n");
    assertThat(names(dfs.root.resolve("a/b"))).containsExactly("a", "f");
    assertThat(names(dfs.root.resolve("a/b/a/b"))).containsExactly("f");
  }

  /** It was killed when the file had its name and the part had its own still. */
  @Test
  void aPartThatIsASecondNameGoes() throws IOException {
    Path source = local("f", "0123456789");
    part(source, "0123456789");
    Path target = dfs.root.resolve("f");
    Files.createLink(target, dfs.root.resolve(names(dfs.root).getFirst()));
    dfs.done("put", "--continue", "f", "/f");
    assertThat(names(dfs.root)).containsExactly("f");
    assertThat(target).hasContent("0123456789");
  }

  /** After a power cut its length says nothing of what is in it. */
  @Test
  void aPartOfAnotherBootIsNotGoneOnWith() throws IOException {
    Path source = local("f", "0123456789");
    Path target = dfs.root.resolve("f");
    Stat stat = Stat.of(source, false);
    Path left = target.resolveSibling(PartFile.nameOf(target, source, stat, "another-boot-"));
    Files.write(left, new byte[4]);
    assertThat(copied(source, stat))
        .isEqualTo(
            "this machine was started again since: it was copied from the start: 0123456789");
  }

  /** In a volume, where it is not locked. */
  @Test
  void whoWasStoppedFindsThatAnotherRunWentOn() throws IOException {
    Path source = local("f", "x".repeat(3 << 20));
    Path target = dfs.root.resolve("f");
    Path taken = dfs.root.resolve("taken");
    AtomicLong nanos = new AtomicLong();
    LongConsumer stop =
        more -> {
          try {
            if (more > 0 && !Files.exists(taken)) {
              Files.move(dfs.root.resolve(names(dfs.root).getFirst()), taken);
              nanos.addAndGet(TimeUnit.SECONDS.toNanos(2));
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        };
    FileCopy stopped =
        new FileCopy(
            RESUME, stop, new CopyCounts(), nanos::get, () -> ByteBuffer.allocate(1 << 20));
    Stat met = Stat.of(source, false);
    assertThatThrownBy(
            () -> stopped.copy(source, met, target, TargetDirectory.NONE, FileCopy.Earlier.NOTHING))
        .isInstanceOf(RefusedException.class)
        .hasMessage("another run goes on with the part of it");
    assertThat(taken).hasSize(1 << 20);
    assertThat(names(dfs.root)).containsExactly("taken");
  }
}
