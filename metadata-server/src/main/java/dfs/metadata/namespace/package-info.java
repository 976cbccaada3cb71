/**
 * The pure state machine: what an order does to the namespace, what a query reads. No clock,
 * random, thread or file.
 */
@NullMarked
package dfs.metadata.namespace;

import org.jspecify.annotations.NullMarked;
