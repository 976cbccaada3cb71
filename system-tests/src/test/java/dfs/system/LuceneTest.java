package dfs.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Map;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.CheckIndex;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.LockObtainFailedException;
import org.apache.lucene.store.NIOFSDirectory;
import org.apache.lucene.store.NativeFSLockFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** An index of Lucene on a path of dfs, with its own directory and locks. */
@Timeout(300)
@Tag("side-by-side")
@ResourceLock("dfs:///")
class LuceneTest {
  private static final int DOCUMENTS = 500;
  private static final int COMMITS = 5;

  private @TempDir Path scratch;

  private static Document document(int number) {
    Document document = new Document();
    document.add(new StringField("number", "n" + number, Field.Store.YES));
    document.add(new StringField("kind", number % 2 == 0 ? "even" : "odd", Field.Store.NO));
    return document;
  }

  @Test
  void anIndexIsWrittenLockedAndRead() throws Exception {
    Path data = scratch.resolve("data");
    try (DfsProcess servers =
            DfsProcess.serve(
                scratch, "up", "--foreground", "--no-mount", "--data", data.toString());
        FileSystem volume = FileSystems.newFileSystem(URI.create("dfs:///"), Map.of("data", data));
        Directory directory =
            new NIOFSDirectory(volume.getPath("/index"), NativeFSLockFactory.INSTANCE)) {
      assertThat(servers.isAlive()).isTrue();
      try (IndexWriter writer = new IndexWriter(directory, new IndexWriterConfig())) {
        for (int i = 0; i < DOCUMENTS; i++) {
          writer.addDocument(document(i));
          if (i % (DOCUMENTS / COMMITS) == 0) {
            writer.commit();
          }
        }
        assertThatThrownBy(() -> new IndexWriter(directory, new IndexWriterConfig()).close())
            .isInstanceOf(LockObtainFailedException.class);
        writer.deleteDocuments(new Term("number", "n7"));
        writer.forceMerge(1);
      }
      try (DirectoryReader reader = DirectoryReader.open(directory)) {
        IndexSearcher searcher = new IndexSearcher(reader);
        assertThat(searcher.count(new TermQuery(new Term("kind", "odd"))))
            .isEqualTo(DOCUMENTS / 2 - 1);
      }
      try (CheckIndex check = new CheckIndex(directory)) {
        assertThat(check.checkIndex().clean).isTrue();
      }
      new IndexWriter(directory, new IndexWriterConfig()).close();
    }
  }
}
