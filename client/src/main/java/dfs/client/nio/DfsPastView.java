package dfs.client.nio;

import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttributeView;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a path, which need not exist now. It has no attributes with names. What was
 * closed to the caller then, or is now, is left out. Of a file system of the present only; another
 * one answers with an {@link IOException}.
 */
public interface DfsPastView extends FileAttributeView {
  @Override
  default String name() {
    return "past";
  }

  /** What was different in the state before. */
  enum Difference {
    /** It was made. */
    MADE,
    /** Its contents; of a directory, its entries. */
    CONTENT,
    MODE,
    OWNER,
    ACL,
    XATTR,
    /** It got this name, or another one of its names came or went. */
    NAME,
    /** Its modification time was set. */
    TIME,
    /** The name was removed. */
    REMOVED,
    /** Another file took the name. */
    REPLACED,
    OTHER
  }

  /**
   * What a file was.
   *
   * @param statMode type and permission bits (inode(7))
   * @param sizeBytes as stat(2) has it
   * @param uid unsigned
   * @param gid unsigned
   */
  record Was(
      int statMode, long sizeBytes, int uid, int gid, int links, long ino, Instant modified) {}

  /**
   * What the path was for a while.
   *
   * @param until null: it is so now
   * @param asOf a time at which it can be read; null: it is so now, or it was nothing
   * @param differences from the state before; empty: nothing older is kept
   * @param was null: nothing
   */
  record Version(
      Instant since,
      @Nullable Instant until,
      @Nullable Instant asOf,
      Set<Difference> differences,
      @Nullable Was was) {
    public Version {
      differences = Set.copyOf(differences);
    }
  }

  /**
   * A name that a directory had and has not now.
   *
   * @param path the name in the directory
   * @param gone when it went
   * @param asOf the newest time at which it can be read
   * @param was what it stood for
   */
  record Deleted(Path path, Instant gone, Instant asOf, Was was) {}

  /** Takes one after the other. */
  interface Taker<T> {
    void take(T next) throws IOException;
  }

  /** The kept states of the path, newest first; the last link of it is not followed. */
  void history(Taker<? super Version> taker) throws IOException;

  /** The names of a directory that are gone, in the order of their bytes. */
  void deleted(Taker<? super Deleted> taker) throws IOException;

  /**
   * What tells one state of a file from another, also between file systems of several times: if two
   * are equal, so are the files in all but access times, and directories in the names of their
   * entries. Can be asked at any time.
   */
  Object stamp() throws IOException;

  /**
   * Puts back what the path was, with all that is below it; what is there now becomes past, in one
   * step. A file that is the same one still keeps its inode; a directory is another one then. Of a
   * program that is killed meanwhile nothing is seen.
   *
   * @param to where it is put, of the same file system, and nothing may be there; null: where it
   *     was
   * @param asOf a time, or {@code @NAME} of a snapshot, as {@code --as-of} of the command takes it
   * @return the kept instant that was read
   * @throws IllegalArgumentException if that is no time, or not past
   */
  Instant restore(String asOf, @Nullable Path to) throws IOException;

  /**
   * Puts back what the path was last, before what is there now, if anything is.
   *
   * @param to where it is put, of the same file system; null: where it was. Nothing may be there
   * @return the kept instant that was read
   */
  Instant undelete(@Nullable Path to) throws IOException;

  /**
   * A named instant.
   *
   * @param ino inode number of the directory that it was made for
   * @param uid who made it
   */
  record Snapshot(String name, Instant instant, long ino, int uid) {}

  /**
   * Keeps an instant of the volume under a name, whatever its age; for the owner of this directory
   * and root.
   *
   * @param asOf a time, or another snapshot; null: now, with all that was written until now
   * @return the instant
   */
  Instant createSnapshot(String name, @Nullable String asOf) throws IOException;

  /** The snapshots of the volume, by name. */
  void snapshots(Taker<? super Snapshot> taker) throws IOException;

  /** An instant is not kept under this name any more; for who gave it that, and root. */
  void removeSnapshot(String name) throws IOException;
}
