package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A room fits in the head, and says what it is: sizes, names, and what sources must not contain.
 */
class TidyTest {
  private static final int FILE_LINES_MAX = 700;
  private static final int METHOD_LINES_MAX = 70;
  private static final Pattern BANNED_NAME =
      Pattern.compile(".*(Manager|Handler|Impl|Utils?|Helper|Base)");
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

  private static final List<Path> SOURCES = new ArrayList<>();
  private static final List<String> LONG_METHODS = new ArrayList<>();
  private static final Set<String> TYPES = new TreeSet<>();

  @BeforeAll
  static void parse() throws IOException {
    try (Stream<Path> files = Files.walk(ROOT)) {
      files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> !file.toString().contains("/target/"))
          .forEach(SOURCES::add);
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, Locale.ROOT, null)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null, files, null, null, null, files.getJavaFileObjectsFromPaths(SOURCES));
      SourcePositions positions = Trees.instance(task).getSourcePositions();
      for (CompilationUnitTree unit : task.parse()) {
        new Measure(positions).scan(unit, unit);
      }
    }
  }

  private static final class Measure extends TreeScanner<@Nullable Void, CompilationUnitTree> {
    private final SourcePositions positions;

    Measure(SourcePositions positions) {
      this.positions = positions;
    }

    @Override
    public @Nullable Void visitClass(ClassTree type, CompilationUnitTree unit) {
      TYPES.add(type.getSimpleName().toString());
      return super.visitClass(type, unit);
    }

    @Override
    public @Nullable Void visitMethod(MethodTree method, CompilationUnitTree unit) {
      long from = positions.getStartPosition(unit, method);
      long to = positions.getEndPosition(unit, method);
      if (from >= 0 && to >= 0) {
        long lines =
            unit.getLineMap().getLineNumber(to) - unit.getLineMap().getLineNumber(from) + 1;
        if (lines > METHOD_LINES_MAX) {
          LONG_METHODS.add(unit.getSourceFile().getName() + " " + method.getName() + ": " + lines);
        }
      }
      return super.visitMethod(method, unit);
    }
  }

  @Test
  void sourcesAreFound() {
    assertThat(SOURCES).hasSizeGreaterThan(50);
    assertThat(TYPES).contains("TidyTest", "RecordCodec");
  }

  @Test
  void filesAreShort() throws IOException {
    List<String> tooLong = new ArrayList<>();
    for (Path file : SOURCES) {
      int lines = Files.readAllLines(file).size();
      if (lines > FILE_LINES_MAX) {
        tooLong.add(ROOT.relativize(file) + ": " + lines);
      }
    }
    assertThat(tooLong).as("files above %d lines", FILE_LINES_MAX).isEmpty();
  }

  @Test
  void methodsAreShort() {
    assertThat(LONG_METHODS).as("methods above %d lines", METHOD_LINES_MAX).isEmpty();
  }

  @Test
  void typesAreNamedForWhatTheyAre() {
    assertThat(TYPES).as("banned names").noneMatch(name -> BANNED_NAME.matcher(name).matches());
  }

  @Test
  void packagesAreNullMarked() throws IOException {
    Set<Path> unmarked = new TreeSet<>();
    for (Path file : SOURCES) {
      Path marker = file.resolveSibling("package-info.java");
      if (file.toString().contains("/src/main/")
          && !(Files.exists(marker) && Files.readString(marker).contains("@NullMarked"))) {
        unmarked.add(ROOT.relativize(file.getParent()));
      }
    }
    assertThat(unmarked).as("packages without @NullMarked").isEmpty();
  }

  @Test
  void testsDoNotSleep() throws IOException {
    assertThat(containing("Thread" + ".sleep(", "/src/test/")).as("sleeping tests").isEmpty();
  }

  @Test
  void nothingIsLeftForLater() throws IOException {
    assertThat(containing("TO" + "DO", "/src/")).isEmpty();
    assertThat(containing("FIX" + "ME", "/src/")).isEmpty();
  }

  private static List<Path> containing(String text, String where) throws IOException {
    List<Path> found = new ArrayList<>();
    for (Path file : SOURCES) {
      if (file.toString().contains(where) && Files.readString(file).contains(text)) {
        found.add(ROOT.relativize(file));
      }
    }
    return found;
  }
}
