/**
 * The real side of the transport seam: streams within one process and over gRPC. Callers see {@link
 * dfs.protocol.transport.Transports}, which picks by the address.
 */
@NullMarked
package dfs.protocol.transport;

import org.jspecify.annotations.NullMarked;
