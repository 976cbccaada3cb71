package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.acl.Subject;
import dfs.metadata.records.BlockInfo;
import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.Keys;
import dfs.metadata.records.SessionRecord;
import dfs.metadata.records.Usage;
import dfs.metadata.state.History;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.State;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The survey of a {@link State}. */
final class StateSurvey implements Survey {
  private static final int EXTENTS_PER_READ = 256;
  private static final int MISMATCHES_MAX = 1000;
  private static final int ENTRIES_PER_LOOK = 1000;

  private final State state;

  StateSurvey(State state) {
    this.state = state;
  }

  @Override
  public @Nullable ByteString cluster() {
    BytesRecord cluster =
        state.read(reader -> reader.value(Table.SETTINGS, Keys.meta(Changes.CLUSTER)));
    return cluster == null ? null : cluster.bytes();
  }

  @Override
  public boolean sole() {
    return state.read(reader -> reader.number(Changes.SOLE)) != 0;
  }

  @Override
  public int copies() {
    return state.read(Blocks::copies);
  }

  @Override
  public List<Session> sessions() {
    return state.readSnapshot(
        reader -> {
          List<Session> sessions = new ArrayList<>();
          long after = -1;
          while (true) {
            // Slots lie between the sessions, under longer keys.
            Long id = nextSession(reader, after + 1);
            if (id == null) {
              return sessions;
            }
            SessionRecord record = reader.value(Table.SESSIONS, Key.of(id));
            if (record != null) {
              sessions.add(
                  new Session(
                      id,
                      record.epoch(),
                      record.host(),
                      record.mount(),
                      record.fenced(),
                      record.openedNanos(),
                      record.trusted(),
                      record.uid()));
            }
            after = id;
          }
        });
  }

  private static @Nullable Long nextSession(NamespaceReader reader, long from) {
    List<NamespaceReader.Row<SessionRecord>> next =
        reader.rows(Table.SESSIONS, Key.of(from), null, 1);
    return next.isEmpty() ? null : next.getFirst().key().longAt(0);
  }

  @Override
  public @Nullable Session session(long id) {
    SessionRecord record = state.read(reader -> reader.value(Table.SESSIONS, Key.of(id)));
    return record == null
        ? null
        : new Session(
            id,
            record.epoch(),
            record.host(),
            record.mount(),
            record.fenced(),
            record.openedNanos(),
            record.trusted(),
            record.uid());
  }

  @Override
  public List<Server> servers() {
    return state.read(
        reader ->
            reader.rows(Table.SERVERS, Key.EMPTY, null, Integer.MAX_VALUE).stream()
                .map(
                    row ->
                        new Server(
                            row.key().longAt(0),
                            row.value().host(),
                            row.value().address(),
                            row.value().directory(),
                            row.value().draining()))
                .toList());
  }

  @Override
  public List<Long> orphans(long after, int limit) {
    return state.read(
        reader ->
            reader.rows(Table.ORPHANS, Key.of(after + 1), null, limit).stream()
                .map(row -> row.key().longAt(0))
                .toList());
  }

  private static BlockState stateOf(BlockInfo info) {
    return switch (info.state()) {
      case BlockInfo.OPEN -> BlockState.OPEN;
      case BlockInfo.SEALED -> BlockState.SEALED;
      case BlockInfo.CLOSED -> BlockState.CLOSED;
      case BlockInfo.DEAD -> BlockState.DEAD;
      case BlockInfo.RELOCATED -> BlockState.RELOCATED;
      default -> BlockState.GONE;
    };
  }

  private static Block block(long id, BlockInfo info) {
    return new Block(
        id,
        info.epoch(),
        stateOf(info),
        info.session(),
        info.lengthBytes(),
        info.solo(),
        info.servers(),
        info.copies(),
        info.relocations().isEmpty() ? 0 : info.relocations().getFirst().block());
  }

  private List<Block> blocks(long after, int limit, Predicate<Block> wanted) {
    return state.readSnapshot(
        reader -> {
          List<Block> found = new ArrayList<>();
          reader.scan(
              Table.BLOCKS,
              Key.of(after + 1),
              null,
              (key, stored) -> {
                Block block = block(key.longAt(0), stored.value());
                if (wanted.test(block)) {
                  found.add(block);
                }
                return found.size() < limit;
              });
          return found;
        });
  }

  @Override
  public List<Block> blocks(BlockState wanted, long after, int limit) {
    return blocks(after, limit, block -> block.state() == wanted);
  }

  @Override
  public List<Block> blocksOfSession(long session) {
    return blocks(
        0,
        Integer.MAX_VALUE,
        block -> block.session() == session && block.state().compareTo(BlockState.CLOSED) < 0);
  }

  @Override
  public Map<BlockState, Long> blockCounts() {
    Map<BlockState, Long> counts = new EnumMap<>(BlockState.class);
    blocks(
        0,
        Integer.MAX_VALUE,
        block -> {
          counts.merge(block.state(), 1L, Long::sum);
          return false;
        });
    return counts;
  }

