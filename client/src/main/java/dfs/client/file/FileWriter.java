package dfs.client.file;

import com.google.protobuf.ByteString;
import dfs.client.block.BlockStore;
import dfs.client.block.BlockWriter.Origin;
import dfs.client.file.FileState.Piece;
import dfs.client.file.FileState.Placed;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Change.BlockEnd;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Reply.BlockGrant;
import dfs.protocol.metadata.Reply.MapPage;
import dfs.protocol.seam.Time;
import dfs.protocol.session.LeaseMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves what was written from memory to blocks and from blocks into the metadata. Bytes are durable
 * on every member of their block before a commit names them. A full block is sealed, named in a
 * commit and replaced by that commit's answer: one round trip for each block of a sequential write.
 * Called by {@link OpenFiles}; calls blocks and the session.
 */
final class FileWriter {
  /**
   * A file may have this much in memory before it is sent to a block; larger files get blocks of
   * their own.
   */
  static final long SPILL_BYTES = 4L << 20;

  private static final Logger LOG = LoggerFactory.getLogger(FileWriter.class);

  /** A recall waits for a flush: this ends before the session does because of it. */
  private static final int ATTEMPTS = 20;

  /**
   * Others may have the room that one server had not: heartbeats say so within a second. And room
   * may be made, of what was removed. Whoever waits for it hears of the end before it loses
   * patience.
   */
  private static final long ROOM_NANOS = 3_000_000_000L;

  private static final long ROOM_ATTEMPT_NANOS = 250_000_000L;

  /** So often others may change a file between a look at it and a write that builds on that. */
  static final int CONTENDED_ATTEMPTS = 1000;

  private static final long ATTEMPT_NANOS = 1_000_000_000L;

  private final MetadataSession session;
  private final FileMetadata metadata;
  private final Lanes lanes;
  private final Time time;

  FileWriter(MetadataSession session, BlockStore blocks, Time time) {
    this.time = time;
    this.session = session;
    this.metadata = new FileMetadata(session);
    this.lanes = new Lanes(blocks);
  }

  /** Sends what is in memory to blocks; durable it is not yet. */
  void spill(FileState file) throws IOException {
    move(file, false, false, 0);
  }

  /**
   * Makes everything written so far durable and committed. With {@code synced} somebody waits for a
   * small write.
   */
  void flush(FileState file, boolean synced) throws IOException {
    file.committing.lock();
    try {
      boolean shared = false;
      for (int attempt = 0; attempt < CONTENDED_ATTEMPTS; attempt++) {
        boolean writtenBack = locked(file, FileState::takeWrittenBack);
        boolean mayBeShared = writtenBack || locked(file, FileState::isMoving);
        shared |= mayBeShared && session.lease() != LeaseMode.EXCLUSIVE;
        long change = shared ? refreshOrGiveUp(file) : 0;
        try {
          move(file, synced, true, change);
          return;
        } catch (ChangedMeanwhileException e) {
          LOG.debug("inode {} was changed by somebody else: once more", file.ino, e);
          stopMoving(file);
          shared = true;
        }
      }
      IOException failure = new IOException("others keep changing inode " + file.ino);
      giveUp(file, failure);
      throw failure;
    } finally {
      file.committing.unlock();
    }
  }

  /**
   * Gets attributes afresh.
   *
   * @return the change counter that a write builds on; 0 if it builds on nothing that others may
   *     change
   */
  private long refreshOrGiveUp(FileState file) throws IOException {
    try {
      return refresh(file);
    } catch (IOException e) {
      giveUp(file, e);
      throw e;
    }
  }

  /**
   * As {@link #flush} of a single write that builds on what the file was when it had this change
   * counter.
   *
   * @return whether it still was so; if not, what was written is taken back and nothing has
   *     happened
   */
  boolean flushUnlessChanged(FileState file, long change) throws IOException {
    try {
      move(file, true, true, change);
      return true;
    } catch (ChangedMeanwhileException e) {
      LOG.debug("inode {} was changed by somebody else: once more", file.ino, e);
      takeOut(file);
      return false;
    }
  }

