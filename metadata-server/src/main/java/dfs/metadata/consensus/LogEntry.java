package dfs.metadata.consensus;

import com.google.protobuf.ByteString;
import dfs.protocol.metadata.Command;
import dfs.protocol.wire.MalformedMessageException;
import dfs.protocol.wire.RecordCodec;
import java.util.ArrayList;
import java.util.List;

/**
 * What one entry of the log holds.
 *
 * @param salt {@value #SALT_BYTES} random bytes, the salt of each of the commands
 * @param commands encoded {@link Command}s without their salts; on disk this is the same as a list
 *     of commands
 */
public record LogEntry(ByteString salt, List<ByteString> commands) {
  static final int SALT_BYTES = 16;
  static final RecordCodec<LogEntry> CODEC = RecordCodec.of(LogEntry.class);

  public LogEntry {
    commands = List.copyOf(commands);
  }

  /** The commands as they are applied, with their salts. */
  List<Command> decoded() throws MalformedMessageException {
    List<Command> decoded = new ArrayList<>(commands.size());
    for (ByteString encoded : commands) {
      Command bare = Command.CODEC.decode(encoded);
      decoded.add(
          new Command(
              bare.stampNanos(),
              bare.session(),
              bare.slot(),
              bare.sequence(),
              bare.caller(),
              bare.placement(),
              salt,
              bare.order()));
    }
    return decoded;
  }
}
