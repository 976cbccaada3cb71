package dfs.protocol.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How one component of a record lies on the wire: its size, its bytes, its value when absent. */
abstract sealed class Kind {
  private final int field;
  private final int wireType;

  private Kind(int field, int wireType) {
    this.field = field;
    this.wireType = wireType;
  }

  final int field() {
    return field;
  }

  final int tag() {
    return field << 3 | wireType;
  }

  abstract int size(@Nullable Object value);

  abstract void write(@Nullable Object value, CodedOutputStream out) throws IOException;

  /** The value read; {@code before} is what an earlier occurrence of the field gave. */
  abstract Object read(CodedInputStream in, @Nullable Object before) throws IOException;

  abstract @Nullable Object absent();

  static Kind of(Type type, int field) {
    if (type instanceof ParameterizedType generic && generic.getRawType() == List.class) {
      return new OfList(field, of(generic.getActualTypeArguments()[0], field));
    }
    Class<?> plain = (Class<?>) type;
    if (plain == long.class || plain == Long.class) {
      return new OfLong(field);
    } else if (plain == int.class || plain == Integer.class) {
      return new OfInt(field);
    } else if (plain == boolean.class) {
      return new OfBoolean(field);
    } else if (plain == String.class) {
      return new OfText(field);
    } else if (plain == ByteString.class) {
      return new OfBytes(field);
    } else if (plain.isEnum()) {
      return new OfEnum(field, plain.getEnumConstants());
    }
    return new OfMessage(field, plain);
  }

  static int messageSize(int field, int size) {
    return CodedOutputStream.computeTagSize(field)
        + CodedOutputStream.computeUInt32SizeNoTag(size)
        + size;
  }

  static Object readMessage(CodedInputStream in, Shape shape) throws IOException {
    int length = in.readRawVarint32();
    int limit = in.pushLimit(length);
    Object message = shape.read(in);
    in.popLimit(limit);
    return message;
  }

  private static final class OfLong extends Kind {
    OfLong(int field) {
      super(field, WireFormat.WIRETYPE_VARINT);
    }

    @Override
    int size(@Nullable Object value) {
      long number = value == null ? 0 : (Long) value;
      return number == 0 ? 0 : CodedOutputStream.computeInt64Size(field(), number);
    }

    @Override
    void write(@Nullable Object value, CodedOutputStream out) throws IOException {
      if (value != null && (Long) value != 0) {
        out.writeInt64(field(), (Long) value);
      }
    }

    @Override
    Object read(CodedInputStream in, @Nullable Object before) throws IOException {
      return in.readInt64();
    }

    @Override
    Object absent() {
      return 0L;
    }
  }

  private static final class OfInt extends Kind {
    OfInt(int field) {
      super(field, WireFormat.WIRETYPE_VARINT);
    }

    @Override
    int size(@Nullable Object value) {
      int number = value == null ? 0 : (Integer) value;
      return number == 0 ? 0 : CodedOutputStream.computeUInt32Size(field(), number);
    }

    @Override
    void write(@Nullable Object value, CodedOutputStream out) throws IOException {
      if (value != null && (Integer) value != 0) {
        out.writeUInt32(field(), (Integer) value);
      }
    }

    @Override
    Object read(CodedInputStream in, @Nullable Object before) throws IOException {
      return in.readUInt32();
    }

    @Override
    Object absent() {
      return 0;
    }
  }

  private static final class OfBoolean extends Kind {
    OfBoolean(int field) {
      super(field, WireFormat.WIRETYPE_VARINT);
    }

    @Override
    int size(@Nullable Object value) {
      return Boolean.TRUE.equals(value) ? CodedOutputStream.computeBoolSize(field(), true) : 0;
    }

    @Override
    void write(@Nullable Object value, CodedOutputStream out) throws IOException {
      if (Boolean.TRUE.equals(value)) {
        out.writeBool(field(), true);
      }
    }

    @Override
    Object read(CodedInputStream in, @Nullable Object before) throws IOException {
      return in.readBool();
    }

    @Override
    Object absent() {
      return false;
    }
  }

  private static final class OfText extends Kind {
    OfText(int field) {
      super(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    }

    @Override
    int size(@Nullable Object value) {
      String text = value == null ? "" : (String) value;
      return text.isEmpty() ? 0 : CodedOutputStream.computeStringSize(field(), text);
    }

    @Override
    void write(@Nullable Object value, CodedOutputStream out) throws IOException {
      if (value != null && !((String) value).isEmpty()) {
        out.writeString(field(), (String) value);
      }
    }

    @Override
    Object read(CodedInputStream in, @Nullable Object before) throws IOException {
      return in.readStringRequireUtf8();
    }

    @Override
    Object absent() {
      return "";
    }
  }

