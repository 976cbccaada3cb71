/** Pure decisions on who may do what: mode bits and POSIX.1e ACLs. Depends on java.base only. */
@NullMarked
package dfs.acl;

import org.jspecify.annotations.NullMarked;
