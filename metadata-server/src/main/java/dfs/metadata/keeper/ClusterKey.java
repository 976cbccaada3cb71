package dfs.metadata.keeper;

import com.google.protobuf.ByteString;
import dfs.protocol.session.KeyProof;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Who proves it is trusted to speak for others, and to be a server of the cluster. */
public final class ClusterKey {
  private static final String ALGORITHM = "HmacSHA256";
  private final ByteString key;

  /** Takes the shared secret; it must not be empty. */
  public ClusterKey(ByteString key) {
    if (key.isEmpty()) {
      throw new IllegalArgumentException("the cluster key is empty");
    }
    this.key = key;
  }

  /**
   * Whether who is at the other end of a stream has shown the key.
   *
   * @param own nonce of this end
   * @param theirs nonce of the other end
   */
  public boolean isShown(KeyProof as, ByteString proof, ByteString own, ByteString theirs) {
    return as.isShown(proof, key, own, theirs);
  }

  /** Shows the key to the other end; nonces as in {@link #isShown}. */
  public ByteString show(KeyProof as, ByteString own, ByteString theirs) {
    return as.of(key, own, theirs);
  }

  /** Another secret, for one purpose, that only who has the key can know. */
  public ByteString derive(String purpose) {
    return ByteString.copyFrom(mac(purpose.getBytes(StandardCharsets.UTF_8)));
  }

  private byte[] mac(byte[] message) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key.toByteArray(), ALGORITHM));
      return mac.doFinal(message);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + ALGORITHM, e);
    }
  }
}
