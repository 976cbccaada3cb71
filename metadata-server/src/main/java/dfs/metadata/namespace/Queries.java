package dfs.metadata.namespace;

import com.google.protobuf.ByteString;
import dfs.acl.Permissions;
import dfs.acl.Subject;
import dfs.metadata.records.BlockInfo;
import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.Inode;
import dfs.metadata.records.Keys;
import dfs.metadata.records.NameRecord;
import dfs.metadata.records.OrderRecord;
import dfs.metadata.state.NamespaceReader;
import dfs.metadata.state.NamespaceReader.Row;
import dfs.metadata.state.Stored;
import dfs.metadata.state.Table;
import dfs.metadata.store.Key;
import dfs.protocol.Limits;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Caller;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.Extent;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Query;
import dfs.protocol.metadata.Reply;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is asked of the namespace without changing it. */
final class Queries {
  private static final ByteString DOT = ByteString.copyFromUtf8(".");
  private static final ByteString DOT_DOT = ByteString.copyFromUtf8("..");

  private Queries() {}

  /** Reads a page of a directory, without attributes. */
  interface Listing {
    List<Reply.Dentry> page(NamespaceReader reader, Query.ListDirectory query, long stop);
  }

  /**
   * Answers a query.
   *
   * @param listing how a page of a directory is read, which takes the query and where it stops
   */
  static Reply answer(NamespaceReader reader, Caller caller, Query query, Listing listing) {
    Subject subject = Permission.subject(caller);
    return switch (query) {
      case Query.Lookup q -> lookup(reader, subject, q);
      case Query.LookupPath q -> lookupPath(reader, subject, q);
      case Query.GetAttributes q -> entry(reader, q.ino());
      case Query.ReadLink q -> readLink(reader, q);
      case Query.ListDirectory q -> list(reader, subject, q, listing);
      case Query.GetXattr q -> getXattr(reader, subject, q);
      case Query.ListXattrs q -> listXattrs(reader, subject, q);
      case Query.GetSpace q -> space(reader);
      case Query.ReadMap q -> readMap(reader, subject, q);
      case Query.Open q -> open(reader, subject, q);
      case Query.Release q -> Reply.Done.DONE;
      case Query.CheckAccess q -> {
        Permission.check(reader, subject, q.ino(), Permission.require(reader, q.ino()), q.access());
        yield Reply.Done.DONE;
      }
      case Query.ListBlocks q -> BlockListing.page(reader, subject, q);
      case Query.Lock _, Query.Unlock _ -> Reply.refused(Errno.EINVAL, "locks are of the present");
      case Query.GetInstant q -> Reply.refused(Errno.EINVAL, "an instant is of the past");
      case Query.GetSnapshot q -> Snapshots.get(reader, q);
      case Query.ListSnapshots q -> Snapshots.list(reader, q);
      case Query.ListVersions _, Query.ListDeleted _ ->
          Reply.refused(Errno.EINVAL, "what is kept is asked of the present");
      case Query.GetReport q ->
          Reply.refused(Errno.EINVAL, "there is no report \"" + q.what() + "\"");
    };
  }

  private static Reply.Entry entry(NamespaceReader reader, long ino) {
    return new Reply.Entry(Permission.require(reader, ino).attributes(ino));
  }

  private static Reply lookup(NamespaceReader reader, Subject subject, Query.Lookup query) {
    Names.check(query.name());
    Inode directory = Permission.searchable(reader, subject, query.parent());
    if (query.name().equals(DOT)) {
      return entry(reader, query.parent());
    }
    if (query.name().equals(DOT_DOT)) {
      return entry(reader, directory.parent() == 0 ? query.parent() : directory.parent());
    }
    return entry(reader, Tree.require(reader, query.parent(), query.name()).ino());
  }

  private static Reply lookupPath(NamespaceReader reader, Subject subject, Query.LookupPath query) {
    List<Attributes> met = new ArrayList<>(query.names().size() + 1);
    long ino = query.directory();
    Inode here = Permission.require(reader, ino);
    met.add(here.attributes(ino));
    for (ByteString name : query.names()) {
      if (!here.isDirectory()) {
        break;
      }
      Names.check(name);
      Permission.check(reader, subject, ino, here, Permissions.EXECUTE);
      NameRecord record = reader.name(ino, name);
      if (record == null) {
        break;
      }
      ino = record.ino();
      here = Permission.require(reader, ino);
      met.add(here.attributes(ino));
    }
    return new Reply.Way(met);
  }

  private static Reply readLink(NamespaceReader reader, Query.ReadLink query) {
    if (Permission.require(reader, query.ino()).type() != FileType.SYMLINK) {
      throw Refusal.of(Errno.EINVAL, "inode " + query.ino() + " is no symbolic link");
    }
    return new Reply.Value(Maps.inline(reader, query.ino()));
  }

  private static Reply list(
      NamespaceReader reader, Subject subject, Query.ListDirectory query, Listing listing) {
    Inode directory = Permission.directory(reader, query.ino());
    Permission.check(reader, subject, query.ino(), directory, Permissions.READ);
    long stop = query.stop() == 0 ? directory.nextCookie() : query.stop();
    List<Reply.Dentry> found = listing.page(reader, query, stop);
    boolean end = found.size() < query.limitEntries();
    if (!query.plus()) {
      return new Reply.Listing(found, stop, end);
    }
    List<@Nullable Stored<Inode>> inodes =
        reader.get(Table.INODES, found.stream().map(entry -> Key.of(entry.ino())).toList());
    List<Reply.Dentry> full = new ArrayList<>(found.size());
    for (int i = 0; i < found.size(); i++) {
      Reply.Dentry entry = found.get(i);
      Stored<Inode> inode = inodes.get(i);
      full.add(
          inode == null
              ? entry
              : new Reply.Dentry(
                  entry.name(),
                  entry.ino(),
                  entry.type(),
                  entry.cookie(),
                  inode.value().attributes(entry.ino())));
    }
    return new Reply.Listing(full, stop, end);
  }

