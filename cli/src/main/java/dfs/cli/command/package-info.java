/** The commands: what a person types, and what is printed. */
@NullMarked
package dfs.cli.command;

import org.jspecify.annotations.NullMarked;
