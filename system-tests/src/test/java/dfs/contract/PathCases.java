package dfs.contract;

import static dfs.contract.Expect.thrown;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.FileSystem;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.PatternSyntaxException;

/** Paths and patterns, which ask nobody. */
final class PathCases {
  private PathCases() {}

  static List<Case> all() {
    List<Case> all = new ArrayList<>(PARTS);
    all.addAll(ALGEBRA);
    all.addAll(PATTERNS);
    return all;
  }

  /** A path of the same file system. */
  private interface Paths {
    Path of(String first, String... more);
  }

  private interface Body {
    void run(Paths path) throws Exception;
  }

  private static Case row(String name, Body body) {
    return Case.of(
        name,
        d -> {
          FileSystem system = d.getFileSystem();
          body.run(system::getPath);
        });
  }

  private static final List<Case> PARTS =
      List.of(
          row(
              "getPath joins and takes slashes away",
              path -> {
                assertThat(path.of("/a", "b", "", "c")).hasToString("/a/b/c");
                assertThat(path.of("//a///b/")).hasToString("/a/b");
                assertThat(path.of("", "a")).hasToString("a");
                assertThat(path.of("a", "/b")).hasToString("a/b");
                assertThat(path.of("/")).hasToString("/");
                assertThat(path.of("")).hasToString("");
              }),
          row(
              "getPath with a zero byte",
              path -> thrown(InvalidPathException.class, () -> path.of("a\0b"))),
          row(
              "isAbsolute and getRoot",
              path -> {
                assertThat(path.of("/a").isAbsolute()).isTrue();
                assertThat(path.of("/a/b").getRoot()).hasToString("/");
                assertThat(path.of("a").isAbsolute()).isFalse();
                assertThat(path.of("a").getRoot()).isNull();
              }),
          row(
              "getFileName",
              path -> {
                assertThat(path.of("/a/b").getFileName()).hasToString("b");
                assertThat(path.of("a").getFileName()).hasToString("a");
                assertThat(path.of("").getFileName()).hasToString("");
                assertThat(path.of("/").getFileName()).isNull();
              }),
          row(
              "getParent",
              path -> {
                assertThat(path.of("/a/b").getParent()).hasToString("/a");
                assertThat(path.of("/a").getParent()).hasToString("/");
                assertThat(path.of("a/b").getParent()).hasToString("a");
                assertThat(path.of("a").getParent()).isNull();
                assertThat(path.of("/").getParent()).isNull();
                assertThat(path.of("").getParent()).isNull();
              }),
          row(
              "getNameCount and getName",
              path -> {
                assertThat(path.of("/a/b").getNameCount()).isEqualTo(2);
                assertThat(path.of("/").getNameCount()).isZero();
                assertThat(path.of("").getNameCount()).isEqualTo(1);
                assertThat(path.of("/a/b").getName(0)).hasToString("a");
                thrown(IllegalArgumentException.class, () -> path.of("/a").getName(1));
                thrown(IllegalArgumentException.class, () -> path.of("/a").getName(-1));
                thrown(IllegalArgumentException.class, () -> path.of("/").getName(0));
              }),
          row(
              "subpath",
              path -> {
                assertThat(path.of("/a/b/c").subpath(1, 3)).hasToString("b/c");
                assertThat(path.of("a").subpath(0, 1)).hasToString("a");
                thrown(IllegalArgumentException.class, () -> path.of("/a").subpath(0, 0));
                thrown(IllegalArgumentException.class, () -> path.of("/a").subpath(0, 2));
                thrown(IllegalArgumentException.class, () -> path.of("/a").subpath(-1, 1));
              }),
          row(
              "iterator",
              path -> {
                List<Path> names = new ArrayList<>();
                path.of("/a/b").forEach(names::add);
                assertThat(names).containsExactly(path.of("a"), path.of("b"));
                assertThat(path.of("/").iterator()).isExhausted();
                assertThat(path.of("").iterator().next()).hasToString("");
              }),
          row(
              "equals, hashCode and compareTo",
              path -> {
                assertThat(path.of("/a//b")).isEqualTo(path.of("/a/b"));
                assertThat(path.of("/a//b")).hasSameHashCodeAs(path.of("/a/b"));
                assertThat(path.of("/a").equals(path.of("a"))).isFalse();
                assertThat(path.of("a").compareTo(path.of("b"))).isNegative();
                assertThat(path.of("a").compareTo(path.of("\u00e4"))).isNegative();
                assertThat(path.of("a").compareTo(path.of("a"))).isZero();
              }));

