package dfs.protocol.wire;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;

/**
 * A constructor or an accessor of a public record. Where reflection makes no code (who ends at once
 * is started so), it is called by reflection until it is called often: to make a method handle
 * takes as long as thousands of calls.
 */
final class Reflected {
  /** So often it is called by reflection. */
  static final int PLAIN_CALLS =
      Boolean.getBoolean("jdk.reflect.useNativeAccessorOnly") ? 1_000 : 0;

  private final int plainCalls;
  private final Plain plain;
  private final Handle handle;
  private @Nullable MethodHandle made;
  private int calls;

  private interface Plain {
    @Nullable Object call(Object argument) throws ReflectiveOperationException;
  }

  private interface Handle {
    MethodHandle make() throws ReflectiveOperationException;
  }

  private Reflected(int plainCalls, Plain plain, Handle handle) {
    this.plainCalls = plainCalls;
    this.plain = plain;
    this.handle = handle;
  }

  /** What it is called with is an array of the values of the components. */
  static Reflected constructor(Constructor<?> of, int plainCalls) {
    return new Reflected(
        plainCalls,
        values -> of.newInstance((@Nullable Object[]) values),
        () ->
            MethodHandles.publicLookup()
                .unreflectConstructor(of)
                .asSpreader(Object[].class, of.getParameterCount())
                .asType(MethodType.methodType(Object.class, Object.class)));
  }

  /** What it is called with is the record. */
  static Reflected accessor(Method of, int plainCalls) {
    return new Reflected(
        plainCalls,
        of::invoke,
        () ->
            MethodHandles.publicLookup()
                .unreflect(of)
                .asType(MethodType.methodType(Object.class, Object.class)));
  }

  /** Throws what the constructor or accessor throws. */
  @Nullable Object call(Object argument) {
    try {
      MethodHandle known = made;
      if (known == null) {
        if (calls < plainCalls) {
          // Of calls at the same time some may not count.
          calls++;
          return plain.call(argument);
        }
        known = handle.make();
        made = known;
      }
      return (Object) known.invokeExact(argument);
    } catch (InvocationTargetException e) {
      throw unchecked(e.getCause());
    } catch (Throwable t) {
      throw unchecked(t);
    }
  }

  private static RuntimeException unchecked(@Nullable Throwable thrown) {
    return switch (thrown) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      case null, default -> new IllegalStateException(thrown);
    };
  }
}
