package dfs.client.metadata;

import com.google.protobuf.ByteString;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Shows that one has the cluster key without sending it: RFC 2104 over the server's nonce. */
final class KeyProof {
  private static final String ALGORITHM = "HmacSHA256";

  private KeyProof() {}

  /** The proof, 32 bytes; empty without a key: then the socket says who one is. */
  static ByteString of(ByteString key, ByteString nonce) {
    if (key.isEmpty()) {
      return ByteString.EMPTY;
    }
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key.toByteArray(), ALGORITHM));
      return ByteString.copyFrom(mac.doFinal(nonce.toByteArray()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + ALGORITHM, e);
    }
  }
}
