package dfs.protocol.block;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.function.IntFunction;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Leave to do something with a range of a block, made by the metadata server and checked by the
 * chunk server on every request: packed blocks hold other people's files. Its bytes, big-endian:
 *
 * <pre>
 *  0 block u64 | 8 offset u64 | 16 length u64 | 24 operations u32 | 28 key id u32 | 32 session u64 | 40 expiry ns u64 | 48 HMAC-SHA256
 * </pre>
 *
 * @param lengthBytes length of the range that may be touched, from {@code offset}
 * @param operations {@code READ} and {@code WRITE}, combined
 * @param session the session it was given to; a writer's records must bear it
 * @param expiryNanos wall-clock nanoseconds since 1970 after which it is void
 * @param keyId which key of the cluster signed it
 */
public record Capability(
    long block,
    long offset,
    long lengthBytes,
    int operations,
    int keyId,
    long session,
    long expiryNanos) {
  public static final int READ = 1;
  public static final int WRITE = 2;

  private static final int BODY_BYTES = 48;
  private static final int MAC_BYTES = 32;
  private static final String ALGORITHM = "HmacSHA256";

  /** The capability with its signature: 80 bytes. */
  public ByteString sign(ByteString secret) {
    ByteBuffer bytes = ByteBuffer.allocate(BODY_BYTES + MAC_BYTES);
    bytes.putLong(block).putLong(offset).putLong(lengthBytes).putInt(operations).putInt(keyId);
    bytes.putLong(session).putLong(expiryNanos);
    bytes.put(hmac(secret, bytes.array()));
    return ByteString.copyFrom(bytes.flip());
  }

  /**
   * The capability in these bytes, or null if no known key signed them.
   *
   * @param secrets the secret of a key id, null if unknown
   */
  public static @Nullable Capability verify(
      ByteString signed, IntFunction<@Nullable ByteString> secrets) {
    if (signed.size() != BODY_BYTES + MAC_BYTES) {
      return null;
    }
    byte[] bytes = signed.toByteArray();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    Capability claimed =
        new Capability(
            in.getLong(0),
            in.getLong(8),
            in.getLong(16),
            in.getInt(24),
            in.getInt(28),
            in.getLong(32),
            in.getLong(40));
    ByteString secret = secrets.apply(claimed.keyId);
    if (secret == null) {
      return null;
    }
    byte[] mac = signed.substring(BODY_BYTES).toByteArray();
    return MessageDigest.isEqual(mac, hmac(secret, bytes)) ? claimed : null;
  }

  /** Whether it allows this operation on the whole range, now. */
  public boolean allows(int operation, long ofBlock, long from, long length, long nowNanos) {
    return block == ofBlock
        && (operations & operation) == operation
        && from >= offset
        && length >= 0
        && from - offset <= lengthBytes - length
        && nowNanos < expiryNanos;
  }

  private static byte[] hmac(ByteString secret, byte[] body) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(secret.toByteArray(), ALGORITHM));
      mac.update(body, 0, BODY_BYTES);
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + ALGORITHM, e);
    }
  }
}
