package dfs.cli.command;

import dfs.cli.volume.Volume;
import dfs.protocol.block.BlockDigest;
import dfs.protocol.block.BlockFault;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Lets each chunk server read its copies of blocks whole, and compares what they say of them: for
 * {@code dfs fsck --read-data}. Each server reads one block at a time, all of them side by side.
 * Used once, by one thread.
 */
final class CopyReading {
  /** So many blocks are under way at once. */
  private static final int BLOCKS_MAX = 16;

  /** So many copies that are not as they should be are named. */
  private static final int WRONG_MAX = 1000;

  /** A server that answered nothing so often in a row is not asked any more. */
  private static final int SILENCES_MAX = 3;

  private static final int BITS_LOG2 = 16;

  private final Volume volume;
  private final Consumer<Sums> progress;
  private final Map<Long, BitSet> seen = new HashMap<>();
  private final Map<Long, Server> servers = new ConcurrentHashMap<>();
  private final Semaphore room = new Semaphore(BLOCKS_MAX);
  private volatile boolean stopped;

  /** Guards the two below it. */
  private final ReentrantLock lock = new ReentrantLock();

  private final List<Wrong> wrong = new ArrayList<>();
  private Sums sums = new Sums(0, 0, 0, 0, 0, 0);

  /** A server, which reads one block at a time. */
  private static final class Server {
    final ReentrantLock lock = new ReentrantLock();

    /** Guarded by the lock: calls without an answer, in a row. */
    int silences;
  }

  /**
   * A copy that is not as it should be, or of which that is not known.
   *
   * @param path of a file with bytes in it; empty: none is known
   */
  record Wrong(String path, long block, long server, String what) {
    String line() {
      return "%sblock %d on server %d %s"
          .formatted(path.isEmpty() ? "" : path + ": ", block, server, what);
    }
  }

  /**
   * What was read.
   *
   * @param open blocks that are still written: they were left out
   * @param away copies whose servers are not here: they were left out
   * @param notNamed copies that are wrong beyond those that are named
   */
  record Sums(long blocks, long copies, long bytes, long open, long away, long notNamed) {
    private Sums plus(Sums other) {
      return new Sums(
          blocks + other.blocks,
          copies + other.copies,
          bytes + other.bytes,
          open + other.open,
          away + other.away,
          notNamed + other.notNamed);
    }
  }

  /**
   * @param progress hears of the sums after each copy, on one thread at a time
   */
  CopyReading(Volume volume, Consumer<Sums> progress) {
    this.volume = volume;
    this.progress = progress;
  }

  /**
   * Nothing more is begun; {@link #read} returns when what is under way is answered. Any thread.
   */
  void stop() {
    stopped = true;
  }

  boolean isStopped() {
    return stopped;
  }

  Sums sums() {
    lock.lock();
    try {
      return sums;
    } finally {
      lock.unlock();
    }
  }

  List<Wrong> wrong() {
    lock.lock();
    try {
      return List.copyOf(wrong);
    } finally {
      lock.unlock();
    }
  }

  /** Reads what lies at and below these places; everything if there are none. */
  void read(List<Query.Place> places) throws IOException, InterruptedException {
    try (ExecutorService tasks = Executors.newVirtualThreadPerTaskExecutor()) {
      if (places.isEmpty()) {
        // The files first: so there is a path for what any of them has.
        readBelow(Attributes.ROOT_INO, "", tasks);
        readBelow(0, "", tasks);
      }
      for (Query.Place place : places) {
        readBelow(place.ino(), place.path().replaceAll("/+$", ""), tasks);
      }
    }
  }

  private void readBelow(long ino, String path, ExecutorService tasks)
      throws IOException, InterruptedException {
    Query.ListBlocks query = new Query.ListBlocks(ino, List.of(), 0);
    boolean end = false;
    while (!end) {
      Reply.BlockPage page = volume.blocks(query);
      for (Reply.FileBlock each : page.blocks()) {
        if (isNew(each.place().block())) {
          room.acquire();
          tasks.execute(() -> read(path + each.path(), each.place()));
        }
      }
      end = page.end() || stopped;
      query = new Query.ListBlocks(ino, page.way(), page.offset());
    }
  }

