package dfs.cli.command;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What {@code source <(dfs help --completion)} gives to bash and zsh: commands, options, and paths
 * of the cluster, which are asked for when the key is pressed.
 */
final class Completion {
  /** Their operands are files of this machine, too. */
  private static final List<String> LOCAL =
      List.of(
          "put",
          "get",
          "appendToFile",
          "getmerge",
          "up",
          "mount",
          "umount",
          "chunk",
          "-put",
          "-get",
          "-appendToFile",
          "-getmerge",
          "-copyFromLocal",
          "-copyToLocal",
          "-moveFromLocal");

  private static final String SCRIPT =
      """
      # Completion of dfs for bash and zsh: source <(dfs help --completion)
      _dfs_words() {
        local name
        while IFS= read -r name; do
          COMPREPLY+=("$name ")
        done < <(compgen -W "$1" -- "$2")
      }
      _dfs() {
        local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} options= directory name i
        local cluster=()
        COMPREPLY=()
        if [ "$COMP_CWORD" = 1 ]; then
          _dfs_words 'COMMANDS' "$word"
          return
        fi
        # The shell makes two or three words of --data=DIR.
        for ((i = 2; i < COMP_CWORD; i++)); do
          case ${COMP_WORDS[i]} in
            --data)
              name=${COMP_WORDS[i+1]}
              [ "$name" != = ] || name=${COMP_WORDS[i+2]}
              cluster=(--data "${name/#\\~\\//$HOME/}")
              [ "$((i + 1))" != "$COMP_CWORD" ] || cluster=(--data)
              ;;
            --data=*) cluster=(--data "${COMP_WORDS[i]#--data=}") ;;
          esac
        done
        if [ "${#cluster[@]}" = 1 ]; then
          while IFS= read -r name; do
            COMPREPLY+=("$name/")
          done < <(compgen -d -- "$word")
          return
        fi
        case $verb in
      CASES  esac
        case $word in
          -*)
            _dfs_words "$options" "$word"
            return
            ;;
        esac
        case $verb in
          LOCALS)
            while IFS= read -r name; do
              [ ! -d "$name" ] || name=$name/
              COMPREPLY+=("$name")
            done < <(compgen -f -- "$word")
            ;;
        esac
        directory=${word%"${word##*/}"}
        while IFS= read -r -d '' name; do
          name=$directory$name
          case $name in
            "$word"*) COMPREPLY+=("$(printf %q "$name")") ;;
          esac
        done < <("${COMP_WORDS[0]}" ls "${cluster[@]}" -a -p -0 -- "${directory:-.}" 2>/dev/null </dev/null)
      }
      [ -z "${ZSH_VERSION:-}" ] || { autoload -U +X compinit bashcompinit && compinit -u && bashcompinit; }
      complete -o nospace -F _dfs dfs
      """;

  private Completion() {}

  /** The script. */
  static String script() {
    StringBuilder cases = new StringBuilder();
    List<String> names = new ArrayList<>();
    for (Page page : Page.all()) {
      names.add(page.name());
      String options =
          page.options().stream()
              .flatMap(option -> option.names().stream())
              .collect(Collectors.joining(" "));
      cases
          .append("    ")
          .append(page.name())
          .append(") options='")
          .append(options)
          .append("' ;;\n");
    }
    names.add("help");
    return SCRIPT
        .replace("COMMANDS", String.join(" ", names))
        .replace("CASES", cases)
        .replace("LOCALS", String.join(" | ", LOCAL));
  }
}
