package dfs.cli.daemon;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.Consumer;

/**
 * Signals that ask the process to end. By reflection: the class that can has no replacement, and
 * naming it gives a warning that nothing suppresses. Each signal comes on a thread of its own.
 */
final class Signals {
  private static final List<String> ENDING = List.of("TERM", "INT", "HUP");

  private Signals() {}

  /** From now on the signal's name goes to {@code listener} instead of ending the process. */
  @SuppressWarnings("ReferenceEquality") // a proxy is equal to itself alone
  static void onEnding(Consumer<String> listener) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> receiver = Class.forName("sun.misc.SignalHandler");
      InvocationHandler call =
          (proxy, method, arguments) ->
              switch (method.getName()) {
                case "handle" -> {
                  listener.accept(String.valueOf(arguments[0]));
                  yield null;
                }
                case "equals" -> proxy == arguments[0];
                case "hashCode" -> System.identityHashCode(proxy);
                default -> "ending";
              };
      Object proxy =
          Proxy.newProxyInstance(Signals.class.getClassLoader(), new Class<?>[] {receiver}, call);
      for (String name : ENDING) {
        Object one = signal.getConstructor(String.class).newInstance(name);
        signal.getMethod("handle", signal, receiver).invoke(null, one, proxy);
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JVM lets nobody hear of signals", e);
    }
  }
}
