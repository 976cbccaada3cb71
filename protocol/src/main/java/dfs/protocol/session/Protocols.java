package dfs.protocol.session;

import dfs.protocol.seam.Transport;

/** The two kinds of streams that the metadata server accepts. */
public final class Protocols {
  public static final Transport.Protocol<ClientMessage, ServerMessage> SESSION =
      new Transport.Protocol<>("dfs.Session", ClientMessage.CODEC, ServerMessage.CODEC);

  public static final Transport.Protocol<ChunkMessage, ChunkOrder> CONTROL =
      new Transport.Protocol<>("dfs.Control", ChunkMessage.CODEC, ChunkOrder.CODEC);

  private Protocols() {}
}
