package dfs.protocol.session;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * How one end of a stream shows the other that it has the cluster key, without sending it:
 * HMAC-SHA256 (RFC 2104) under the key over
 *
 * <pre>
 *   label in ASCII | 0 | nonce of the metadata server x 32 | nonce of the other end x 32
 * </pre>
 *
 * <p>The label says who shows it to whom, and each end chooses its nonce anew for each stream: so
 * what was shown in one role, or on one stream, shows nothing in another, and nobody can have
 * anything signed that he chose himself. The streams that follow are neither encrypted nor signed.
 */
public enum KeyProof {
  OF_CHUNK_SERVER("dfs chunk server to metadata server"),
  TO_CHUNK_SERVER("dfs metadata server to chunk server"),
  OF_SESSION("dfs session to metadata server"),
  TO_SESSION("dfs metadata server to session");

  public static final int NONCE_BYTES = 32;

  private static final String ALGORITHM = "HmacSHA256";

  private final String label;

  KeyProof(String label) {
    this.label = label;
  }

  /** A nonce for one stream. */
  public static ByteString nonce(RandomGenerator random) {
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    return ByteString.copyFrom(nonce);
  }

  /** Whether this can be one; what an older build does not send is none. */
  public static boolean isNonce(ByteString bytes) {
    return bytes.size() == NONCE_BYTES;
  }

  /**
   * The proof, 32 bytes.
   *
   * @param server nonce of the metadata server
   * @param other nonce of the other end
   */
  public ByteString of(ByteString key, ByteString server, ByteString other) {
    if (!isNonce(server) || !isNonce(other)) {
      throw new IllegalArgumentException(
          "nonces of %d and %d bytes".formatted(server.size(), other.size()));
    }
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key.toByteArray(), ALGORITHM));
      mac.update(label.getBytes(StandardCharsets.US_ASCII));
      mac.update((byte) 0);
      mac.update(server.toByteArray());
      mac.update(other.toByteArray());
      return ByteString.copyFrom(mac.doFinal());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + ALGORITHM, e);
    }
  }

  /** Whether these bytes are the proof; takes as long for any that are not. */
  public boolean isShown(ByteString proof, ByteString key, ByteString server, ByteString other) {
    return isNonce(server)
        && isNonce(other)
        && MessageDigest.isEqual(of(key, server, other).toByteArray(), proof.toByteArray());
  }
}
