/** The four seams: disk, transport, time and random. Each has a real and a simulated side. */
@NullMarked
package dfs.protocol.seam;

import org.jspecify.annotations.NullMarked;
