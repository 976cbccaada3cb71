package dfs.chunk.block;

import dfs.chunk.block.SideFile.Identity;
import dfs.chunk.journal.Entry;
import dfs.chunk.journal.Journal;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockFault;
import dfs.protocol.block.BlockRecord;
import dfs.protocol.block.Checksums;
import dfs.protocol.seam.Disk;
import dfs.protocol.seam.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The blocks of one data directory and the journal that makes them durable. Called by the server's
 * rooms. Thread-safe.
 */
public final class BlockDirectory implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BlockDirectory.class);
  private static final Path DATA = Path.of("data");
  private static final String SET_ASIDE = ".x";

  /** EIO and EUCLEAN: a bad sector, an inode that the file system cannot make sense of. */
  private static final List<String> UNREADABLE =
      List.of("Input/output error", "Structure needs cleaning");

  private final Disk disk;
  private final Journal journal;
  private final Map<Long, BlockFile> blocks = new ConcurrentHashMap<>();
  private final Set<Long> damaged = ConcurrentHashMap.newKeySet();

  /** Blocks that are served although some of their bytes are damaged. */
  private final Set<Long> wounded = ConcurrentHashMap.newKeySet();

  private final Set<Long> creating = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<IOException> failed = new CompletableFuture<>();

  /** Hears of a block in which damage was found. */
  private volatile LongConsumer damageFound = block -> {};

  /** What fails from then on fails because the files are closed. */
  private volatile boolean closed;

  private BlockDirectory(Disk disk, Journal journal) {
    this.disk = disk;
    this.journal = journal;
  }

  /** Makes an empty data directory, durable. */
  public static void format(Disk disk, long segmentBytes) throws IOException {
    disk.createDirectories(DATA);
    Journal.format(disk, segmentBytes);
  }

  /**
   * Opens a data directory: blocks end where the first of their records or bytes is missing. When
   * the journal is damaged below a mark of durability, the blocks that were open are damaged: what
   * they lost is not known, so they are not shortened.
   */
  public static BlockDirectory open(Disk disk, int directory) throws IOException {
    BlockDirectory opened = new BlockDirectory(disk, Journal.open(disk, directory));
    opened.load();
    opened.recover();
    opened.journal.attach(opened::checkpoint);
    return opened;
  }

  private void load() throws IOException {
    for (String folder : disk.list(DATA)) {
      Set<String> names = new TreeSet<>(disk.list(DATA.resolve(folder)));
      for (String name : names) {
        String stem = name.substring(0, Math.max(0, name.length() - 2));
        if (name.endsWith(".m")) {
          load(Long.parseUnsignedLong(stem, 16));
        } else if (name.endsWith(SET_ASIDE)) {
          damaged.add(Long.parseUnsignedLong(stem, 16));
        } else if (name.endsWith(".d")
            && !names.contains(stem + ".m")
            && !names.contains(stem + SET_ASIDE)) {
          loadWithoutSide(Long.parseUnsignedLong(stem, 16));
        }
      }
    }
  }

  /** Bytes without their checksums are damage; a block that was just being made has none. */
  private void loadWithoutSide(long block) throws IOException {
    try (DiskFile data = disk.open(path(block, ".d"), false)) {
      if (data.size() > 0) {
        throw new BlockFault(BlockFault.Kind.DAMAGED, "its side file is gone");
      }
    } catch (IOException e) {
      damaged(block, e);
      return;
    }
    disk.delete(path(block, ".d"));
    disk.syncDirectory(folder(block));
  }

  /**
   * Looks whether the files of a block are there and as long as they should be. What is wrong is
   * told as if a reader had found it.
   */
  public void confirm(long block) throws BlockFault {
    BlockFile file = file(block);
    look(
        file,
        () -> {
          checkFiles(file);
          return block;
        });
  }

  private void checkFiles(BlockFile file) throws IOException {
    long block = file.identity().block();
    if (!disk.exists(path(block, ".m")) || !disk.exists(path(block, ".d"))) {
      throw new BlockFault(BlockFault.Kind.DAMAGED, "files of block " + block + " are gone");
    }
    file.checkLength();
  }

  /** What the disk cannot read of one block is damage of it, as what is wrong is. */
  private void load(long block) throws IOException {
    DiskFile side = null;
    try {
      side = disk.open(path(block, ".m"), false);
      SideFile.Contents contents = SideFile.read(side);
      if (contents.identity().block() != block) {
        throw new BlockFault(
            BlockFault.Kind.DAMAGED, "its side file is that of " + contents.identity().block());
      }
      DiskFile data = disk.open(path(block, ".d"), true);
      BlockFile file = new BlockFile(contents.identity(), data, side, journal);
      file.load(contents);
      blocks.put(block, file);
    } catch (IOException e) {
      damaged(block, e);
      if (side != null) {
        side.close();
      }
    }
  }

  private void damaged(long block, IOException e) throws IOException {
    if (!isDamage(e)) {
      throw e;
    }
    LOG.error("block {} is damaged: {}", block, e.getMessage());
    damaged.add(block);
  }

  /** Others, such as too many open files, say nothing of the block. */
  private static boolean isDamage(IOException e) {
    String message = String.valueOf(e.getMessage());
    return e instanceof BlockFault || UNREADABLE.stream().anyMatch(message::contains);
  }

  private void recover() throws IOException {
    Journal.Contents contents = journal.entries();
    replay(contents.entries());
    if (contents.damaged()) {
      LOG.error("the journal is damaged below a mark of durability: open blocks are set aside");
      for (BlockFile file : Set.copyOf(blocks.values())) {
        if (!file.isSealed()) {
          setAside(file);
        }
      }
    }
    for (BlockFile file : blocks.values()) {
      file.cut();
    }
    journal.restart();
  }

  /** A later record of a block says up to where it was durable when that record was made. */
  private void replay(List<Entry> entries) throws IOException {
    List<BlockRecord> records = new ArrayList<>();
    Map<Long, Long> acked = new HashMap<>();
    for (Entry entry : entries) {
      BlockRecord record = BlockRecord.decode(entry.record());
      records.add(record);
      acked.merge(record.block(), record.ackedBytes(), Math::max);
    }
    Set<Long> ended = new TreeSet<>();
    for (int i = 0; i < records.size(); i++) {
      BlockRecord record = records.get(i);
      long block = record.block();
      BlockFile file = blocks.get(block);
      if (file == null || ended.contains(block)) {
        continue;
      }
      switch (file.replay(record, entries.get(i).payload(), acked.getOrDefault(block, 0L))) {
        case TAKEN -> {}
        case DAMAGED -> foundDamage(block, "what was durable at " + record.blockOffset());
        case TORN -> {
          LOG.warn("block {} ends at {}, where its bytes end", block, file.length());
          ended.add(block);
        }
      }
    }
  }

  private void foundDamage(long block, String what) {
    if (wounded.add(block)) {
      LOG.error("block {} is damaged: {}", block, what);
      damageFound.accept(block);
    }
  }

  /**
   * The files stay for whoever may rescue something; the block is damaged from now on, also after
   * the next start.
   */
  private void setAside(BlockFile file) throws IOException {
    long block = file.identity().block();
    disk.rename(path(block, ".m"), path(block, SET_ASIDE));
    disk.syncDirectory(folder(block));
    blocks.remove(block);
    damaged.add(block);
    file.close();
  }

  private static Path folder(long block) {
    return DATA.resolve("%02x".formatted(block & 0xff));
  }

  private void checkpoint() throws IOException {
    for (BlockFile file : blocks.values()) {
      file.checkpoint();
    }
  }

  private static Path path(long block, String suffix) {
    return folder(block).resolve("%016x%s".formatted(block, suffix));
  }

  /**
   * Starts a block for a session. A repeat, before anything was appended, is answered as the first.
   */
  public void create(long block, int epoch, long session, boolean packed) throws IOException {
    Identity identity = new Identity(block, epoch, session, packed);
    if (!creating.add(block)) {
      throw new BlockFault(BlockFault.Kind.NOT_WRITABLE, "block " + block + " is being made");
    }
    try {
      BlockFile known = blocks.get(block);
      if (known != null && known.isFresh(identity)) {
        return;
      }
      if (known != null || damaged.contains(block)) {
        throw new BlockFault(BlockFault.Kind.NOT_WRITABLE, "block " + block + " is here already");
      }
      blocks.put(block, change(() -> make(identity)));
    } finally {
      creating.remove(block);
    }
  }

  private BlockFile make(Identity identity) throws IOException {
    try {
      Path folder = folder(identity.block());
      if (!disk.exists(folder)) {
        disk.createDirectories(folder);
        disk.syncDirectory(DATA);
      }
      return make(identity, folder);
    } catch (IOException e) {
      if (!isShortOfFiles(e)) {
        throw e;
      }
      // That there are too many open files says nothing of the disk.
      throw new BlockFault(
          BlockFault.Kind.NOT_READY,
          "no new block: each takes two open files, and the process has as many as it may, see"
              + " ulimit -n: "
              + e.getMessage(),
          e);
    }
  }

  /** Leaves nothing open when it fails. */
  private BlockFile make(Identity identity, Path folder) throws IOException {
    long block = identity.block();
    DiskFile data = disk.open(path(block, ".d"), true);
    @Nullable DiskFile side = null;
    boolean made = false;
    try {
      side = disk.open(path(block, ".m"), true);
      SideFile.writeHeader(side, identity);
      side.sync(true);
      disk.syncDirectory(folder);
      made = true;
      return new BlockFile(identity, data, side, journal);
    } finally {
      if (!made) {
        unmake(block, data, side);
      }
    }
  }

  private void unmake(long block, DiskFile data, @Nullable DiskFile side) throws IOException {
    data.close();
    disk.delete(path(block, ".d"));
    if (side != null) {
      side.close();
      disk.delete(path(block, ".m"));
    }
  }

  /** EMFILE or ENFILE: says nothing of the disk. */
  public static boolean isShortOfFiles(IOException e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("Too many open files");
  }

  private BlockFile file(long block) throws BlockFault {
    if (damaged.contains(block)) {
      throw new BlockFault(BlockFault.Kind.DAMAGED, "block " + block + " is damaged here");
    }
    BlockFile file = blocks.get(block);
    if (file == null) {
      throw gone(block);
    }
    return file;
  }

  private static BlockFault gone(long block) {
    return new BlockFault(BlockFault.Kind.NO_SUCH_BLOCK, "block " + block + " is not here");
  }

  private interface Call<T> {
    T run() throws IOException;
  }

  /**
   * Everything that writes or syncs goes through here: after the first error of the disk what lies
   * on it is not known, so every later call fails, and nothing is tried again.
   */
  private <T> T change(Call<T> change) throws BlockFault {
    check();
    try {
      return change.run();
    } catch (BlockFault e) {
      throw e;
    } catch (IOException e) {
      fail(e);
      throw new BlockFault(BlockFault.Kind.DISK, "the disk failed: " + e.getMessage(), e);
    }
  }

  /** The disk turned out to be unusable elsewhere: from now on every call fails. */
  public void fail(IOException cause) {
    if (!closed) {
      failed.complete(cause);
    }
  }

  private void check() throws BlockFault {
    IOException failure = failed.getNow(null);
    if (failure != null) {
      throw new BlockFault(
          BlockFault.Kind.DISK, "the disk failed before: " + failure.getMessage(), failure);
    }
  }

  private <T> T change(BlockFile file, Call<T> change) throws BlockFault {
    return change(
        () -> {
          try {
            return change.run();
          } catch (IOException e) {
            if (file.isDeleted()) {
              throw gone(file.identity().block());
            }
            throw e;
          }
        });
  }

  /**
   * Adds a record's bytes at the end of its block; durable when it returns if {@code synced}.
   *
   * @return length of the block that is durable
   */
  public long append(BlockRecord record, ByteBuffer payload, boolean synced) throws BlockFault {
    BlockFile file = file(record.block());
    return change(file, () -> file.append(record, payload, synced));
  }

  /** Adds a record of a copy, durable when the block is sealed; the journal does not bear it. */
  public void copy(BlockRecord record, ByteBuffer payload) throws BlockFault {
    BlockFile file = file(record.block());
    change(
        file,
        () -> {
          file.copy(record, payload);
          return record;
        });
  }

  /** Makes a block's bytes durable; returns its length. */
  public long flush(long block, int epoch) throws BlockFault {
    BlockFile file = file(block);
    return change(file, () -> file.flush(epoch));
  }

  /** Ends a block for ever; returns its length. */
  public long seal(long block, int epoch) throws BlockFault {
    BlockFile file = file(block);
    return change(file, () -> file.seal(epoch));
  }

  /**
   * Ends a block for ever where its valid bytes end, whoever writes it under whatever epoch: from
   * then on its writer hears NOT_WRITABLE. Returns its length.
   */
  public long sealLongest(long block) throws BlockFault {
    BlockFile file = file(block);
    return change(file, file::sealLongest);
  }

  /**
   * Ends a block for ever at this length, whoever writes it; what it has beyond is cut. Nothing
   * happens to a block that is sealed or shorter; one of which no record ends there is kept as it
   * is, and the fault is MALFORMED.
   */
  public void sealAt(long block, long length) throws BlockFault {
    BlockFile file = file(block);
    change(
        file,
        () -> {
          file.sealAt(length);
          return block;
        });
  }

  /**
   * Fills {@code into} with verified bytes from {@code offset} on; returns the checksums of the
   * range's pieces. An error of one read condemns nothing but the read.
   */
  public Checksums read(long block, long offset, ByteBuffer into) throws BlockFault {
    BlockFile file = file(block);
    return look(file, () -> file.read(offset, into));
  }

  /** CRC32C of a range of what was taken, by the checksums of its writer. */
  public int checksum(long block, long offset, int length) throws BlockFault {
    BlockFile file = file(block);
    return look(file, () -> file.checksum(offset, length));
  }

  /**
   * The records of a sealed block from the one that begins at {@code offset} on, as many as fit
   * {@link dfs.protocol.Limits#RECORDS_BYTES}; empty at its end.
   */
  public List<BlockRecord> records(long block, long offset) throws BlockFault {
    BlockFile file = file(block);
    return look(file, () -> file.records(offset));
  }

  /**
   * Compares all that lies on the disk of a block with its checksums, as far as it is written by
   * now. What is wrong is told as if a reader had found it.
   *
   * @param buffer for its bytes
   * @param read hears of so many bytes after each read
   */
  public void verify(long block, ByteBuffer buffer, LongConsumer read) throws BlockFault {
    BlockFile file = file(block);
    verify(
        file,
        () -> {
          checkFiles(file);
          if (file.isSealed()) {
            file.verifySide();
          }
          return block;
        });
    long length = file.length();
    for (long at = 0; at < length; at += buffer.limit()) {
      long from = at;
      buffer.clear().limit((int) Math.min(buffer.capacity(), length - at));
      verify(file, () -> file.read(from, buffer));
      read.accept(buffer.limit());
      // One that is open may be cut meanwhile.
      length = Math.min(length, file.length());
    }
  }

  /** The same, of a block that has to be sealed; what was read. */
  public BlockDigest verifyWhole(long block, ByteBuffer buffer) throws BlockFault {
    BlockFile file = file(block);
    if (!file.isSealed()) {
      throw new BlockFault(BlockFault.Kind.MALFORMED, "block " + block + " is open");
    }
    verify(block, buffer, bytes -> {});
    return file.digest();
  }

  /**
   * Puts what was written in place of a damaged unit of a sealed block; anything else is MALFORMED.
   *
   * @param offset where the unit begins
   */
  public void rewrite(long block, long offset, ByteBuffer unit) throws BlockFault {
    BlockFile file = file(block);
    var _ =
        change(
            file,
            () -> {
              file.rewrite(offset, unit);
              return block;
            });
  }

  /** What was rewritten is durable, and the block no longer damaged, when all of it is right. */
  public void rewritten(long block, ByteBuffer buffer) throws BlockFault {
    BlockFile file = file(block);
    var _ =
        change(
            file,
            () -> {
              file.syncData();
              return block;
            });
    verify(block, buffer, bytes -> {});
    wounded.remove(block);
  }

  /** What the disk cannot read of one block is damage of it, unless the disk failed altogether. */
  private <T> void verify(BlockFile file, Call<T> read) throws BlockFault {
    try {
      var _ = look(file, read);
    } catch (BlockFault e) {
      if (e.kind() == BlockFault.Kind.DISK && !failed.isDone()) {
        foundDamage(file.identity().block(), String.valueOf(e.getMessage()));
      }
      throw e;
    }
  }

  private <T> T look(BlockFile file, Call<T> read) throws BlockFault {
    check();
    long block = file.identity().block();
    try {
      return read.run();
    } catch (BlockFault e) {
      if (e.kind() == BlockFault.Kind.DAMAGED && file.isDeleted()) {
        throw gone(block);
      }
      if (e.kind() == BlockFault.Kind.DAMAGED) {
        foundDamage(block, String.valueOf(e.getMessage()));
      }
      throw e;
    } catch (IOException e) {
      if (file.isDeleted()) {
        throw gone(block);
      }
      throw new BlockFault(
          BlockFault.Kind.DISK, "block " + block + " cannot be read: " + e.getMessage(), e);
    }
  }

  public long length(long block) throws BlockFault {
    return file(block).length();
  }

  /** The session that writes, or wrote, the block. */
  public long session(long block) throws BlockFault {
    return file(block).identity().session();
  }

  /** Every block that lies here, in no order. */
  public List<State> states() {
    List<State> states = new ArrayList<>(blocks.size() + damaged.size());
    for (BlockFile file : blocks.values()) {
      states.add(stateOf(file));
    }
    return states;
  }

  private static State stateOf(BlockFile file) {
    Identity identity = file.identity();
    return new State(identity.block(), identity.epoch(), file.length(), file.isSealed());
  }

  /** How this block is; null if it is not here, or nothing of it is served. */
  public @Nullable State state(long block) {
    BlockFile file = blocks.get(block);
    return file == null ? null : stateOf(file);
  }

  /** Whether damage of this block is known. */
  public boolean isDamaged(long block) {
    return damaged.contains(block) || wounded.contains(block);
  }

  /** Whether the block is here, whole and ended. */
  public boolean isSealed(long block) {
    BlockFile file = blocks.get(block);
    return file != null && file.isSealed();
  }

  /** One intact block. */
  public record State(long block, int epoch, long lengthBytes, boolean sealed) {}

  /** Blocks in which damaged bytes were found since the start; all others of them are served. */
  public List<Long> wounded() {
    return List.copyOf(wounded);
  }

  /** Who hears of a block in which damaged bytes are found, once for each; on a reader's thread. */
  public void onDamage(LongConsumer listener) {
    damageFound = listener;
  }

  /** Blocks whose records are not those that were written: nothing of them is served. */
  public List<Long> damaged() {
    return List.copyOf(damaged);
  }

  /** How many blocks lie here, damaged ones too. */
  public int count() {
    return blocks.size() + damaged.size();
  }

  /** Flushes of the journal since the start. */
  public long flushes() {
    return journal.flushes();
  }

  /** Completes, with the cause, when the disk failed. */
  public CompletableFuture<IOException> failed() {
    return failed;
  }

  /**
   * Deletes a block, a damaged one too; its space is free when this returns. The data file goes
   * first: when the server dies in between the block is damaged, and deleted by the next order.
   */
  public void delete(long block) throws BlockFault {
    wounded.remove(block);
    BlockFile file = blocks.remove(block);
    if (file == null && !damaged.remove(block)) {
      return;
    }
    change(
        () -> {
          if (file != null) {
            file.delete();
          }
          disk.delete(path(block, ".d"));
          disk.delete(path(block, ".m"));
          disk.delete(path(block, SET_ASIDE));
          disk.syncDirectory(folder(block));
          return block;
        });
    // Who read it meanwhile may have found damage.
    wounded.remove(block);
  }

  /**
   * Before the files are closed everything goes into them, so that the next start has nothing to
   * find out from the journal about blocks that are still open.
   */
  @Override
  public void close() throws IOException {
    if (!failed.isDone()) {
      try {
        checkpoint();
      } catch (IOException e) {
        LOG.error("the next start has to look into the journal", e);
      }
    }
    closed = true;
    for (BlockFile file : blocks.values()) {
      file.close();
    }
    journal.close();
  }
}
