package dfs.metadata.namespace;

import static dfs.metadata.namespace.NamespaceBed.ANN;
import static dfs.metadata.namespace.NamespaceBed.BOB;
import static dfs.metadata.namespace.NamespaceBed.ROOT;
import static dfs.metadata.namespace.NamespaceBed.errno;
import static dfs.metadata.namespace.NamespaceBed.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dfs.acl.Acl;
import dfs.acl.AclEntry;
import dfs.acl.AclEntry.Tag;
import dfs.metadata.records.Keys;
import dfs.metadata.records.Usage;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.SetAttributes;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Owners, modes, times, extended attributes and ACLs. */
class AttributesTest {
  private final NamespaceBed bed = NamespaceBed.inMemory();
  private final long shared = bed.mkdir(Caller.ROOT, ROOT, "shared", 0777);
  private final long file = bed.create(ANN, shared, "f", 0644);

  @AfterEach
  void agrees() {
    bed.check();
  }

  private Usage usage(long kind, long id) {
    Usage usage = bed.namespace.state().read(reader -> reader.value(Table.USAGE, Key.of(kind, id)));
    return usage == null ? Usage.NOTHING : usage;
  }

  @Test
  void ownersAreChargedAndChownMovesTheCharge() {
    bed.writeInline(file, "12345");
    assertThat(usage(Keys.USAGE_USER, ANN.uid())).isEqualTo(new Usage(5, 1, 0));
    assertThat(usage(Keys.USAGE_GROUP, ANN.gid())).isEqualTo(new Usage(5, 1, 0));
    int valid = SetAttributes.SET_UID | SetAttributes.SET_GID;
    bed.change(NamespaceBed.set(file, valid, 0, BOB.uid(), 100, 0));
    assertThat(usage(Keys.USAGE_USER, ANN.uid())).isEqualTo(Usage.NOTHING);
    assertThat(usage(Keys.USAGE_USER, BOB.uid())).isEqualTo(new Usage(5, 1, 0));
    assertThat(usage(Keys.USAGE_GROUP, 100)).isEqualTo(new Usage(5, 1, 0));
    bed.unlink(shared, "f");
    bed.writeInline(file, "1234567");
    assertThat(usage(Keys.USAGE_USER, BOB.uid())).isEqualTo(Usage.NOTHING);
    bed.change(NamespaceBed.set(ROOT, valid, 0, BOB.uid(), 100, 0));
    assertThat(usage(Keys.USAGE_USER, BOB.uid())).isEqualTo(Usage.NOTHING);
    assertThat(usage(Keys.USAGE_USER, 0)).isEqualTo(new Usage(0, 0, 1));
  }

  @Test
  void chmodAndChownAreForTheirOwners() {
    assertThat(errno(bed.change(BOB, NamespaceBed.setMode(file, 0777)))).isEqualTo(Errno.EPERM);
    assertThat(errno(bed.change(ANN, NamespaceBed.setMode(file, 0600)))).isEqualTo(Errno.OK);
    assertThat(bed.attributes(file).mode()).isEqualTo(0600);
    Change give = NamespaceBed.set(file, SetAttributes.SET_UID, 0, BOB.uid(), 0, 0);
    assertThat(errno(bed.change(ANN, give))).isEqualTo(Errno.EPERM);
    Change group = NamespaceBed.set(file, SetAttributes.SET_GID, 0, 0, 100, 0);
    assertThat(errno(bed.change(ANN, group))).isEqualTo(Errno.OK);
    Change strange = NamespaceBed.set(file, SetAttributes.SET_GID, 0, 0, 101, 0);
    assertThat(errno(bed.change(ANN, strange))).isEqualTo(Errno.EPERM);
    assertThat(errno(bed.change(NamespaceBed.setMode(9999, 0)))).isEqualTo(Errno.ESTALE);
    Change flags = NamespaceBed.set(file, SetAttributes.SET_FLAGS, 0, 0, 0, 0);
    assertThat(errno(bed.change(flags))).isEqualTo(Errno.EOPNOTSUPP);
  }

