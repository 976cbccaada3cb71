package dfs.client.path;

import com.google.protobuf.ByteString;
import dfs.client.file.OpenFiles;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.PastEntry;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Operation;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Reply.Dentry;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts back what a path was, step by step; nothing is seen of it before the last one, which is one
 * command. A file that is there still becomes what it was; anything else is put together out of
 * sight first. In memory is a page of each directory on the way down. One thread at a time.
 */
public final class Restoring implements AutoCloseable {
  private final PathCalls present;
  private final PathCalls past;
  private final long instantNanos;
  private final At from;
  private final At to;
  private final boolean replace;
  private final Deque<Level> open = new ArrayDeque<>();

  /** Copies of inodes with several names. */
  private final InodeTable linked = new InodeTable();

  private @Nullable Plan plan;

  /** A copy whose contents are gone on with. */
  private @Nullable Copy unfinished;

  /** What is to be put where; {@code top} is the copy. */
  private record Plan(Attributes was, PathWalk.Place place, boolean inPlace, long top) {}

  private record Copy(long ino, long from) {}

  /** A directory that is gone through. */
  private record Level(long copy, Attributes was, DirectoryPages pages, Deque<Dentry> entries) {}

  /**
   * @param past as of a kept instant, {@code instantNanos}
   * @param from what was, then
   * @param to where it is put
   * @param replace what is there; else that is refused with EEXIST
   */
  Restoring(PathCalls present, PathCalls past, long instantNanos, At from, At to, boolean replace) {
    this.present = present;
    this.past = past;
    this.instantNanos = instantNanos;
    this.from = from;
    this.to = to;
    this.replace = replace;
  }

  /** Goes on; whether there is more to do. After a fault nothing is left of what was begun. */
  public boolean step() throws IOException {
    try {
      return next();
    } catch (IOException | RuntimeException e) {
      drop(e);
      throw e;
    }
  }

  /** What was put together out of sight; the end of the session takes it, too. */
  private void drop(Exception why) {
    Plan known = plan;
    if (known == null) {
      return;
    }
    plan = null;
    try {
      // Refused if it has been put back and only the answer was lost.
      var _ = present.call(new Change.DropCopy(known.top));
    } catch (IOException e) {
      why.addSuppressed(e);
    }
  }

  private boolean next() throws IOException {
    Plan known = plan;
    Copy copy = unfinished;
    if (known == null) {
      return begin();
    }
    if (copy != null) {
      Change more = new Change.CopyExtents(copy.ino, copy.from, instantNanos);
      unfinished = progress(ask(more)).more() ? copy : null;
      return true;
    }
    if (!open.isEmpty()) {
      copyEntries(open.element());
      return true;
    }
    end(known);
    return false;
  }

  private boolean begin() throws IOException {
    PathWalk.Place then = past.walk().to(from, false);
    Attributes was = then.found();
    if (was == null) {
      throw new PathRefusedException(from.text(), Errno.ENOENT, "it was not there then");
    }
    PathWalk.Place place = present.walk().to(to, false);
    Attributes found = place.found();
    if (place.isRoot()) {
      throw new PathRefusedException(
          to.text(), Errno.EBUSY, "the root of the volume stays: restore what is in it");
    }
    if (found != null && !replace) {
      throw new PathRefusedException(to.text(), Errno.EEXIST);
    }
    boolean inPlace = found != null && found.ino() == was.ino() && !was.isDirectory();
    if (inPlace && restored(was.ino(), 0)) {
      return false;
    }
    PastEntry top = new PastEntry(ByteString.EMPTY, was.ino(), 0);
    Reply.Progress made = progress(ask(new Change.CopyPast(0, instantNanos, List.of(top))));
    long copy = made.ids().getFirst();
    plan = new Plan(was, place, inPlace, copy);
    if (made.more()) {
      unfinished = new Copy(copy, was.ino());
    }
    if (was.isDirectory()) {
      open.push(level(copy, was));
    }
    return true;
  }

