/**
 * The file verbs of the command: {@code ls}, {@code cp} and so on, without a dash as coreutils has
 * them. {@link dfs.cli.verb.VerbLine} reads a command line, {@link dfs.cli.verb.Call} says which
 * file each operand means, and a class for each verb does it through {@code java.nio.file}, so that
 * it does the same to the volume, below a mount and to files of this machine.
 */
@NullMarked
package dfs.cli.verb;

import org.jspecify.annotations.NullMarked;
