package dfs.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReflectedTest {
  /** A record that refuses something. */
  public record Sample(long size, String name) {
    public Sample {
      if (size < 0) {
        throw new IllegalArgumentException("size " + size);
      }
    }
  }

  /** By reflection always, never, and until it is called often. */
  @ParameterizedTest
  @ValueSource(ints = {100, 0, 2})
  void callsAreTheSame(int plainCalls) throws NoSuchMethodException {
    Reflected make =
        Reflected.constructor(Sample.class.getConstructor(long.class, String.class), plainCalls);
    Reflected size = Reflected.accessor(Sample.class.getMethod("size"), plainCalls);
    for (long i = 0; i < 5; i++) {
      Object made = Objects.requireNonNull(make.call(new Object[] {i, "n" + i}));
      assertThat(made).isEqualTo(new Sample(i, "n" + i));
      assertThat(size.call(made)).isEqualTo(i);
      assertThatThrownBy(() -> make.call(new Object[] {-1L, ""}))
          .isExactlyInstanceOf(IllegalArgumentException.class)
          .hasMessage("size -1");
    }
  }
}
