package dfs.cli;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.CaseTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ConditionalExpressionTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.ParenthesizedTree;
import com.sun.source.tree.SwitchExpressionTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * The words in sources that a person may read when something is wrong: all text of more than one
 * word that is not known to be something else, namely help, records, lines that are printed of what
 * went well, lines of a log, and words of a broken invariant.
 */
final class Messages {
  /** What text is looked for. */
  enum Kind {
    /** Of a program that people talk to. */
    ALL,
    /** Of a server that answers programs: why it refuses something. */
    REFUSALS
  }

  /** Help pages, what the kernel is answered and why, scripts for other programs. */
  private static final Set<String> OTHER_FILES =
      Set.of("Manual", "Page", "Completion", "Help", "Opcode", "VerbSpec");

  /** Descriptions of options, names of threads, what a fault of ours is, forms of times. */
  private static final Set<String> OTHER_CALLS =
      Set.of("flag", "valued", "spec", "VerbSpec.of", "requireNonNull", "name", "ofPattern");

  private static final Set<String> OTHER_TYPES = Set.of("Part", "Role");

  /** Written to the standard output, or to a log. */
  private static final Pattern PRINTED =
      Pattern.compile("LOG\\..*|(.*\\.)?(out|out\\(\\)|getOut\\(\\))\\.[a-z]+", Pattern.DOTALL);

  private static final Set<String> REFUSING = Set.of("Refusal.of", "Reply.refused");

  private static final Pattern WORDS = Pattern.compile("[A-Za-z][^ {}]* +[A-Za-z]");
  private static final Pattern CONVERSION = Pattern.compile("%(\\d+\\$)?[-0-9.,]*[a-zA-Z]");
  private static final Pattern SIMPLE = Pattern.compile("%[sd]");
  private static final Pattern OF_SHELL = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");

  private static final String FORMATTED = ".formatted";
  private static final String FORMAT = "String.format";

  /** Stands for what is known when it runs only. */
  private static final String VALUE = "{}";

  /** A text is of so many choices at the most. */
  private static final int CHOICES_MAX = 32;

  private final Set<Message> found = new TreeSet<>();
  private final Kind kind;

  private Messages(Kind kind) {
    this.kind = kind;
  }

  /**
   * Words that a person may read.
   *
   * @param file the name of the source
   * @param words with {@code {}} for each value
   */
  record Message(String file, String words) implements Comparable<Message> {
    @Override
    public int compareTo(Message other) {
      int byFile = file.compareTo(other.file);
      return byFile == 0 ? words.compareTo(other.words) : byFile;
    }

    /** The longest part without a value. */
    String longestPart() {
      String longest = "";
      for (String part : words.split("\\{\\}|; |\\\\n", -1)) {
        String words = part.strip();
        longest = words.length() > longest.length() ? words : longest;
      }
      return longest;
    }
  }

