package dfs.client.path;

import dfs.client.file.OpenFiles;
import dfs.client.metadata.MetadataSession;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Reply.Dentry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * One page of a directory after the other, up to what was its end at the first; without "." and
 * "..", in the order in which the entries were made. One thread at a time.
 */
public final class DirectoryPages {
  private final MetadataSession session;
  private final OpenFiles files;
  private final Caller caller;
  private final long directory;
  private final String path;
  private long cookie;
  private long stop;
  private boolean end;

  DirectoryPages(
      MetadataSession session, OpenFiles files, Caller caller, long directory, String path) {
    this.session = session;
    this.files = files;
    this.caller = caller;
    this.directory = directory;
    this.path = path;
  }

  /** Whether there may be another page. */
  public boolean hasMore() {
    return !end;
  }

  /**
   * The next entries, at most {@link Limits#LISTING_ENTRIES}, with their attributes as they are
   * here; none at the end.
   */
  public List<Dentry> next() throws IOException {
    Query query = new Query.ListDirectory(directory, cookie, stop, Limits.LISTING_ENTRIES, true);
    try (OpenFiles.Look _ = files.look()) {
      Reply reply = session.call(caller, query);
      if (!(reply instanceof Reply.Listing page)) {
        throw PathWalk.refusal(path, reply);
      }
      end = page.end() || page.entries().isEmpty();
      stop = page.stop();
      if (!page.entries().isEmpty()) {
        cookie = page.entries().getLast().cookie();
      }
      List<Dentry> seen = new ArrayList<>(page.entries().size());
      for (Dentry entry : page.entries()) {
        var attributes = entry.attributes();
        seen.add(
            attributes == null
                ? entry
                : new Dentry(
                    entry.name(),
                    entry.ino(),
                    entry.type(),
                    entry.cookie(),
                    files.seen(attributes)));
      }
      return seen;
    }
  }
}
