package dfs.metadata.consensus;

import com.alipay.sofa.jraft.entity.PeerId;
import com.alipay.sofa.jraft.option.RaftMetaStorageOptions;
import com.alipay.sofa.jraft.storage.RaftMetaStorage;
import dfs.protocol.seam.Disk;
import dfs.protocol.wire.RecordCodec;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The term and the vote in it, durable before anybody hears of them. The library's own file has no
 * checksum, and a missing one counts as "never voted". Called by the library under its lock.
 */
final class VoteFile implements RaftMetaStorage {
  static final Path NAME = Path.of("vote");
  private static final RecordCodec<Vote> CODEC = RecordCodec.of(Vote.class);

  /** A term and whom this server voted for in it; empty: nobody. */
  public record Vote(long term, String candidate) {}

  private final Disk disk;
  private final Failure failure;
  private Vote vote;

  private VoteFile(Disk disk, Failure failure, Vote vote) {
    this.disk = disk;
    this.failure = failure;
    this.vote = vote;
  }

  /** The vote of a server that never voted; there must be no file. */
  static VoteFile create(Disk disk, Failure failure) {
    return new VoteFile(disk, failure, new Vote(0, ""));
  }

  static VoteFile open(Disk disk, Failure failure) throws IOException {
    return new VoteFile(disk, failure, CheckedFile.read(disk, NAME, CODEC, LogDirectory.REMEDY));
  }

  @Override
  public boolean init(RaftMetaStorageOptions options) {
    return true;
  }

  @Override
  public void shutdown() {}

  @Override
  public boolean setTerm(long term) {
    return save(new Vote(term, vote.candidate()));
  }

  @Override
  public long getTerm() {
    return vote.term();
  }

  @Override
  public boolean setVotedFor(PeerId peer) {
    return save(new Vote(vote.term(), peer.isEmpty() ? "" : peer.toString()));
  }

  @Override
  public PeerId getVotedFor() {
    PeerId peer = PeerId.emptyPeer();
    if (!vote.candidate().isEmpty() && !peer.parse(vote.candidate())) {
      throw new AssertionError("a vote for " + vote.candidate());
    }
    return peer;
  }

  @Override
  public boolean setTermAndVotedFor(long term, PeerId peer) {
    return save(new Vote(term, peer.isEmpty() ? "" : peer.toString()));
  }

  private boolean save(Vote next) {
    if (next.term() < vote.term()) {
      throw new AssertionError("the term would go from " + vote + " back to " + next);
    }
    try {
      CheckedFile.write(disk, NAME, CODEC, next);
    } catch (IOException e) {
      failure.fail("the vote cannot be written", e);
      return false;
    }
    vote = next;
    return true;
  }
}
