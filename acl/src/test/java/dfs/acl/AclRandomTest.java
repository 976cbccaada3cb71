package dfs.acl;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.acl.AclEntry.Tag;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Compares with a second formulation: the access check as the sentences of acl(5), class by class
 * over sets of entries, and modes as sums over the classes. Ids are few, so that they meet.
 */
class AclRandomTest {
  private static final int ROUNDS = 200_000;
  private static final int IDS = 4;

  @Test
  void decisionsAreThoseOfTheSecondFormulation() {
    long seed = System.nanoTime();
    System.out.println("AclRandomTest seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      Acl acl = randomAcl(random);
      Subject subject = randomSubject(random);
      int uid = random.nextInt(IDS);
      int gid = random.nextInt(IDS);
      boolean isDirectory = random.nextBoolean();
      int wanted = random.nextInt(8);
      assertThat(Access.permits(subject, acl.modeBits(), uid, gid, acl, isDirectory, wanted))
          .as("seed %d round %d: %s %s %d:%d %d", seed, round, subject, acl, uid, gid, wanted)
          .isEqualTo(permits(subject, uid, gid, acl, isDirectory, wanted));
      assertThat(Acl.parse(ByteBuffer.wrap(acl.format()))).isEqualTo(acl);
      checkModes(acl, random.nextInt(010000), "seed " + seed + " round " + round + " " + acl);
    }
  }

  private static Acl randomAcl(Random random) {
    List<AclEntry> entries = new ArrayList<>();
    entries.add(AclEntry.of(Tag.USER_OBJ, random.nextInt(8)));
    named(random, Tag.USER, entries);
    entries.add(AclEntry.of(Tag.GROUP_OBJ, random.nextInt(8)));
    named(random, Tag.GROUP, entries);
    if (entries.size() > 2 || random.nextBoolean()) {
      entries.add(AclEntry.of(Tag.MASK, random.nextInt(8)));
    }
    entries.add(AclEntry.of(Tag.OTHER, random.nextInt(8)));
    return new Acl(entries);
  }

  private static void named(Random random, Tag tag, List<AclEntry> entries) {
    for (int id = 0; id < IDS; id++) {
      if (random.nextInt(4) == 0) {
        entries.add(new AclEntry(tag, random.nextInt(8), id));
      }
    }
  }

  private static Subject randomSubject(Random random) {
    Set<Integer> groups = new HashSet<>();
    for (int id = 0; id < IDS; id++) {
      if (random.nextInt(4) == 0) {
        groups.add(id);
      }
    }
    return new Subject(random.nextInt(IDS), random.nextInt(IDS), groups);
  }

  private static List<AclEntry> with(Acl acl, Tag tag) {
    return acl.entries().stream().filter(entry -> entry.tag() == tag).toList();
  }

  /** The check as acl(5), "access check algorithm", tells it; then what root has on top. */
  private static boolean permits(
      Subject subject, int uid, int gid, Acl acl, boolean isDirectory, int wanted) {
    int mask = with(acl, Tag.MASK).isEmpty() ? 7 : with(acl, Tag.MASK).getFirst().permissions();
    if (subject.uid() == 0) {
      int executable =
          with(acl, Tag.USER_OBJ).getFirst().permissions()
              | (with(acl, Tag.MASK).isEmpty()
                  ? with(acl, Tag.GROUP_OBJ).getFirst().permissions()
                  : mask)
              | with(acl, Tag.OTHER).getFirst().permissions();
      return isDirectory || ((wanted & 1) <= (executable & 1));
    }
    if (subject.uid() == uid) {
      return (wanted & ~with(acl, Tag.USER_OBJ).getFirst().permissions()) == 0;
    }
    List<AclEntry> users =
        with(acl, Tag.USER).stream().filter(entry -> entry.id() == subject.uid()).toList();
    if (!users.isEmpty()) {
      return (wanted & ~(users.getFirst().permissions() & mask)) == 0;
    }
    Set<Integer> all = new HashSet<>(subject.groups());
    all.add(subject.gid());
    List<AclEntry> groups = new ArrayList<>();
    if (all.contains(gid)) {
      groups.addAll(with(acl, Tag.GROUP_OBJ));
    }
    with(acl, Tag.GROUP).stream().filter(entry -> all.contains(entry.id())).forEach(groups::add);
    if (!groups.isEmpty()) {
      return groups.stream().anyMatch(entry -> (wanted & ~(entry.permissions() & mask)) == 0);
    }
    return (wanted & ~with(acl, Tag.OTHER).getFirst().permissions()) == 0;
  }

  private static int bits(Acl acl, Tag tag) {
    return with(acl, tag).getFirst().permissions();
  }

  private static void checkModes(Acl acl, int mode, String what) {
    boolean hasMask = !with(acl, Tag.MASK).isEmpty();
    Tag groupClass = hasMask ? Tag.MASK : Tag.GROUP_OBJ;
    int bits = 64 * bits(acl, Tag.USER_OBJ) + 8 * bits(acl, groupClass) + bits(acl, Tag.OTHER);
    assertThat(acl.modeBits()).as(what).isEqualTo(bits);

    Acl changed = acl.withMode(mode);
    assertThat(changed.modeBits()).as(what).isEqualTo(mode % 01000);
    assertKept(acl, changed, hasMask, what);

    Acl.Inherited inherited = acl.inherit(mode);
    assertThat(inherited.mode()).as(what).isEqualTo(mode & (07000 + bits));
    @Nullable Acl access = inherited.access();
    if (access == null) {
      assertThat(hasMask).as(what).isFalse();
    } else {
      assertThat(hasMask).as(what).isTrue();
      assertThat(access.modeBits()).as(what).isEqualTo(mode & bits);
      assertKept(acl, access, true, what);
    }
  }

  private static void assertKept(Acl before, Acl after, boolean hasMask, String what) {
    assertThat(with(after, Tag.USER)).as(what).isEqualTo(with(before, Tag.USER));
    assertThat(with(after, Tag.GROUP)).as(what).isEqualTo(with(before, Tag.GROUP));
    if (hasMask) {
      assertThat(with(after, Tag.GROUP_OBJ)).as(what).isEqualTo(with(before, Tag.GROUP_OBJ));
    }
  }
}
