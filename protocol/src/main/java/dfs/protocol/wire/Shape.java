package dfs.protocol.wire;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** How one message type lies on the wire. Built once per class by {@link RecordCodec}. */
abstract sealed class Shape {
  private static final Map<Class<?>, Shape> KNOWN = new ConcurrentHashMap<>();

  abstract int size(Object message);

  abstract void write(Object message, CodedOutputStream out) throws IOException;

  abstract Object read(CodedInputStream in) throws IOException;

  static Shape of(Class<?> type) {
    Shape known = KNOWN.get(type);
    if (known != null) {
      return known;
    }
    Shape made = type.isRecord() ? new OfRecord(type) : new OfSealed(type);
    Shape raced = KNOWN.putIfAbsent(type, made);
    return raced == null ? made : raced;
  }

  /** A record: its components, in order. */
  private static final class OfRecord extends Shape {
    private final String name;
    private final List<Component> components = new ArrayList<>();
    private final Reflected constructor;

    OfRecord(Class<?> type) {
      name = type.getSimpleName();
      RecordComponent[] declared = type.getRecordComponents();
      Class<?>[] types =
          Arrays.stream(declared).map(RecordComponent::getType).toArray(Class<?>[]::new);
      try {
        constructor = Reflected.constructor(type.getConstructor(types), Reflected.PLAIN_CALLS);
      } catch (NoSuchMethodException e) {
        throw new IllegalArgumentException(name + " must be a public record", e);
      }
      for (int i = 0; i < declared.length; i++) {
        Reflected get = Reflected.accessor(declared[i].getAccessor(), Reflected.PLAIN_CALLS);
        components.add(new Component(get, Kind.of(declared[i].getGenericType(), i + 1)));
      }
    }

    private record Component(Reflected get, Kind kind) {
      @Nullable Object of(Object message) {
        return get.call(message);
      }
    }

    @Override
    int size(Object message) {
      int size = 0;
      for (Component component : components) {
        size += component.kind().size(component.of(message));
      }
      return size;
    }

    @Override
    void write(Object message, CodedOutputStream out) throws IOException {
      for (Component component : components) {
        component.kind().write(component.of(message), out);
      }
    }

    @Override
    Object read(CodedInputStream in) throws IOException {
      @Nullable Object[] values = new @Nullable Object[components.size()];
      int tag;
      while ((tag = in.readTag()) != 0) {
        int field = WireFormat.getTagFieldNumber(tag);
        if (field > values.length) {
          in.skipField(tag);
          continue;
        }
        Kind kind = components.get(field - 1).kind();
        if (tag != kind.tag()) {
          throw new IOException(name + " field " + field + " has wire type " + (tag & 7));
        }
        values[field - 1] = kind.read(in, values[field - 1]);
      }
      for (int i = 0; i < values.length; i++) {
        if (values[i] == null) {
          values[i] = components.get(i).kind().absent();
        }
      }
      return Objects.requireNonNull(constructor.call(values));
    }
  }

  /** A sealed interface: one length-delimited field whose number is the record's tag. */
  private static final class OfSealed extends Shape {
    private final String name;
    private final Map<Integer, Member> byTag = new HashMap<>();
    private final Map<Class<?>, Integer> tags = new HashMap<>();

    OfSealed(Class<?> type) {
      name = type.getSimpleName();
      if (!type.isSealed()) {
        throw new IllegalArgumentException(name + " is neither a record nor sealed");
      }
      collect(type);
    }

    private void collect(Class<?> type) {
      for (Class<?> member : type.getPermittedSubclasses()) {
        if (member.isSealed()) {
          collect(member);
          continue;
        }
        Tag tag = member.getAnnotation(Tag.class);
        if (tag == null) {
          throw new IllegalArgumentException(member.getName() + " has no @Tag");
        }
        if (byTag.put(tag.value(), new Member(member)) != null) {
          throw new IllegalArgumentException(name + " has tag " + tag.value() + " twice");
        }
        tags.put(member, tag.value());
      }
    }

    /** A record, whose shape is made when the first of it comes: a short program sees few. */
    private static final class Member {
      private final Class<?> type;
      private @Nullable Shape shape;

      Member(Class<?> type) {
        this.type = type;
      }

      Shape shape() {
        Shape known = shape;
        if (known == null) {
          known = Shape.of(type);
          shape = known;
        }
        return known;
      }
    }

    private int tagOf(Object message) {
      Integer tag = tags.get(message.getClass());
      if (tag == null) {
        throw new IllegalArgumentException(message.getClass() + " is no " + name);
      }
      return tag;
    }

    private Shape inner(int tag) {
      Member member = byTag.get(tag);
      if (member == null) {
        throw new IllegalArgumentException("unknown " + name + " " + tag);
      }
      return member.shape();
    }

    @Override
    int size(Object message) {
      int tag = tagOf(message);
      return Kind.messageSize(tag, inner(tag).size(message));
    }

    @Override
    void write(Object message, CodedOutputStream out) throws IOException {
      int tag = tagOf(message);
      Shape shape = inner(tag);
      out.writeTag(tag, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt32NoTag(shape.size(message));
      shape.write(message, out);
    }

    @Override
    Object read(CodedInputStream in) throws IOException {
      int tag = in.readTag();
      if (tag == 0 || WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        throw new IOException("empty " + name);
      }
      Shape shape = inner(WireFormat.getTagFieldNumber(tag));
      Object message = Kind.readMessage(in, shape);
      if (!in.isAtEnd()) {
        throw new IOException("more than one " + name);
      }
      return message;
    }
  }
}