  @Test
  void aRefusedChangeLeavesNothingBehind() {
    Attributes before = bed.attributes(file);
    int valid = SetAttributes.SET_MODE | SetAttributes.SET_UID;
    assertThat(errno(bed.change(ANN, NamespaceBed.set(file, valid, 0777, BOB.uid(), 0, 0))))
        .isEqualTo(Errno.EPERM);
    assertThat(bed.attributes(file)).isEqualTo(before);
  }

  @Test
  void timesAreSetByOwnersAndTouchedByWriters() {
    Change explicit =
        new SetAttributes(
            file,
            SetAttributes.SET_ACCESS_TIME | SetAttributes.SET_MODIFY_TIME,
            0,
            0,
            0,
            0,
            -5,
            1234,
            0);
    assertThat(errno(bed.change(BOB, explicit))).isEqualTo(Errno.EPERM);
    bed.change(ANN, explicit);
    assertThat(bed.attributes(file).accessNanos()).isEqualTo(-5);
    assertThat(bed.attributes(file).modifyNanos()).isEqualTo(1234);
    assertThat(bed.attributes(file).changeNanos()).isEqualTo(bed.now());
    Change now =
        NamespaceBed.set(file, SetAttributes.ACCESS_NOW | SetAttributes.MODIFY_NOW, 0, 0, 0, 0);
    assertThat(errno(bed.change(BOB, now))).isEqualTo(Errno.EACCES);
    bed.change(NamespaceBed.setMode(file, 0666));
    assertThat(errno(bed.change(BOB, now))).isEqualTo(Errno.OK);
    assertThat(bed.attributes(file).modifyNanos()).isEqualTo(bed.now());
  }

  @Test
  void accessTimesOnlyMoveForwardAndNobodyNotices() {
    Attributes before = bed.attributes(file);
    long later = before.accessNanos() + 50;
    bed.change(new Change.Touch(List.of(new Change.AccessTime(file, later))));
    bed.change(new Change.Touch(List.of(new Change.AccessTime(file, later - 10))));
    bed.change(new Change.Touch(List.of(new Change.AccessTime(4711, later))));
    assertThat(bed.attributes(file).accessNanos()).isEqualTo(later);
    assertThat(bed.attributes(file).change()).isEqualTo(before.change());
    assertThat(bed.attributes(file).changeNanos()).isEqualTo(before.changeNanos());
  }

  @Test
  void extendedAttributesHaveTheirNameSpaces() {
    assertThat(errno(bed.setXattr(file, "user.a", "1"))).isEqualTo(Errno.OK);
    assertThat(errno(bed.setXattr(file, "trusted.b", "2"))).isEqualTo(Errno.OK);
    assertThat(errno(bed.setXattr(file, "strange.c", "3"))).isEqualTo(Errno.EOPNOTSUPP);
    assertThat(errno(bed.change(ANN, xattr("trusted.b", "2", 0)))).isEqualTo(Errno.EPERM);
    assertThat(errno(bed.change(BOB, xattr("user.a", "2", 0)))).isEqualTo(Errno.EACCES);
    assertThat(errno(bed.change(ANN, xattr("user.a", "2", 1)))).isEqualTo(Errno.EEXIST);
    assertThat(errno(bed.change(ANN, xattr("user.z", "2", 2)))).isEqualTo(Errno.ENODATA);
    assertThat(errno(bed.change(ANN, xattr("user.a", "2", 2)))).isEqualTo(Errno.OK);
    assertThat(errno(bed.setXattr(file, "user.l", "x".repeat(65_537)))).isEqualTo(Errno.ERANGE);
    assertThat(names(Caller.ROOT)).containsExactly("trusted.b", "user.a");
    assertThat(names(ANN)).containsExactly("user.a");
    assertThat(value(ANN, "user.a")).isEqualTo(new Reply.Value(name("2")));
    assertThat(errno(value(ANN, "trusted.b"))).isEqualTo(Errno.ENODATA);
    assertThat(errno(value(ANN, "user.none"))).isEqualTo(Errno.ENODATA);
    Change remove = new Change.RemoveXattr(file, name("user.a"));
    assertThat(errno(bed.change(ANN, remove))).isEqualTo(Errno.OK);
    assertThat(errno(bed.change(ANN, remove))).isEqualTo(Errno.ENODATA);
    long link = bed.symlink(ROOT, "l", "t");
    assertThat(errno(bed.setXattr(link, "user.a", "1"))).isEqualTo(Errno.EPERM);
  }

