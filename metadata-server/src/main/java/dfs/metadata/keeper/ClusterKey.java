package dfs.metadata.keeper;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
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

  /** Whether the proof is the key's over this nonce. */
  public boolean proves(ByteString nonce, ByteString proof) {
    return MessageDigest.isEqual(mac(nonce.toByteArray()), proof.toByteArray());
  }

  /** Another secret, for one purpose, that only who has the key can know. */
  ByteString derive(String purpose) {
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