  private void move(FileState file, boolean synced, boolean commit, long change)
      throws IOException {
    file.committing.lock();
    try {
      check(file);
      long expected = change;
      long fullNanos = 0;
      for (int attempt = 1; ; attempt++) {
        try {
          moveOnce(file, synced, commit, expected);
          return;
        } catch (BlockFailedException e) {
          LOG.warn("inode {} goes into another block: {}", file.ino, e.getMessage());
          takeBack(file);
          metadata.end(e.ends());
          if (e.isForSpace()) {
            long now = time.monotonicNanos();
            fullNanos = fullNanos == 0 ? now : fullNanos;
            if (now - fullNanos >= ROOM_NANOS) {
              throw new RefusedException(String.valueOf(e.getMessage()), Errno.ENOSPC);
            }
            time.pause(ROOM_ATTEMPT_NANOS);
          } else if (attempt >= ATTEMPTS) {
            throw e;
          } else if (attempt > 1) {
            time.pause(ATTEMPT_NANOS);
          }
        } catch (OtherMapException e) {
          if (attempt == ATTEMPTS) {
            throw e;
          }
          LOG.debug(
              "inode {} was emptied meanwhile: what is written goes into its new map", file.ino, e);
          // Not on its way to a block any more: it may be part of the metadata now.
          stopMoving(file);
          expected = expectedIn(file, commit);
        }
      }
    } catch (ChangedMeanwhileException e) {
      throw e;
    } catch (IOException e) {
      giveUp(file, e);
      throw e;
    } finally {
      file.committing.unlock();
    }
  }

  /** The change counter of a new map that a commit builds on, unless nobody else may change it. */
  private long expectedIn(FileState file, boolean commit) throws IOException {
    long change = refresh(file);
    return commit && session.lease() != LeaseMode.EXCLUSIVE ? change : 0;
  }

  private void moveOnce(FileState file, boolean synced, boolean commit, long change)
      throws IOException {
    if (!locked(file, FileState::isDirty)) {
      return;
    }
    if (change == 0 && locked(file, FileState::isStale)) {
      // Without a lease others may have made anything of it: whether it lies in its metadata shows.
      var _ = refresh(file);
    }
    if (commit && commitInline(file, change)) {
      return;
    }
    append(file, takeAlong(file), synced, change);
    if (commit) {
      commit(file, null, change);
    }
  }

  /**
   * Gets committed attributes afresh.
   *
   * @return the change counter if a write builds on what the file is: all of it is part of its
   *     metadata, or may become so; otherwise 0
   */
  long refresh(FileState file) throws IOException {
    Attributes newest = metadata.attributes(file.ino);
    file.lock.lock();
    try {
      file.learn(newest);
      Attributes known = file.attributes();
      return known.isInline() || known.sizeBytes() == 0 ? known.change() : 0;
    } finally {
      file.lock.unlock();
    }
  }

  private static void check(FileState file) throws IOException {
    file.lock.lock();
    try {
      file.checkNothingLost();
    } finally {
      file.lock.unlock();
    }
  }

  private static boolean locked(FileState file, Predicate<FileState> look) {
    file.lock.lock();
    try {
      return look.test(file);
    } finally {
      file.lock.unlock();
    }
  }

  /** What could not be written is lost: every user of the file will hear of it. */
  private void giveUp(FileState file, IOException cause) {
    LOG.error("writing inode {} failed", file.ino, cause);
    lose(file, cause);
  }

  private void lose(FileState file, IOException cause) {
    var _ = locked(file, FileState::takeWrittenBack);
    file.lock.lock();
    try {
      file.fail(cause);
    } finally {
      file.lock.unlock();
    }
    takeOut(file);
  }

  /**
   * The file was emptied, with {@link FileState#committing} held: what is written and not committed
   * was written before.
   */
  void emptied(FileState file, Attributes attributes) {
    takeOut(file);
    file.lock.lock();
    try {
      file.learn(attributes);
    } finally {
      file.lock.unlock();
    }
  }

  /** What is in a block and not committed counts no more: it is in memory alone. */
  private void stopMoving(FileState file) {
    Set<OpenBlock> touched = new LinkedHashSet<>();
    for (Placed placed : file.placed) {
      placed.block().settled(file.ino, 1);
      touched.add(placed.block());
    }
    file.placed.clear();
    file.waiting.clear();
    file.takenAlong = 0;
    file.lock.lock();
    try {
      file.stopMoving();
    } finally {
      file.lock.unlock();
    }
    touched.forEach(this::endQuietly);
  }

  /** The session of the file is over: nothing that waits here is ever committed. */
  void abandon(FileState file) {
    file.committing.lock();
    try {
      lose(file, new IOException("the session is over"));
    } finally {
      file.committing.unlock();
    }
  }

  /** Nothing of what was written and not committed is left. */
  private void takeOut(FileState file) {
    stopMoving(file);
    file.lock.lock();
    try {
      file.settle(file.startMoving());
      file.settleAll();
      file.expire();
    } finally {
      file.lock.unlock();
    }
  }

