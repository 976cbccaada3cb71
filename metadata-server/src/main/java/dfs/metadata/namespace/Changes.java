package dfs.metadata.namespace;

import dfs.metadata.records.BytesRecord;
import dfs.metadata.records.Keys;
import dfs.metadata.state.History;
import dfs.metadata.state.Table;
import dfs.protocol.metadata.Attributes;
import dfs.protocol.metadata.Change;
import dfs.protocol.metadata.Errno;
import dfs.protocol.metadata.FileType;
import dfs.protocol.metadata.Order;
import dfs.protocol.metadata.Reply;
import dfs.protocol.metadata.Upkeep;

/** Which operation does what an order asks. */
final class Changes {
  /** Identity of the volume among the settings. */
  static final String CLUSTER = "cluster";

  static final String SOLE = "sole";
  private static final int ROOT_MODE = 0755;

  private Changes() {}

  static Reply apply(Order order, Applying in) {
    return switch (order) {
      case Change change -> apply(change, in);
      case Upkeep upkeep -> apply(upkeep, in);
    };
  }

  private static Reply apply(Change change, Applying in) {
    return switch (change) {
      case Change.CreateFile c -> CreateFile.apply(c, in);
      case Change.MakeDirectory c -> MakeDirectory.apply(c, in);
      case Change.MakeNode c -> MakeNode.apply(c, in);
      case Change.MakeSymlink c -> MakeSymlink.apply(c, in);
      case Change.Link c -> Link.apply(c, in);
      case Change.Unlink c -> Unlink.apply(c, in);
      case Change.RemoveDirectory c -> RemoveDirectory.apply(c, in);
      case Change.Rename c -> Rename.apply(c, in);
      case Change.SetAttributes c -> SetAttributes.apply(c, in);
      case Change.SetXattr c -> Xattrs.set(c, in);
      case Change.RemoveXattr c -> Xattrs.remove(c, in);
      case Change.AllocateBlock c -> new Reply.Allocated(Blocks.allocate(in, c.wish()));
      case Change.Commit c -> Commit.apply(c, in);
      case Change.SealBlocks c -> {
        c.ends().forEach(end -> Blocks.end(in, end));
        yield Reply.Done.DONE;
      }
      case Change.Touch c -> Touch.apply(c, in);
      case Change.DrainServer c -> Servers.drain(c, in);
      case Change.ForgetServer c -> Servers.forget(c, in);
      case Change.SetReplication c -> SetReplication.apply(c, in);
      case Change.CopyPast c -> CopyPast.apply(c, in);
      case Change.CopyExtents c -> CopyPast.goOn(c, in);
      case Change.PutBack c -> PutBack.apply(c, in);
      case Change.Restore c -> Restore.apply(c, in);
      case Change.CreateSnapshot c -> Snapshots.create(c, in);
      case Change.RemoveSnapshot c -> Snapshots.remove(c, in);
      case Change.DropCopy c -> Nameless.letGo(c, in);
    };
  }

  private static Reply apply(Upkeep upkeep, Applying in) {
    return switch (upkeep) {
      case Upkeep.Format u -> format(u, in);
      case Upkeep.OpenSession u -> Sessions.open(u, in);
      case Upkeep.FenceSession u -> Sessions.fence(u, in);
      case Upkeep.EndSession u -> Sessions.end(u, in);
      case Upkeep.Reap u -> Reaping.inodes(u, in);
      case Upkeep.ReapMap u -> Reaping.map(u, in);
      case Upkeep.AdvanceHistory u -> Retention.advance(u, in);
      case Upkeep.KeepInstant u -> Retention.keep(u, in);
      case Upkeep.ReleaseHistory u -> Retention.release(u, in);
      case Upkeep.PinInstant u -> Retention.pin(u, in);
      case Upkeep.UnpinInstant u -> Retention.unpin(u, in);
      case Upkeep.RegisterServer u -> Servers.register(u, in);
      case Upkeep.SealDead u -> {
        u.ends().forEach(end -> Blocks.endDead(in, end));
        yield Reply.Done.DONE;
      }
      case Upkeep.CondemnBlocks u -> Blocks.condemn(in, u.blocks());
      case Upkeep.BlocksGone u -> Blocks.forget(in, u.blocks());
      case Upkeep.Sole u -> {
        in.tx.setNumber(SOLE, 1);
        yield Reply.Done.DONE;
      }
      case Upkeep.SetRetention u -> Retention.set(u, in);
      case Upkeep.SetMembers u -> Blocks.setMembers(u, in);
      case Upkeep.SetCopies u -> Blocks.setCopies(u, in);
      case Upkeep.OpenTarget u -> Relocations.openTarget(u, in);
      case Upkeep.Relocate u -> Relocations.relocate(u, in);
      case Upkeep.DropTargets u -> Relocations.drop(u, in);
      case Upkeep.DropTree u -> Nameless.drop(u, in);
    };
  }

  private static Reply format(Upkeep.Format order, Applying in) {
    if (in.tx.get(Table.SETTINGS, Keys.meta(CLUSTER)) != null) {
      throw Refusal.of(Errno.EEXIST, "the volume is formatted already");
    }
    in.tx.put(Table.SETTINGS, Keys.meta(CLUSTER), new BytesRecord(order.cluster()));
    History.begin(in.tx);
    in.put(
        Attributes.ROOT_INO,
        NewInode.fresh(
            Attributes.ROOT_INO,
            FileType.DIRECTORY,
            ROOT_MODE,
            order.uid(),
            order.gid(),
            0,
            0,
            in.now,
            0,
            0,
            0,
            0));
    return Reply.Done.DONE;
  }
}
