/**
 * What one machine has of a cluster: the data directory with its key, locks, records of running
 * processes and addresses.
 */
@NullMarked
package dfs.cli.data;

import org.jspecify.annotations.NullMarked;
