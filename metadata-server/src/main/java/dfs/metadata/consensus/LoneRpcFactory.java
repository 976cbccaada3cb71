package dfs.metadata.consensus;

import com.alipay.sofa.jraft.ReplicatorGroup;
import com.alipay.sofa.jraft.error.RemotingException;
import com.alipay.sofa.jraft.option.RpcOptions;
import com.alipay.sofa.jraft.rpc.InvokeCallback;
import com.alipay.sofa.jraft.rpc.InvokeContext;
import com.alipay.sofa.jraft.rpc.RaftRpcFactory;
import com.alipay.sofa.jraft.rpc.RpcClient;
import com.alipay.sofa.jraft.rpc.RpcServer;
import com.alipay.sofa.jraft.util.Endpoint;
import com.alipay.sofa.jraft.util.SPI;

/**
 * Replaces the library's transport, which deserialises objects from the wire, by none: a group of
 * one has nobody to talk to, opens no socket and listens nowhere. Made by the library (named in
 * META-INF/services), hence public.
 */
@SPI(priority = 1)
public final class LoneRpcFactory implements RaftRpcFactory {
  @Override
  public void registerProtobufSerializer(String className, Object... arguments) {}

  @Override
  public RpcClient createRpcClient(ConfigHelper<RpcClient> configuration) {
    return new NoClient();
  }

  @Override
  public RpcServer createRpcServer(Endpoint endpoint, ConfigHelper<RpcServer> configuration) {
    throw new UnsupportedOperationException("a group of one listens nowhere");
  }

  private static final class NoClient implements RpcClient {
    @Override
    public boolean init(RpcOptions options) {
      return true;
    }

    @Override
    public void shutdown() {}

    @Override
    public boolean checkConnection(Endpoint endpoint) {
      return false;
    }

    @Override
    public boolean checkConnection(Endpoint endpoint, boolean createIfAbsent) {
      return false;
    }

    @Override
    public void closeConnection(Endpoint endpoint) {}

    @Override
    public void registerConnectEventListener(ReplicatorGroup group) {}

    @Override
    public Object invokeSync(
        Endpoint endpoint, Object request, InvokeContext context, long timeoutMillis)
        throws RemotingException {
      throw new RemotingException("a group of one has no peer " + endpoint);
    }

    @Override
    public void invokeAsync(
        Endpoint endpoint,
        Object request,
        InvokeContext context,
        InvokeCallback callback,
        long timeoutMillis)
        throws RemotingException {
      throw new RemotingException("a group of one has no peer " + endpoint);
    }
  }
}
