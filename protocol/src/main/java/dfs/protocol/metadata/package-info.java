/**
 * Operations on the namespace and what they answer; the same records travel on the wire and lie in
 * the log.
 */
@NullMarked
package dfs.protocol.metadata;

import org.jspecify.annotations.NullMarked;