  /** At present, in the order of the directory. */
  static List<Reply.Dentry> entries(NamespaceReader reader, Query.ListDirectory query, long stop) {
    List<Reply.Dentry> found = new ArrayList<>();
    for (Row<OrderRecord> row :
        reader.rows(
            Table.ORDER,
            Key.of(query.ino(), query.cookie() + 1),
            Key.of(query.ino(), Math.max(stop, query.cookie() + 1)),
            query.limitEntries())) {
      OrderRecord record = row.value();
      found.add(
          new Reply.Dentry(
              record.name(), record.ino(), record.type(), row.key().longAt(Long.BYTES), null));
    }
    return found;
  }

  private static Reply getXattr(NamespaceReader reader, Subject subject, Query.GetXattr query) {
    Inode inode = Permission.require(reader, query.ino());
    if (!inode.has(Inode.HAS_XATTRS) && !Xattrs.isUser(query.name())) {
      throw Refusal.of(Errno.ENODATA, "no such attribute");
    }
    if (Xattrs.isUser(query.name())) {
      if (!inode.isRegular() && !inode.isDirectory()) {
        throw Refusal.of(Errno.ENODATA, "user attributes are for files and directories");
      }
      Permission.check(reader, subject, query.ino(), inode, Permissions.READ);
    }
    BytesRecord value =
        Xattrs.isTrusted(query.name()) && !subject.isRoot()
            ? null
            : reader.value(Table.XATTRS, Keys.named(query.ino(), query.name()));
    if (value == null) {
      throw Refusal.of(Errno.ENODATA, "no such attribute");
    }
    return new Reply.Value(value.bytes());
  }

  private static Reply listXattrs(NamespaceReader reader, Subject subject, Query.ListXattrs query) {
    List<ByteString> names = new ArrayList<>();
    if (Permission.require(reader, query.ino()).has(Inode.HAS_XATTRS)) {
      Key prefix = Key.of(query.ino());
      for (Row<BytesRecord> row :
          reader.rows(Table.XATTRS, prefix, prefix.afterPrefix(), Integer.MAX_VALUE)) {
        ByteString name = Keys.nameOf(row.key());
        if (subject.isRoot() || !Xattrs.isTrusted(name)) {
          names.add(name);
        }
      }
    }
    return new Reply.Names(names);
  }

  /** Sizes of disks are known to whoever hears the chunk servers. */
  private static Reply space(NamespaceReader reader) {
    var usage = Charge.below(reader, Attributes.ROOT_INO);
    long files = usage.files() + usage.directories() + 1;
    return new Reply.Space(0, 0, files, Blocks.copies(reader));
  }

  private static Reply readMap(NamespaceReader reader, Subject subject, Query.ReadMap query) {
    Inode inode = Permission.require(reader, query.ino());
    if (!inode.isRegular()) {
      throw Refusal.of(Errno.EINVAL, "inode " + query.ino() + " is no regular file");
    }
    Permission.check(reader, subject, query.ino(), inode, Permissions.READ);
    Attributes attributes = inode.attributes(query.ino());
    long end = Math.min(query.offset() + query.lengthBytes(), Limits.FILE_SIZE_BYTES);
    if (attributes.isInline()) {
      ByteString inline = Maps.inline(reader, query.ino());
      return new Reply.MapPage(attributes, end, inline, List.of(), List.of());
    }
    List<Extent> extents =
        Relocations.resolve(
            reader,
            Maps.touching(reader, inode.map(), query.offset(), end, Limits.EXTENTS_PER_MESSAGE),
            Limits.EXTENTS_PER_MESSAGE);
    long complete = extents.size() < Limits.EXTENTS_PER_MESSAGE ? end : extents.getLast().fileEnd();
    return new Reply.MapPage(
        attributes, complete, ByteString.EMPTY, extents, places(reader, extents));
  }

  /** Where blocks lie; addresses and capabilities are put in by the gateway. */
  private static List<Reply.BlockPlace> places(NamespaceReader reader, List<Extent> extents) {
    Set<Long> blocks = new LinkedHashSet<>();
    for (Extent extent : extents) {
      if (!extent.unwritten()) {
        blocks.add(extent.block());
      }
    }
    List<Reply.BlockPlace> places = new ArrayList<>();
    for (long block : blocks) {
      BlockInfo info = reader.value(Table.BLOCKS, Key.of(block));
      if (info != null && info.state() != BlockInfo.RELOCATED) {
        places.add(
            new Reply.BlockPlace(
                block,
                info.state() != BlockInfo.OPEN,
                info.lengthBytes(),
                info.servers(),
                List.of(),
                ByteString.EMPTY));
      }
    }
    return places;
  }

  private static Reply open(NamespaceReader reader, Subject subject, Query.Open query) {
    Inode inode = Permission.require(reader, query.ino());
    Permission.check(reader, subject, query.ino(), inode, query.access());
    return new Reply.Entry(inode.attributes(query.ino()));
  }
}