  /** A small file is committed whole, as part of its metadata; whether this was one. */
  private boolean commitInline(FileState file, long change) throws IOException {
    if (!mayBeInline(file)) {
      return false;
    }
    ByteString known = ByteString.EMPTY;
    long expected = change;
    if (file.attributes().sizeBytes() > 0) {
      MapPage page = metadata.inline(file.ino);
      known = page.inline();
      expected = older(change, page.attributes().change());
    }
    Change.Commit commit;
    List<Run> runs;
    file.lock.lock();
    try {
      int size = (int) file.sizeBytes();
      if (size > Limits.INLINE_BYTES) {
        return false;
      }
      commit =
          new Change.Commit(
              file.ino,
              file.attributes().map(),
              List.of(),
              true,
              file.inlineContents(known, size),
              size,
              file.modifyNanos(),
              file.killsPrivileges(),
              List.of(),
              null,
              expected);
      runs = file.startMoving();
    } finally {
      file.lock.unlock();
    }
    settle(file, runs, metadata.send(file, commit));
    return true;
  }

  private static boolean mayBeInline(FileState file) {
    file.lock.lock();
    try {
      Attributes attributes = file.attributes();
      return !file.isMoving()
          && file.sizeBytes() <= Limits.INLINE_BYTES
          && (attributes.isInline() || attributes.sizeBytes() == 0);
    } finally {
      file.lock.unlock();
    }
  }

  /** Change counters only grow: what builds on two states holds while both are the present one. */
  private static long older(long change, long other) {
    return change == 0 || other == 0 ? Math.max(change, other) : Math.min(change, other);
  }

  /**
   * A file that outgrows the metadata takes what is there along, once: it is committed only while
   * that is what is there, and is forgotten otherwise.
   */
  private ByteString takeAlong(FileState file) throws IOException {
    if (!file.attributes().isInline() || file.takenAlong != 0) {
      return ByteString.EMPTY;
    }
    if (locked(file, FileState::isMoving)) {
      // Others made it inline since: what is there goes under what is on its way.
      stopMoving(file);
    }
    MapPage page = metadata.inline(file.ino);
    file.takenAlong = page.attributes().change();
    return page.inline();
  }

  /**
   * Appends everything in memory to blocks, committing whenever a block is full; unless it must all
   * be committed at once, because it builds on what the file was, or takes along what was inline.
   */
  private void append(FileState file, ByteString inline, boolean synced, long change)
      throws IOException {
    boolean whole = change != 0 || file.takenAlong != 0;
    file.lock.lock();
    try {
      for (Run run : file.startMoving(inline)) {
        file.waiting.add(new Piece(run, run.offset(), run.end()));
      }
    } finally {
      file.lock.unlock();
    }
    Lane lane = lanes.of(file, synced);
    while (!file.waiting.isEmpty()) {
      Piece piece = file.waiting.peekFirst();
      ByteBuffer payload = piece.run().view(piece.from(), piece.to());
      boolean inJournal =
          synced && file.waiting.size() == 1 && payload.remaining() <= Limits.JOURNAL_INLINE_BYTES;
      Lane.Placed placed =
          lane.append(
              origin(file, piece.from()),
              payload,
              inJournal,
              time.monotonicNanos(),
              metadata::allocate);
      if (placed == null) {
        OpenBlock full = lane.sealFull();
        if (full != null && whole) {
          end(full);
        } else if (full != null) {
          commitRolled(file, new Rolled(lane, full));
        }
        continue;
      }
      long end = piece.from() + placed.length();
      Extent extent =
          new Extent(
              piece.from(), placed.length(), placed.block().id(), placed.blockOffset(), false);
      file.placed.add(
          new Placed(new Piece(piece.run(), piece.from(), end), extent, placed.block()));
      file.waiting.removeFirst();
      if (end < piece.to()) {
        file.waiting.addFirst(new Piece(piece.run(), end, piece.to()));
      }
    }
  }

  private Origin origin(FileState file, long offset) {
    file.lock.lock();
    try {
      return new Origin(
          file.ino,
          file.attributes().map(),
          offset,
          session.leaseNumber(),
          file.nextSequence(),
          file.modifyNanos(),
          file.sizeBytes());
    } finally {
      file.lock.unlock();
    }
  }

  /**
   * A lane whose block was full, and that block: the commit that follows tells its end and asks for
   * the next.
   */
  private record Rolled(Lane lane, OpenBlock full) {}

  private void commitRolled(FileState file, Rolled rolled) throws IOException {
    boolean told = false;
    try {
      commit(file, rolled, 0);
      told = true;
    } finally {
      if (!told) {
        endQuietly(rolled.full());
      }
    }
  }

