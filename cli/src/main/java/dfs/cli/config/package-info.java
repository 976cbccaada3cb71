/** What a person writes into the file of {@code dfs chunk --config}. */
@NullMarked
package dfs.cli.config;

import org.jspecify.annotations.NullMarked;
