package dfs.metadata.consensus;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.protocol.seam.Disk;
import java.io.IOException;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;

/** When a disk counts as full, and when not any more. */
class SpaceAlarmTest {
  private static final long MIB = 1 << 20;

  /** Keeps 16 MiB free, and has a ballast of 8 MiB. */
  private static final LogLimits LIMITS = LogLimits.of(128 * MIB);

  private long freeBytes = 100 * MIB;
  private boolean ballast = true;
  private final SpaceAlarm alarm = new SpaceAlarm(disk(), LIMITS);

  private Disk disk() {
    return (Disk)
        Proxy.newProxyInstance(
            Disk.class.getClassLoader(),
            new Class<?>[] {Disk.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "space" -> new Disk.Space(128 * MIB, freeBytes);
                  case "exists" -> ballast;
                  case "delete" -> {
                    freeBytes += ballast ? LIMITS.ballastBytes() : 0;
                    ballast = false;
                    yield null;
                  }
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  private boolean isRaisedWith(long mebibytes) throws IOException {
    freeBytes = mebibytes * MIB;
    alarm.look(0);
    return alarm.raised();
  }

  /** Nine more than when it began, of which the ballast is eight. */
  @Test
  void itEndsWhenTheBallastFitsAgainAndLittleMore() throws IOException {
    assertThat(isRaisedWith(16)).isFalse();
    assertThat(isRaisedWith(15)).isTrue();
    assertThat(ballast).isFalse();
    assertThat(isRaisedWith(24)).as("with the ballast it would begin again").isTrue();
    assertThat(isRaisedWith(25)).isFalse();
    assertThat(isRaisedWith(17)).isFalse();
  }
}