  /** All in the Java sources below a folder, in order. */
  static List<Message> in(Path sources, Kind kind) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(sources)) {
      files = all.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    }
    Messages messages = new Messages(kind);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager manager =
        compiler.getStandardFileManager(null, Locale.ROOT, null)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null, manager, null, null, null, manager.getJavaFileObjectsFromPaths(files));
      for (CompilationUnitTree unit : task.parse()) {
        messages.read(unit);
      }
    }
    return List.copyOf(messages.found);
  }

  /** All in a script for the shell: what stands in double quotes. */
  static List<Message> inScript(Path script) throws IOException {
    Set<Message> found = new TreeSet<>();
    for (String line : Files.readAllLines(script)) {
      Matcher quoted = OF_SHELL.matcher(line);
      while (!line.strip().startsWith("#") && quoted.find()) {
        String words = quoted.group(1).replaceAll("\\$(\\w+|\\{[^}]*\\})", "{}");
        if (WORDS.matcher(words).find()) {
          found.add(new Message("scripts/" + script.getFileName(), words));
        }
      }
    }
    return List.copyOf(found);
  }

  private void read(CompilationUnitTree unit) {
    String file =
        Optional.ofNullable(Path.of(unit.getSourceFile().toUri()).getFileName())
            .map(Path::toString)
            .orElseThrow()
            .replaceAll("\\.java$", "");
    if (OTHER_FILES.contains(file)) {
      return;
    }
    boolean isApi = String.valueOf(unit.getPackageName()).matches("dfs\\.client\\.(nio|past)");
    Words words = new Words(file, isApi);
    unit.accept(words.new Constants(), null);
    unit.accept(words, null);
    words.end();
  }

  /** Of one source. */
  private final class Words extends TreeScanner<@Nullable Void, @Nullable Void> {
    private final String file;

    /** Whether it throws what java.nio.file documents, of arguments also. */
    private final boolean isApi;

    private final Map<String, ExpressionTree> constants = new HashMap<>();
    private final Set<String> used = new HashSet<>();

    Words(String file, boolean isApi) {
      this.file = file;
      this.isApi = isApi;
    }

    /** Texts with a name. */
    private final class Constants extends TreeScanner<@Nullable Void, @Nullable Void> {
      @Override
      public @Nullable Void visitVariable(VariableTree variable, @Nullable Void none) {
        ExpressionTree value = variable.getInitializer();
        if (value != null && isConstant(variable)) {
          constants.put(variable.getName().toString(), value);
        }
        return super.visitVariable(variable, null);
      }
    }

    private static boolean isConstant(VariableTree variable) {
      String name = variable.getName().toString();
      return name.equals(name.toUpperCase(Locale.ROOT))
          && variable.getType() != null
          && variable.getType().toString().equals("String");
    }

    /** Names that were used in no text of this source are texts of their own. */
    void end() {
      Set<String> left = new HashSet<>(constants.keySet());
      left.removeAll(used);
      left.forEach(name -> note(List.of(Objects.requireNonNull(constants.get(name)))));
    }

    @Override
    public @Nullable Void visitAnnotation(AnnotationTree annotation, @Nullable Void none) {
      return null;
    }

    @Override
    public @Nullable Void visitMethod(MethodTree method, @Nullable Void none) {
      return method.getName().contentEquals("toString") ? null : super.visitMethod(method, null);
    }

    @Override
    public @Nullable Void visitVariable(VariableTree variable, @Nullable Void none) {
      return isConstant(variable) ? null : super.visitVariable(variable, null);
    }

    @Override
    public @Nullable Void visitNewClass(NewClassTree made, @Nullable Void none) {
      String type = made.getIdentifier().toString();
      if (!type.endsWith("Error") && !isInvariant(type) && !OTHER_TYPES.contains(type)) {
        note(made.getArguments());
        scan(made.getClassBody(), null);
      }
      return null;
    }

    private boolean isInvariant(String type) {
      return !isApi
          && (type.equals("IllegalStateException") || type.equals("IllegalArgumentException"));
    }

    @Override
    public @Nullable Void visitMethodInvocation(MethodInvocationTree call, @Nullable Void none) {
      String name = call.getMethodSelect().toString();
      String last = name.substring(name.lastIndexOf('.') + 1);
      if (name.endsWith(FORMATTED) || name.equals(FORMAT)) {
        note(List.of(call));
      } else if (!OTHER_CALLS.contains(last)
          && !OTHER_CALLS.contains(name)
          && !PRINTED.matcher(name).matches()) {
        scan(call.getMethodSelect(), null);
        note(call.getArguments(), REFUSING.contains(name));
      }
      return null;
    }

    @Override
    public @Nullable Void scan(@Nullable Tree tree, @Nullable Void none) {
      switch (tree) {
        case LiteralTree literal -> note(List.of(literal));
        case BinaryTree sum when sum.getKind() == Tree.Kind.PLUS -> note(List.of(sum));
        case ConditionalExpressionTree choice -> note(List.of(choice));
        case SwitchExpressionTree choice -> note(List.of(choice));
        case null -> {}
        default -> super.scan(tree, null);
      }
      return null;
    }

    private void note(List<? extends Tree> parts) {
      note(parts, false);
    }

    /** What is said together: a thing, what is wrong with it, what to do. */
    private void note(List<? extends Tree> parts, boolean refusing) {
      List<String> said = List.of("");
      for (Tree part : parts) {
        List<String> texts =
            texts(part).stream().filter(text -> WORDS.matcher(text).find()).distinct().toList();
        if (!texts.isEmpty()) {
          said = product(said, texts, said.equals(List.of("")) ? "" : "; ");
        }
      }
      if (kind == Kind.REFUSALS && !refusing) {
        return;
      }
      for (String text : said) {
        String words = SIMPLE.matcher(text.strip()).replaceAll(VALUE).replace("\n", "\\n");
        if (WORDS.matcher(words).find()) {
          found.add(new Message(file, words));
        }
      }
    }

    private static List<String> product(List<String> left, List<String> right, String between) {
      List<String> all = new ArrayList<>();
      for (String one : left) {
        right.forEach(other -> all.add(one + between + other));
      }
      if (all.size() > CHOICES_MAX) {
        throw new AssertionError("too many choices: " + all);
      }
      return all;
    }

    /** All that it may be. */
    private List<String> texts(Tree tree) {
      return switch (tree) {
        case ParenthesizedTree inner -> texts(inner.getExpression());
        case LiteralTree literal ->
            List.of(literal.getValue() == null ? VALUE : String.valueOf(literal.getValue()));
        case BinaryTree sum when sum.getKind() == Tree.Kind.PLUS ->
            product(texts(sum.getLeftOperand()), texts(sum.getRightOperand()), "");
        case ConditionalExpressionTree choice -> {
          scan(choice.getCondition(), null);
          List<String> all = new ArrayList<>(texts(choice.getTrueExpression()));
          all.addAll(texts(choice.getFalseExpression()));
          yield all;
        }
        case SwitchExpressionTree choice -> {
          scan(choice.getExpression(), null);
          List<String> all = new ArrayList<>();
          for (CaseTree each : choice.getCases()) {
            if (each.getBody() instanceof ExpressionTree value) {
              all.addAll(texts(value));
            } else {
              scan(each, null);
              all.add(VALUE);
            }
          }
          yield all;
        }
        case IdentifierTree name when isText(name.getName().toString()) -> {
          used.add(name.getName().toString());
          yield texts(Objects.requireNonNull(constants.get(name.getName().toString())));
        }
        case MethodInvocationTree call -> called(call);
        default -> {
          scanOther(tree);
          yield List.of(VALUE);
        }
      };
    }

    private boolean isText(String name) {
      return constants.containsKey(name);
    }

    private List<String> called(MethodInvocationTree call) {
      String name = call.getMethodSelect().toString();
      List<? extends ExpressionTree> words = call.getArguments();
      if (name.endsWith(FORMATTED) && call.getMethodSelect() instanceof MemberSelectTree of) {
        words.forEach(word -> note(List.of(word)));
        return formats(of.getExpression());
      }
      if (name.equals(FORMAT)) {
        boolean localized = words.getFirst().toString().startsWith("Locale.");
        int first = localized ? 1 : 0;
        words.subList(first + 1, words.size()).forEach(word -> note(List.of(word)));
        return formats(words.get(first));
      }
      visitMethodInvocation(call, null);
      return List.of(VALUE);
    }

    private List<String> formats(Tree format) {
      return texts(format).stream()
          .map(text -> CONVERSION.matcher(text).replaceAll("{}").replace("%%", "%"))
          .toList();
    }

    private void scanOther(Tree tree) {
      super.scan(tree, null);
    }
  }
}
