/**
 * Pure decisions on who may do what: mode bits, POSIX.1e ACLs, set-id bits, the sticky bit and
 * ownership. Called by the namespace (and by whoever checks on a caller's behalf); depends on
 * java.base only and keeps no state.
 *
 * <p>User and group ids are unsigned 32-bit numbers in an {@code int}, compared for equality alone;
 * -1 is no id. A mode is the permission bits with setuid, setgid and sticky (07777), without the
 * file type. The rules are those of IEEE 1003.1e draft 17 (section 23.1.5, as acl(5) tells them)
 * and, where it is silent, of Linux: {@code fs/posix_acl.c}, {@code fs/attr.c}, {@code fs/namei.c}.
 */
@NullMarked
package dfs.acl;

import org.jspecify.annotations.NullMarked;