  private static final List<Case> ALGEBRA =
      List.of(
          row(
              "startsWith",
              path -> {
                assertThat(path.of("/a/b").startsWith(path.of("/a"))).isTrue();
                assertThat(path.of("/a/b").startsWith(path.of("/"))).isTrue();
                assertThat(path.of("/ab").startsWith(path.of("/a"))).isFalse();
                assertThat(path.of("/a").startsWith(path.of("a"))).isFalse();
                assertThat(path.of("a").startsWith(path.of(""))).isFalse();
                assertThat(path.of("").startsWith(path.of(""))).isTrue();
                assertThat(path.of("a/b").startsWith("a")).isTrue();
              }),
          row(
              "endsWith",
              path -> {
                assertThat(path.of("/a/b").endsWith(path.of("b"))).isTrue();
                assertThat(path.of("/a/b").endsWith(path.of("a/b"))).isTrue();
                assertThat(path.of("/a/b").endsWith(path.of("/a/b"))).isTrue();
                assertThat(path.of("/a/b").endsWith(path.of("/b"))).isFalse();
                assertThat(path.of("/ab").endsWith(path.of("b"))).isFalse();
                assertThat(path.of("a").endsWith(path.of(""))).isFalse();
                assertThat(path.of("/").endsWith(path.of("/"))).isTrue();
              }),
          row(
              "normalize",
              path -> {
                assertThat(path.of("/a/./b/../c").normalize()).hasToString("/a/c");
                assertThat(path.of("/../a").normalize()).hasToString("/a");
                assertThat(path.of("../a/..").normalize()).hasToString("..");
                assertThat(path.of("a/..").normalize()).hasToString("");
                assertThat(path.of("a/../../b").normalize()).hasToString("../b");
                assertThat(path.of("/..").normalize()).hasToString("/");
                assertThat(path.of(".").normalize()).hasToString("");
              }),
          row(
              "resolve",
              path -> {
                assertThat(path.of("/a").resolve("b")).hasToString("/a/b");
                assertThat(path.of("/a").resolve("/b")).hasToString("/b");
                assertThat(path.of("/a").resolve("")).hasToString("/a");
                assertThat(path.of("").resolve("b")).hasToString("b");
                assertThat(path.of("/").resolve("b")).hasToString("/b");
                assertThat(path.of("/a").resolve("b", "c", "/d", "e")).hasToString("/d/e");
              }),
          row(
              "resolveSibling",
              path -> {
                assertThat(path.of("/a/b").resolveSibling("c")).hasToString("/a/c");
                assertThat(path.of("a").resolveSibling("c")).hasToString("c");
                assertThat(path.of("/a").resolveSibling("")).hasToString("/");
              }),
          row(
              "relativize",
              path -> {
                assertThat(path.of("/a/b").relativize(path.of("/a/c/d"))).hasToString("../c/d");
                assertThat(path.of("/a").relativize(path.of("/a"))).hasToString("");
                assertThat(path.of("/a").relativize(path.of("/a/b"))).hasToString("b");
                assertThat(path.of("a/b").relativize(path.of("c"))).hasToString("../../c");
                assertThat(path.of("").relativize(path.of("a"))).hasToString("a");
                assertThat(path.of("/").relativize(path.of("/a"))).hasToString("a");
              }),
          row(
              "relativize of what cannot be",
              path -> {
                thrown(
                    IllegalArgumentException.class, () -> path.of("/a").relativize(path.of("b")));
                thrown(
                    IllegalArgumentException.class, () -> path.of("..").relativize(path.of("b")));
              }),
          row(
              "toAbsolutePath of an absolute path",
              path -> assertThat(path.of("/a").toAbsolutePath()).isEqualTo(path.of("/a"))),
          row(
              "toUri there and back",
              path -> {
                Path odd = path.of("/a b/%41/\u00e4?#");
                assertThat(odd.toUri().getRawPath()).isEqualTo("/a%20b/%2541/%C3%A4%3F%23");
                assertThat(Path.of(odd.toUri()).toString()).isEqualTo(odd.toString());
              }),
          row(
              "compareTo of another provider's path",
              path -> assertThat(path.of("/a").getFileSystem().getSeparator()).isEqualTo("/")));

  private static Case glob(String pattern, List<String> yes, List<String> no) {
    return row(
        "glob:" + pattern,
        path -> {
          var matcher = path.of("").getFileSystem().getPathMatcher("glob:" + pattern);
          yes.forEach(text -> assertThat(matcher.matches(path.of(text))).as(text).isTrue());
          no.forEach(text -> assertThat(matcher.matches(path.of(text))).as(text).isFalse());
        });
  }

  private static Case wrong(String pattern) {
    return row(
        "glob:" + pattern + " is none",
        path ->
            thrown(
                PatternSyntaxException.class,
                () -> path.of("").getFileSystem().getPathMatcher("glob:" + pattern)));
  }

  private static final List<Case> PATTERNS =
      List.of(
          glob("*.java", List.of("a.java", ".java"), List.of("a/b.java", "ajava", "a.javax")),
          glob("**.java", List.of("a.java", "a/b.java"), List.of("a.class")),
          glob("a?c", List.of("abc", "a.c"), List.of("ac", "a/c")),
          glob("{a,b}.t", List.of("a.t", "b.t"), List.of("c.t", "{a,b}.t")),
          glob("{a*,*b}", List.of("ax", "xb"), List.of("x")),
          glob("[a-c]x", List.of("ax", "cx"), List.of("dx", "x")),
          glob("[!a-c]x", List.of("dx"), List.of("ax", "/x")),
          glob("[-a]", List.of("-", "a"), List.of("b")),
          glob("[*?]", List.of("*", "?"), List.of("a")),
          glob("\\*", List.of("*"), List.of("a")),
          glob("a.b+(c)$", List.of("a.b+(c)$"), List.of("axb+(c)$")),
          glob("/a/*/c", List.of("/a/b/c"), List.of("/a/c", "/a/b/b/c")),
          glob("/a/**", List.of("/a/b", "/a/b/c"), List.of("/a")),
          wrong("{a"),
          wrong("[a"),
          wrong("{a,{b,c}}"),
          wrong("a\\"),
          wrong("[a/b]"),
          row(
              "regex",
              path -> {
                var matcher = path.of("").getFileSystem().getPathMatcher("regex:a.+c");
                assertThat(matcher.matches(path.of("abc"))).isTrue();
                assertThat(matcher.matches(path.of("ac"))).isFalse();
              }),
          row(
              "a pattern of no syntax",
              path ->
                  thrown(
                      IllegalArgumentException.class,
                      () -> path.of("").getFileSystem().getPathMatcher("a"))),
          row(
              "a pattern of a syntax that is not known",
              path ->
                  thrown(
                      UnsupportedOperationException.class,
                      () -> path.of("").getFileSystem().getPathMatcher("sql:a"))));
}