  private Change xattr(String name, String value, int flags) {
    return new Change.SetXattr(file, name(name), name(value), flags);
  }

  private Reply value(Caller caller, String name) {
    return bed.namespace.query(caller, new Query.GetXattr(file, name(name)), 0);
  }

  private List<String> names(Caller caller) {
    Reply reply = bed.namespace.query(caller, new Query.ListXattrs(file), 0);
    return ((Reply.Names) reply).names().stream().map(ByteString::toStringUtf8).toList();
  }

  private static Acl acl(int user, int named, int group, int mask, int other) {
    return new Acl(
        List.of(
            new AclEntry(Tag.USER_OBJ, user, AclEntry.NO_ID),
            new AclEntry(Tag.USER, named, BOB.uid()),
            new AclEntry(Tag.GROUP_OBJ, group, AclEntry.NO_ID),
            new AclEntry(Tag.MASK, mask, AclEntry.NO_ID),
            new AclEntry(Tag.OTHER, other, AclEntry.NO_ID)));
  }

  private Reply setAcl(Caller caller, long ino, ByteString which, Acl acl) {
    return bed.change(
        caller, new Change.SetXattr(ino, which, ByteString.copyFrom(acl.format()), 0));
  }

  private Errno access(Caller caller, long ino, int access) {
    return errno(bed.namespace.query(caller, new Query.CheckAccess(ino, access), 0));
  }

  @Test
  void anAccessAclDecidesAndChangesTheMode() {
    assertThat(access(BOB, file, 2)).isEqualTo(Errno.EACCES);
    Acl acl = acl(6, 6, 4, 7, 0);
    assertThat(errno(setAcl(BOB, file, Permission.ACCESS_ACL, acl))).isEqualTo(Errno.EPERM);
    assertThat(errno(setAcl(ANN, file, Permission.ACCESS_ACL, acl))).isEqualTo(Errno.OK);
    assertThat(bed.attributes(file).mode()).isEqualTo(0670);
    assertThat(access(BOB, file, 2)).isEqualTo(Errno.OK);
    bed.change(ANN, NamespaceBed.setMode(file, 0640));
    assertThat(access(BOB, file, 2)).isEqualTo(Errno.EACCES);
    assertThat(access(BOB, file, 4)).isEqualTo(Errno.OK);
    bed.change(ANN, new Change.RemoveXattr(file, Permission.ACCESS_ACL));
    assertThat(access(BOB, file, 4)).isEqualTo(Errno.EACCES);
    assertThat(errno(setAcl(ANN, file, Permission.DEFAULT_ACL, acl))).isEqualTo(Errno.EACCES);
    Change broken = new Change.SetXattr(file, Permission.ACCESS_ACL, name("junk"), 0);
    assertThat(errno(bed.change(ANN, broken))).isEqualTo(Errno.EINVAL);
  }

  @Test
  void aDefaultAclIsInheritedInPlaceOfTheUmask() {
    long d = bed.mkdir(ANN, shared, "d", 0755);
    Acl defaults = acl(7, 7, 5, 7, 0);
    assertThat(errno(setAcl(ANN, d, Permission.DEFAULT_ACL, defaults))).isEqualTo(Errno.OK);
    Reply made = bed.change(ANN, new Change.CreateFile(d, name("f"), 0666, 077, false));
    Attributes inherited = ((Reply.Entry) made).attributes();
    assertThat(inherited.mode()).isEqualTo(0660);
    assertThat(access(BOB, inherited.ino(), 6)).isEqualTo(Errno.OK);
    long sub = bed.mkdir(ANN, d, "sub", 0777);
    assertThat(bed.attributes(sub).mode()).isEqualTo(0770);
    Reply inheritedDefault = bed.query(new Query.GetXattr(sub, Permission.DEFAULT_ACL));
    assertThat(inheritedDefault).isEqualTo(new Reply.Value(ByteString.copyFrom(defaults.format())));
    Reply link = bed.change(ANN, new Change.MakeSymlink(d, name("l"), name("t")));
    assertThat(((Reply.Entry) link).attributes().mode()).isEqualTo(0777);
  }
}