  @Override
  public @Nullable Block block(long id) {
    BlockInfo info = state.read(reader -> reader.value(Table.BLOCKS, Key.of(id)));
    return info == null ? null : block(id, info);
  }

  @Override
  public long blockChanges() {
    return state.blockChanges();
  }

  @Override
  public boolean isOwned(long block) {
    return state.read(reader -> Blocks.isOwned(reader, block));
  }

  @Override
  public List<Long> ownerless(long after, int limit) {
    return state.readSnapshot(
        reader -> {
          List<Long> found = new ArrayList<>();
          reader.scan(
              Table.BLOCKS,
              Key.of(after + 1),
              null,
              (key, stored) -> {
                if (Blocks.isMortal(stored.value()) && !Blocks.isOwned(reader, key.longAt(0))) {
                  found.add(key.longAt(0));
                }
                return found.size() < limit;
              });
          return found;
        });
  }

  @Override
  public Live live(long block, int recordsMax, Map<Long, Long> hints) {
    return state.readSnapshot(reader -> LiveRanges.of(reader, block, recordsMax, hints));
  }

  @Override
  public long namedEnd(long block) {
    return state.readSnapshot(reader -> LiveRanges.end(reader, block));
  }

  @Override
  public Compacted compacted() {
    return state.read(Relocations::compacted);
  }

  @Override
  public long appliedIndex() {
    return state.appliedIndex();
  }

  @Override
  public long allocationMark() {
    return state.read(Blocks::mark);
  }

  @Override
  public List<Long> mapsToReap(int limit) {
    return state.read(reader -> Reaping.maps(reader, limit));
  }

  @Override
  public List<Long> treesToDrop(int limit) {
    return state.readSnapshot(reader -> Nameless.toDrop(reader, limit));
  }

  @Override
  public boolean historyDue(long nowNanos) {
    return state.read(reader -> History.isDue(reader, nowNanos));
  }

  @Override
  public Reply.@Nullable Snapshot snapshot(String name) {
    return state.read(reader -> Snapshots.find(reader, name));
  }

  @Override
  public List<Long> viewed() {
    return state.viewed();
  }

  @Override
  public Past past() {
    return state.readSnapshot(
        reader ->
            new Past(
                reader.number(State.SECONDS_FLOOR),
                reader.number(State.MINUTES_FLOOR),
                History.isReleasing(reader),
                History.isEmpty(reader) && state.viewed().isEmpty()));
  }

  @Override
  public Totals totals() {
    Usage usage = state.read(reader -> Charge.below(reader, Attributes.ROOT_INO));
    return new Totals(usage.files(), usage.directories() + 1, usage.bytes());
  }

  @Override
  public long oldestInstantNanos() {
    return state.read(state::oldestInstant);
  }

  @Override
  public long storeBytes() {
    return state.sizeBytes();
  }

  @Override
  public Reply look(Caller caller, List<Query.Place> places, Looker looker) {
    return state.readSnapshot(
        reader -> {
          try {
            Subject subject = Permission.subject(caller);
            if (places.isEmpty()) {
              new Checker(reader, MISMATCHES_MAX).check().forEach(looker::mismatch);
              look(reader, subject, new Query.Place(Attributes.ROOT_INO, "/"), looker);
              lookAtBlocks(reader, looker);
            }
            for (Query.Place place : places) {
              look(reader, subject, place, looker);
            }
            return Reply.Done.DONE;
          } catch (Refusal refusal) {
            return refusal.reply();
          }
        });
  }

  private static void look(
      NamespaceReader reader, Subject subject, Query.Place place, Looker looker) {
    TreeWalk walk = new TreeWalk(reader, subject, place.ino(), place.path(), List.of(), false);
    while (!walk.isOver()) {
      TreeWalk.Found found = walk.next(ENTRIES_PER_LOOK);
      if (found == null) {
        continue;
      }
      if (found.isClosed()) {
        looker.closed(walk.path());
        continue;
      }
      looker.file();
      for (long at = 0; at < Limits.FILE_SIZE_BYTES; ) {
        FileBlocks part = FileBlocks.of(reader, found.inode(), at, EXTENTS_PER_READ);
        part.ends()
            .forEach(
                (id, end) -> {
                  BlockInfo info = reader.value(Table.BLOCKS, Key.of(id));
                  looker.block(walk::path, id, info == null ? null : block(id, info), end);
                });
        at = part.nextOffset();
      }
    }
  }

  private static void lookAtBlocks(NamespaceReader reader, Looker looker) {
    reader.scan(
        Table.BLOCKS,
        Key.EMPTY,
        null,
        (key, stored) -> {
          long id = key.longAt(0);
          int now = stored.value().state();
          if (now != BlockInfo.RELOCATED && now != BlockInfo.DEAD && Blocks.isOwned(reader, id)) {
            looker.block(block(id, stored.value()));
          }
          return true;
        });
  }

  @Override
  public List<String> check(int limit) {
    return state.readSnapshot(reader -> new Checker(reader, limit).check());
  }
}