  private Level level(long copy, Attributes was) {
    return new Level(copy, was, past.list(was.ino(), from.text()), new ArrayDeque<>());
  }

  /** False if a copy of the contents is needed. */
  private boolean restored(long ino, long copy) throws IOException {
    present.files().syncInode(ino);
    try (OpenFiles.Look _ = present.files().look()) {
      Reply reply = present.call(new Change.Restore(ino, instantNanos, copy));
      if (copy == 0 && reply instanceof Reply.Refused refused && refused.errno() == Errno.EFBIG) {
        return false;
      }
      if (!(checked(reply) instanceof Reply.Entry entry)) {
        throw PathWalk.refusal(to.text(), reply);
      }
      var _ = present.files().seen(entry.attributes());
      return true;
    }
  }

  private void end(Plan known) throws IOException {
    if (known.inPlace) {
      var _ = restored(known.was.ino(), known.top);
      return;
    }
    var _ =
        ask(new Change.PutBack(known.top, known.place.parent().ino(), known.place.name(), replace));
  }

  private void copyEntries(Level level) throws IOException {
    if (level.entries.isEmpty() && level.pages.hasMore()) {
      level.entries.addAll(level.pages.next());
    }
    if (level.entries.isEmpty()) {
      // Its entries have changed it.
      var _ = ask(new Change.CopyExtents(level.copy, level.was.ino(), instantNanos));
      open.pop();
      return;
    }
    List<Dentry> batch = batch(level.entries);
    List<PastEntry> entries = new ArrayList<>(batch.size());
    for (Dentry entry : batch) {
      entries.add(new PastEntry(entry.name(), entry.ino(), linked.get(0, entry.ino())));
    }
    Reply.Progress made = progress(ask(new Change.CopyPast(level.copy, instantNanos, entries)));
    for (long copy : made.ids()) {
      made(level.entries.remove(), copy);
    }
    if (made.more() && !made.ids().isEmpty()) {
      Dentry last = batch.get(made.ids().size() - 1);
      unfinished = new Copy(made.ids().getLast(), last.ino());
    }
  }

  /** The next entries; a second name of a file comes when its copy has a number. */
  private List<Dentry> batch(Deque<Dentry> entries) throws IOException {
    List<Dentry> batch = new ArrayList<>();
    Map<Long, Dentry> fresh = new HashMap<>();
    for (Dentry entry : entries) {
      boolean second =
          hasNames(entry)
              && linked.get(0, entry.ino()) == 0
              && fresh.put(entry.ino(), entry) != null;
      if (second || batch.size() == Change.CopyPast.ENTRIES_MAX) {
        break;
      }
      batch.add(entry);
    }
    return batch;
  }

  private static boolean hasNames(Dentry entry) {
    Attributes attributes = entry.attributes();
    return attributes != null && !attributes.isDirectory() && attributes.links() > 1;
  }

  private void made(Dentry entry, long copy) throws IOException {
    Attributes was = entry.attributes();
    if (was == null) {
      throw new PathRefusedException(from.text(), Errno.EPROTO, "a listing without attributes");
    }
    if (hasNames(entry)) {
      var _ = linked.put(0, entry.ino(), copy);
    }
    if (was.isDirectory()) {
      open.push(level(copy, was));
    }
  }

  private Reply ask(Operation operation) throws IOException {
    return checked(present.call(operation));
  }

  private Reply checked(Reply reply) throws PathRefusedException {
    if (reply instanceof Reply.Refused refused) {
      boolean telling = refused.errno() == Errno.EPERM || refused.errno() == Errno.ENODATA;
      throw telling
          ? new PathRefusedException(to.text(), refused.errno(), refused.detail())
          : PathWalk.refusal(to.text(), reply);
    }
    return reply;
  }

  private Reply.Progress progress(Reply reply) throws PathRefusedException {
    if (reply instanceof Reply.Progress progress) {
      return progress;
    }
    throw PathWalk.refusal(to.text(), reply);
  }

  @Override
  public void close() throws IOException {
    linked.close();
  }
}
