package dfs.metadata.consensus;

import com.alipay.sofa.jraft.util.SPI;
import com.alipay.sofa.jraft.util.timer.DefaultRaftTimerFactory;
import com.alipay.sofa.jraft.util.timer.DefaultTimer;
import com.alipay.sofa.jraft.util.timer.Timer;

/**
 * Timers that wake up when something is due; the library's turn a wheel every millisecond. Made by
 * the library (named in META-INF/services), hence public.
 */
@SPI(priority = 1)
public final class IdleTimerFactory extends DefaultRaftTimerFactory {
  @Override
  public Timer createTimer(String name) {
    return new DefaultTimer(1, name);
  }
}