  /** Commits everything that was appended. */
  private void commit(FileState file, @Nullable Rolled rolled, long change) throws IOException {
    Set<OpenBlock> touched = new LinkedHashSet<>();
    ExtentOverlay overlay = new ExtentOverlay();
    for (Placed placed : file.placed) {
      touched.add(placed.block());
      overlay.put(placed.extent());
    }
    for (OpenBlock block : touched) {
      block.flush();
    }
    for (Placed placed : file.placed) {
      Extent extent = placed.extent();
      placed.block().checkHolds(extent.blockOffset() + extent.lengthBytes());
    }
    List<BlockEnd> ends = new ArrayList<>();
    if (rolled != null) {
      touched.add(rolled.full());
    }
    touched.forEach(block -> ends.addAll(block.endWith(file.ino)));
    List<Extent> extents = overlay.list();
    if (extents.isEmpty() && rolled == null) {
      return;
    }
    long expected = older(change, file.takenAlong);
    Reply.Committed reply = tell(file, extents, touched, ends, rolled, expected);
    Set<Run> done = new HashSet<>();
    for (Placed placed : file.placed) {
      placed.block().settled(file.ino, 1);
      done.add(placed.piece().run());
    }
    file.placed.clear();
    file.takenAlong = 0;
    file.waiting.forEach(piece -> done.remove(piece.run()));
    settle(file, List.copyOf(done), reply);
    for (OpenBlock block : touched) {
      end(block);
    }
    BlockGrant next = reply.next();
    if (rolled != null && next != null) {
      rolled.lane().accept(next);
    }
  }

  /** In as many messages as it takes; the last one has the ends, which are said again otherwise. */
  private Reply.Committed tell(
      FileState file,
      List<Extent> extents,
      Set<OpenBlock> touched,
      List<BlockEnd> ends,
      @Nullable Rolled rolled,
      long expected)
      throws IOException {
    boolean told = false;
    try {
      for (int from = 0; ; from += Limits.EXTENTS_PER_MESSAGE) {
        int to = Math.min(from + Limits.EXTENTS_PER_MESSAGE, extents.size());
        boolean last = to == extents.size();
        Change.Commit change =
            change(
                file,
                extents.subList(from, to),
                last ? ends : List.of(),
                last ? rolled : null,
                from == 0 ? expected : 0);
        Reply.Committed reply = metadata.send(file, change);
        if (last) {
          told = true;
          return reply;
        }
      }
    } finally {
      if (!told) {
        touched.forEach(OpenBlock::untold);
      }
    }
  }

  private static Change.Commit change(
      FileState file,
      List<Extent> extents,
      List<BlockEnd> ends,
      @Nullable Rolled rolled,
      long expected) {
    file.lock.lock();
    try {
      return new Change.Commit(
          file.ino,
          file.attributes().map(),
          extents,
          false,
          ByteString.EMPTY,
          extents.isEmpty() ? 0 : extents.getLast().fileEnd(),
          file.modifyNanos(),
          file.killsPrivileges(),
          ends,
          rolled == null ? null : rolled.lane().wish(),
          expected);
    } finally {
      file.lock.unlock();
    }
  }

  private static void settle(FileState file, List<Run> runs, Reply.Committed committed) {
    file.lock.lock();
    try {
      file.settle(runs);
      file.committed(committed.attributes());
    } finally {
      file.lock.unlock();
    }
  }

  /** Says that a block is sealed, or closed, when no commit is left to say it. */
  private void end(OpenBlock block) throws IOException {
    metadata.end(block.endAlone());
  }

  /** As {@link #end}, where an error is on its way already. */
  private void endQuietly(OpenBlock block) {
    try {
      end(block);
    } catch (IOException e) {
      LOG.warn("the end of block {} is not told: {}", block.id(), e.toString());
    }
  }

  /**
   * After a block broke: nothing that is not committed counts, all of it is appended again, in the
   * same order.
   */
  private void takeBack(FileState file) throws IOException {
    Set<OpenBlock> touched = new LinkedHashSet<>();
    List<Placed> placed = List.copyOf(file.placed);
    file.placed.clear();
    for (Placed piece : placed.reversed()) {
      piece.block().settled(file.ino, 1);
      file.waiting.addFirst(piece.piece());
      touched.add(piece.block());
    }
    for (OpenBlock block : touched) {
      end(block);
    }
  }

  /**
   * Seals the blocks of a file that nobody uses any more, or, without one, the shared ones idle
   * since {@code beforeNanos}.
   */
  void sealIdle(@Nullable FileState file, long beforeNanos) throws IOException {
    sealLanes(file, lane -> lane.sealIdle(beforeNanos));
  }

  /** Seals the block of a file, or, without one, the shared ones, that lie on these servers. */
  void endBlocksOn(@Nullable FileState file, Set<Long> servers) throws IOException {
    sealLanes(file, lane -> lane.sealOn(servers));
  }

  private void sealLanes(@Nullable FileState file, Function<Lane, @Nullable OpenBlock> seal)
      throws IOException {
    for (Lane lane : lanes.usedBy(file)) {
      OpenBlock sealed = seal.apply(lane);
      if (sealed != null) {
        end(sealed);
      }
    }
  }
}
