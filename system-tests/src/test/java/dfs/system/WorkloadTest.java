package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What people do with a disk: trees that are copied and compared, git, sqlite, builds. */
@Timeout(3600)
@Tag("side-by-side")
class WorkloadTest {
  private static final boolean LONG = Boolean.getBoolean("dfs.long");
  private static final int FILES = LONG ? 20_000 : 2_000;
  private static final long LARGE_BYTES = LONG ? 3L << 30 : 150L << 20;
  private static final int TRANSACTIONS = LONG ? 1000 : 200;
  private static final Path REPOSITORY = Path.of("").toAbsolutePath().getParent();

  private @TempDir Path scratch;
  private final List<DfsProcess> processes = new ArrayList<>();
  private Path mnt;
  private String data;

  @BeforeEach
  void prepare() {
    assumeTrue(Boolean.getBoolean("dfs.mount"), "mounts are switched off: --without-mount");
    mnt = scratch.resolve("mnt");
    data = scratch.resolve("data").toString();
  }

  @AfterEach
  void end() throws Exception {
    processes.forEach(DfsProcess::close);
    if (mnt != null) {
      Shell.quietly("umount", "-l", mnt.toString());
      Shell.quietly("umount", "-l", scratch.resolve("mnt2").toString());
    }
  }

  private DfsProcess serve(String... arguments) throws IOException {
    DfsProcess process = DfsProcess.serve(scratch, arguments);
    processes.add(process);
    return process;
  }

  private DfsProcess up() throws IOException {
    return serve("up", "--foreground", "--data", data, "--", mnt.toString());
  }

  /**
   * Sources, links of both kinds, holes, empty files, odd bytes in names, times, one large file.
   */
  private void makeTree() throws Exception {
    Shell.run(
        scratch,
        """
        python3 - %d %d <<'P'
        import os, random, sys
        random.seed(7)
        files, large = int(sys.argv[1]), int(sys.argv[2])
        os.mkdir('tree'); os.chdir('tree')
        dirs = [b'.']
        for i in range(files // 20):
            d = os.path.join(random.choice(dirs), b'd%%d' %% i)
            os.mkdir(d); dirs.append(d)
        made = []
        for i in range(files):
            name = os.path.join(random.choice(dirs), b'f%%d' %% i)
            kind = i %% 20
            if kind == 0: os.symlink(b'../nowhere/%%d' %% i, name); continue
            if kind == 1 and made: os.link(random.choice(made), name); continue
            if kind == 2: name += bytes([random.choice([1, 10, 32, 34, 92, 200, 255])]) + b'\\xc3\\xa4'
            with open(name, 'wb') as f:
                if kind == 3: pass
                elif kind == 4: f.truncate(random.randrange(1 << 22)); f.seek(1 << 20); f.write(b'x')
                else: f.write(os.urandom(int(random.expovariate(1 / 9000.))))
            made.append(name)
            os.chmod(name, random.choice([0o644, 0o600, 0o755, 0o444]))
            os.utime(name, ns=(random.randrange(1 << 60), random.randrange(1 << 60)))
        with open('large', 'wb') as f:
            block = os.urandom(1 << 20)
            for i in range(large >> 20): f.write(i.to_bytes(8, 'big') + block[8:])
        P
        """
            .formatted(FILES, LARGE_BYTES));
  }

  private void compare(Path with) throws Exception {
    Shell.run(scratch, "diff -r --no-dereference tree " + with + "/tree");
    String differs =
        Shell.run(
            scratch, "rsync -aHAXn --delete --checksum --itemize-changes tree/ " + with + "/tree/");
    assertThat(differs).isEmpty();
  }

  @Test
  void aCopiedTreeIsTheSameAfterARestartAndThroughASecondMount() throws Exception {
    makeTree();
    DfsProcess dfs = up();
    Shell.run(scratch, "cp -a tree mnt/");
    compare(mnt);
    assertThat(dfs.stop()).isZero();
    up();
    compare(mnt);
    Path second = scratch.resolve("mnt2");
    serve("mount", "--foreground", "--data", data, "--", second.toString());
    compare(second);
    DfsProcess.call(0, "fsck", "--data", data);
  }

  @Test
  void aCopiedTreeIsTheSameWithEachRoleInAProcessOfItsOwn() throws Exception {
    makeTree();
    serve("metadata", "--foreground", "--data", data);
    serve("chunk", "--foreground", "--data", data);
    DfsProcess mount = serve("mount", "--foreground", "--data", data, "--", mnt.toString());
    Shell.run(scratch, "cp -a tree mnt/");
    compare(mnt);
    assertThat(mount.stop()).isZero();
    serve("mount", "--foreground", "--data", data, "--", mnt.toString());
    compare(mnt);
    DfsProcess.call(0, "fsck", "--data", data);
  }

  @Test
  void gitWorksOnTheMount() throws Exception {
    up();
    Shell.run(
        mnt,
        """
        git init -q repo; cd repo; git config user.email a@b; git config user.name ab; git config gc.auto 0
        for i in $(seq 60); do mkdir -p d$((i %% 7)); seq $i 400 > d$((i %% 7))/f$i; done
        git add .; git commit -qm one; seq 9 > d1/f1; git commit -qam two; git repack -adq
        cd ..; git clone -q --no-hardlinks repo clone; cd clone; git fsck --full --strict
        test -z "$(git status --porcelain)"; git checkout -q HEAD~1; git log --oneline | wc -l
        """
            .formatted());
  }

  @Test
  void sqliteKeepsItsTransactions() throws Exception {
    up();
    for (String mode : List.of("delete", "wal")) {
      String said =
          Shell.run(
              mnt,
              """
              (echo 'pragma journal_mode=%1$s; create table t(a integer primary key, b);'
               for i in $(seq %2$d); do echo "insert into t values($i, hex(randomblob(200)));"; done
               echo 'select count(*) from t; pragma integrity_check;') > sql
              sqlite3 %1$s.db < sql
              """
                  .formatted(mode, TRANSACTIONS));
      assertThat(said).isEqualTo(mode + "\n" + TRANSACTIONS + "\nok");
    }
  }

  @Test
  void programsAreBuiltOnTheMount() throws Exception {
    up();
    Shell.run(
        mnt,
        """
        mkdir c; cd c
        for i in $(seq 40); do echo "int f$i(int x) { return x + $i; }" > f$i.c; done
        (for i in $(seq 40); do echo "int f$i(int);"; done; echo '#include <stdio.h>'
         echo 'int main(void) { int x = 0;'; for i in $(seq 40); do echo "x = f$i(x);"; done
         echo 'printf("%d\\n", x); return 0; }') > main.c
        echo 'OBJECTS = $(patsubst %.c,%.o,$(wildcard *.c))' > Makefile
        printf '%s\n\t%s\n' 'sum: $(OBJECTS)' 'cc -o $@ $^' >> Makefile
        make -s -j2; test "$(./sum)" = 820
        """);
    Shell.run(
        mnt,
        "mkdir java; cp -a %1$s/pom.xml %1$s/acl java/; cd java; rm -rf acl/target; sed -i '/<module>/{/acl/!d}' pom.xml;"
                .formatted(REPOSITORY)
            + " mvn -B -o -q -Dquick -pl acl package </dev/null; test -s acl/target/acl-*.jar");
  }
}
