package dfs.client.nio;

import java.io.IOException;
import java.nio.file.attribute.FileAttributeView;
import java.util.Map;

/**
 * What no view of the JDK has: reads the attributes {@code unix:*} and sets {@code unix:mode} and
 * {@code dfs:copies}, also of what lies in a directory that is open ({@link
 * java.nio.file.SecureDirectoryStream}), where attributes have no names.
 */
public interface DfsFileView extends FileAttributeView {
  @Override
  default String name() {
    return "dfs";
  }

  /** All of {@code unix:*}, by name. */
  Map<String, Object> unix() throws IOException;

  /**
   * Sets the permission bits, with those of set-id and the sticky one.
   *
   * @param mode 0 to 07777
   */
  void setMode(int mode) throws IOException;

  /**
   * Sets how many copies are kept of a file, or of what is made in a directory.
   *
   * @param copies 1 to 8, or 0: as the volume says
   * @throws IllegalArgumentException if it is none of these
   */
  void setCopies(int copies) throws IOException;
}