  private boolean isNew(long block) {
    BitSet bits = seen.computeIfAbsent(block >> BITS_LOG2, high -> new BitSet());
    int bit = (int) (block & ((1 << BITS_LOG2) - 1));
    boolean first = !bits.get(bit);
    bits.set(bit);
    return first;
  }

  private void read(String path, Reply.BlockPlace place) {
    try {
      if (stopped) {
        return;
      }
      if (!place.sealed()) {
        add(new Sums(0, 0, 0, 1, 0, 0));
        return;
      }
      Map<Long, BlockDigest> said = new HashMap<>();
      for (int i = 0; i < place.servers().size(); i++) {
        String address = place.addresses().get(i);
        if (address.isEmpty()) {
          add(new Sums(0, 0, 0, 0, 1, 0));
        } else {
          read(path, place, place.servers().get(i), address, said);
        }
      }
      compare(path, place, said);
      add(new Sums(1, 0, 0, 0, 0, 0));
    } finally {
      room.release();
    }
  }

  private void read(
      String path,
      Reply.BlockPlace place,
      long server,
      String address,
      Map<Long, BlockDigest> said) {
    try {
      BlockDigest digest = ask(server, address, place);
      said.put(server, digest);
      add(new Sums(0, 1, digest.lengthBytes(), 0, 0, 0));
    } catch (BlockFault e) {
      String what =
          switch (e.kind()) {
            case DAMAGED -> "is damaged: " + e.getMessage();
            case NO_SUCH_BLOCK -> "is missing";
            default -> "was not read: " + e.getMessage();
          };
      if (e.kind() != BlockFault.Kind.NO_SUCH_BLOCK || isStillWanted(place.block(), server)) {
        add(new Wrong(path, place.block(), server, what));
      }
    } catch (IOException e) {
      add(new Wrong(path, place.block(), server, "was not read: " + Reasons.of(e)));
    }
  }

  private BlockDigest ask(long id, String address, Reply.BlockPlace place) throws IOException {
    Server server = servers.computeIfAbsent(id, each -> new Server());
    server.lock.lock();
    try {
      if (server.silences >= SILENCES_MAX) {
        throw new IOException("its server has not answered before");
      }
      BlockDigest digest = volume.chunkServer(address).verify(place.capability(), place.block());
      server.silences = 0;
      return digest;
    } catch (BlockFault e) {
      server.silences = 0;
      throw e;
    } catch (IOException e) {
      server.silences++;
      throw e;
    } finally {
      server.lock.unlock();
    }
  }

  /** A block that moved while others were read is not missing where it was. */
  private boolean isStillWanted(long block, long server) {
    try {
      return volume.blocks(new Query.ListBlocks(0, List.of(), block - 1)).blocks().stream()
          .anyMatch(now -> now.place().block() == block && now.place().servers().contains(server));
    } catch (IOException e) {
      // Not known to have moved: it is told as it was seen.
      return true;
    }
  }

  /** Copies that fit their own checksums may still have other bytes. */
  private void compare(String path, Reply.BlockPlace place, Map<Long, BlockDigest> said) {
    long like = 0;
    for (long server : place.servers()) {
      BlockDigest digest = said.get(server);
      if (digest == null) {
        continue;
      }
      if (digest.lengthBytes() != place.lengthBytes()) {
        String what = "has %d bytes instead of %d";
        what = what.formatted(digest.lengthBytes(), place.lengthBytes());
        add(new Wrong(path, place.block(), server, what));
      } else if (like == 0) {
        like = server;
      } else if (!digest.equals(said.get(like))) {
        add(new Wrong(path, place.block(), server, "has other bytes than on server " + like));
      }
    }
  }

  private void add(Sums more) {
    lock.lock();
    try {
      sums = sums.plus(more);
      progress.accept(sums);
    } finally {
      lock.unlock();
    }
  }

  private void add(Wrong one) {
    lock.lock();
    try {
      if (wrong.size() < WRONG_MAX) {
        wrong.add(one);
      } else {
        sums = sums.plus(new Sums(0, 0, 0, 0, 0, 1));
      }
    } finally {
      lock.unlock();
    }
  }
}
