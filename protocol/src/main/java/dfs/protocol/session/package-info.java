/** The messages of a client's session stream and of a chunk server's control stream. */
@NullMarked
package dfs.protocol.session;

import org.jspecify.annotations.NullMarked;
