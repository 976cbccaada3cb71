package dfs.metadata.keeper;

import dfs.metadata.namespace.Survey.Block;
import java.util.List;

/** How the copies of blocks are, for people to read; as of one moment. Any thread. */
public interface CopyStates {
  /** How one copy is. */
  enum CopyState {
    GOOD("good"),
    /** Of a block that is still written. */
    OPEN("open"),
    DAMAGED("damaged"),
    /** It ends elsewhere than the block. */
    OTHER_LENGTH("of another length"),
    /** Its server is here and does not have it. */
    MISSING("missing"),
    /** Its server is here and has not said yet whether it has it. */
    UNCONFIRMED("unconfirmed"),
    /** Its server is not here. */
    AWAY("away"),
    /** Its server will not come back. */
    FORGOTTEN("forgotten");

    private final String text;

    CopyState(String text) {
      this.text = text;
    }

    /** What people are told. */
    public String text() {
      return text;
    }
  }

  /** How a block is, by its copies. */
  enum State {
    /** As many good copies as there should be. */
    HEALTHY("healthy"),
    /** It is still written. */
    OPEN("open"),
    /** More good copies than there should be: they go by themselves. */
    OVER("overReplicated"),
    /** Fewer, and at least one. */
    UNDER("underReplicated"),
    /** A copy is damaged or of another length, and another one is good. */
    CORRUPT("corrupt"),
    /** No good copy is here; a server that is away may have one. */
    UNREACHABLE("unreachable"),
    /** No server has a good copy, and nobody is waited for. */
    LOST("lost");

    private final String text;

    State(String text) {
      this.text = text;
    }

    /** Its name in reports. */
    public String text() {
      return text;
    }

    /** Whether nothing need be done about it. */
    public boolean isWell() {
      return this == HEALTHY || this == OPEN || this == OVER;
    }
  }

  /** A server that is to have a block, and how it has it. */
  record Copy(long server, CopyState state) {}

  /**
   * What is known of a block.
   *
   * @param wanted how many copies there should be
   * @param good how many are good
   * @param confirmed all of its servers that are here have said what they have of it
   */
  record Verdict(State state, int wanted, int good, boolean confirmed, List<Copy> copies) {
    public Verdict {
      copies = List.copyOf(copies);
    }
  }

  /** Whether all servers that are here have named what they have. */
  boolean isComplete();

  /** How a block is. */
  Verdict of(Block block);
}
