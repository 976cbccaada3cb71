package dfs.metadata.records;

/**
 * How the last operation of a slot ended; attributes are read again for a repeat.
 *
 * @param errno ordinal-independent Linux number, 0: done
 * @param ino inode that the answer tells of; 0: none
 * @param block block that the answer grants; 0: none
 */
public record SlotRecord(long sequence, int errno, long ino, long block) {}
