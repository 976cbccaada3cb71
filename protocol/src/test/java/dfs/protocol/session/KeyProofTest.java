package dfs.protocol.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KeyProofTest {
  private static final ByteString KEY = ByteString.copyFromUtf8("Jefe");
  private static final ByteString SERVER = bytes(0);
  private static final ByteString OTHER = bytes(KeyProof.NONCE_BYTES);

  /** Found with another HMAC-SHA256 (Python's hmac) over the layout that is drawn. */
  private static final Map<KeyProof, String> KNOWN =
      Map.of(
          KeyProof.OF_CHUNK_SERVER,
          "35238268cae8fc065435dfab6b52db0b73024d113a959c65dbe6f1f84913220e",
          KeyProof.TO_CHUNK_SERVER,
          "c20b5fa12d7b4f4d8879867c5cc71ab1134d0a7917399ff2525b04a99198aa7d",
          KeyProof.OF_SESSION,
          "6b6fd60a76a028eac78b9556bbaef00828d110be452c0fb7e46aad6b96452ec7",
          KeyProof.TO_SESSION,
          "a25a7ee8e882739e9d98ca7efa12929d09eaef70fd3c9eed70ad7bd0047a49ba");

  private static ByteString bytes(int first) {
    byte[] bytes = new byte[KeyProof.NONCE_BYTES];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (first + i);
    }
    return ByteString.copyFrom(bytes);
  }

  @Test
  void isAnHmacOverWhoShowsItToWhomAndBothNonces() {
    for (KeyProof proof : KeyProof.values()) {
      assertThat(HexFormat.of().formatHex(proof.of(KEY, SERVER, OTHER).toByteArray()))
          .as(proof.name())
          .isEqualTo(KNOWN.get(proof));
    }
  }

  @Test
  void whatIsShownInOneRoleOrOnOneStreamShowsNothingInAnother() {
    ByteString otherKey = ByteString.copyFromUtf8("jefe");
    for (KeyProof as : KeyProof.values()) {
      ByteString shown = as.of(KEY, SERVER, OTHER);
      assertThat(as.isShown(shown, KEY, SERVER, OTHER)).isTrue();
      for (KeyProof other : KeyProof.values()) {
        assertThat(other.isShown(shown, KEY, SERVER, OTHER)).isEqualTo(other == as);
      }
      assertThat(as.isShown(shown, KEY, OTHER, SERVER)).as("the nonces change places").isFalse();
      assertThat(as.isShown(shown, KEY, bytes(1), OTHER)).isFalse();
      assertThat(as.isShown(shown, KEY, SERVER, bytes(1))).isFalse();
      assertThat(as.isShown(shown, otherKey, SERVER, OTHER)).isFalse();
      assertThat(as.isShown(shown.substring(0, 31), KEY, SERVER, OTHER)).isFalse();
      assertThat(as.isShown(ByteString.EMPTY, KEY, SERVER, OTHER)).isFalse();
    }
  }

  /** Nonces of other lengths could be cut elsewhere. */
  @Test
  void noncesAreOfOneLength() {
    ByteString longer = SERVER.concat(OTHER.substring(0, 1));
    ByteString shorter = OTHER.substring(1);
    assertThatThrownBy(() -> KeyProof.OF_SESSION.of(KEY, longer, shorter))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(
            KeyProof.OF_SESSION.isShown(
                KeyProof.OF_SESSION.of(KEY, SERVER, OTHER), KEY, longer, shorter))
        .isFalse();
    assertThat(KeyProof.isNonce(KeyProof.nonce(new Random(1)))).isTrue();
  }
}