  private static final class OfBytes extends Kind {
    OfBytes(int field) {
      super(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    }

    @Override
    int size(@Nullable Object value) {
      ByteString bytes = value == null ? ByteString.EMPTY : (ByteString) value;
      return bytes.isEmpty() ? 0 : CodedOutputStream.computeBytesSize(field(), bytes);
    }

    @Override
    void write(@Nullable Object value, CodedOutputStream out) throws IOException {
      if (value != null && !((ByteString) value).isEmpty()) {
        out.writeBytes(field(), (ByteString) value);
      }
    }

    @Override
    Object read(CodedInputStream in, @Nullable Object before) throws IOException {
      return in.readBytes();
    }

    @Override
    Object absent() {
      return ByteString.EMPTY;
    }
  }

  /**
   * Constants of our enums are only ever added at the end, so their ordinals are numbers for ever.
   */
  @SuppressWarnings("EnumOrdinal")
  private static final class OfEnum extends Kind {
    private final Object[] constants;

    OfEnum(int field, Object[] constants) {
      super(field, WireFormat.WIRETYPE_VARINT);
      this.constants = constants.clone();
    }

    @Override
    int size(@Nullable Object value) {
      int ordinal = value == null ? 0 : ((Enum<?>) value).ordinal();
      return ordinal == 0 ? 0 : CodedOutputStream.computeUInt32Size(field(), ordinal);
    }

    @Override
    void write(@Nullable Object value, CodedOutputStream out) throws IOException {
      if (value != null && ((Enum<?>) value).ordinal() != 0) {
        out.writeUInt32(field(), ((Enum<?>) value).ordinal());
      }
    }

    @Override
    Object read(CodedInputStream in, @Nullable Object before) throws IOException {
      int ordinal = in.readUInt32();
      if (ordinal < 0 || ordinal >= constants.length) {
        throw new IOException("unknown enum value " + ordinal + " in field " + field());
      }
      return constants[ordinal];
    }

    @Override
    Object absent() {
      return constants[0];
    }
  }

  private static final class OfMessage extends Kind {
    private final Class<?> type;
    private @Nullable Shape shape;

    OfMessage(int field, Class<?> type) {
      super(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      this.type = type;
    }

    /** Looked up late, since message types may contain each other. */
    private Shape shape() {
      Shape known = shape;
      if (known == null) {
        known = Shape.of(type);
        shape = known;
      }
      return known;
    }

    @Override
    int size(@Nullable Object value) {
      return value == null ? 0 : messageSize(field(), shape().size(value));
    }

    @Override
    void write(@Nullable Object value, CodedOutputStream out) throws IOException {
      if (value != null) {
        out.writeTag(field(), WireFormat.WIRETYPE_LENGTH_DELIMITED);
        out.writeUInt32NoTag(shape().size(value));
        shape().write(value, out);
      }
    }

    @Override
    Object read(CodedInputStream in, @Nullable Object before) throws IOException {
      return readMessage(in, shape());
    }

    @Override
    @Nullable Object absent() {
      return null;
    }
  }

  /**
   * Each element in an occurrence of its own; elements are wrapped so that zero and empty survive.
   */
  private static final class OfList extends Kind {
    private final Kind element;

    OfList(int field, Kind element) {
      super(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      if (element instanceof OfList) {
        throw new IllegalArgumentException("a list of lists has no wire form");
      }
      this.element = element instanceof OfMessage ? element : Kind.inField(element, 1);
    }

    @Override
    int size(@Nullable Object value) {
      int size = 0;
      for (Object item : items(value)) {
        size +=
            element instanceof OfMessage
                ? element.size(item)
                : messageSize(field(), element.size(item));
      }
      return size;
    }

    @Override
    void write(@Nullable Object value, CodedOutputStream out) throws IOException {
      for (Object item : items(value)) {
        if (!(element instanceof OfMessage)) {
          out.writeTag(field(), WireFormat.WIRETYPE_LENGTH_DELIMITED);
          out.writeUInt32NoTag(element.size(item));
        }
        element.write(item, out);
      }
    }

    @Override
    @SuppressWarnings("unchecked")
    Object read(CodedInputStream in, @Nullable Object before) throws IOException {
      List<Object> items = before == null ? new ArrayList<>() : (List<Object>) before;
      if (element instanceof OfMessage) {
        items.add(element.read(in, null));
        return items;
      }
      int limit = in.pushLimit(in.readRawVarint32());
      @Nullable Object item = element.absent();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (tag != element.tag()) {
          throw new IOException("list element of wire type " + (tag & 7));
        }
        item = element.read(in, null);
      }
      in.popLimit(limit);
      if (item != null) {
        items.add(item);
      }
      return items;
    }

    @Override
    Object absent() {
      return List.of();
    }

    private static List<?> items(@Nullable Object value) {
      return value == null ? List.of() : (List<?>) value;
    }
  }

  private static Kind inField(Kind kind, int field) {
    return switch (kind) {
      case OfLong k -> new OfLong(field);
      case OfInt k -> new OfInt(field);
      case OfBoolean k -> new OfBoolean(field);
      case OfText k -> new OfText(field);
      case OfBytes k -> new OfBytes(field);
      case OfEnum k -> new OfEnum(field, k.constants);
      case OfMessage k -> k;
      case OfList k -> throw new IllegalArgumentException("a list of lists has no wire form");
    };
  }
}
