package dfs.protocol.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Encodes a record, or a sealed interface of records, in the protobuf wire format. The record is
 * the schema: its n-th component is field n, so components are only ever added at the end and never
 * change type. A sealed interface is a message whose one field is the {@link Tag} of the record
 * inside. Zero, false, empty and null are left out and come back as such; unknown fields are
 * skipped, so that an older reader understands a newer writer.
 *
 * <p>Component types: int, long, boolean, String, {@link ByteString}, enums (their ordinal),
 * records, sealed interfaces, and lists of these. Thread-safe.
 */
public final class RecordCodec<T> {
  private static final int DEPTH_LIMIT = 16;

  private final Shape shape;
  private final Class<T> type;

  private RecordCodec(Class<T> type) {
    this.type = type;
    this.shape = Shape.of(type);
  }

  /**
   * A codec for a record class or a sealed interface of tagged records; fails at once if the class
   * is neither.
   */
  public static <T> RecordCodec<T> of(Class<T> type) {
    return new RecordCodec<>(type);
  }

  /** The message as bytes. */
  public byte[] encode(T message) {
    byte[] bytes = new byte[shape.size(message)];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      shape.write(message, out);
      out.checkNoSpaceLeft();
    } catch (IOException e) {
      throw new UncheckedIOException("an array never fails", e);
    }
    return bytes;
  }

  public ByteString encodeToString(T message) {
    return com.google.protobuf.UnsafeByteOperations.unsafeWrap(encode(message));
  }

  /** The message in these bytes. */
  public T decode(byte[] bytes) throws MalformedMessageException {
    return decode(CodedInputStream.newInstance(bytes));
  }

  public T decode(ByteString bytes) throws MalformedMessageException {
    return decode(bytes.newCodedInput());
  }

  private T decode(CodedInputStream in) throws MalformedMessageException {
    in.setRecursionLimit(DEPTH_LIMIT);
    try {
      return type.cast(shape.read(in));
    } catch (IOException | RuntimeException e) {
      throw new MalformedMessageException(
          "not a " + type.getSimpleName() + ": " + e.getMessage(), e);
    }
  }
}
