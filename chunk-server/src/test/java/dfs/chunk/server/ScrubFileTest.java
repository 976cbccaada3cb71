package dfs.chunk.server;

import static org.assertj.core.api.Assertions.assertThat;

import dfs.chunk.SimulatedDisk;
import dfs.chunk.server.ScrubFile.Progress;
import dfs.protocol.seam.DiskFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A pass that is cut short goes on where it was. */
class ScrubFileTest {
  private final SimulatedDisk disk = new SimulatedDisk();

  @Test
  void aPassGoesOnAfterTheNextStart() throws Exception {
    ScrubFile file = ScrubFile.open(disk);
    assertThat(file.progress().isUnderWay()).isFalse();
    Progress begun = file.progress().begun(1000);
    assertThat(begun.isUnderWay()).isTrue();
    file.note(begun.at(7));
    Progress again = ScrubFile.open(disk).progress();
    assertThat(again).isEqualTo(new Progress(7, 1000, 0));
    assertThat(again.isUnderWay()).isTrue();
    file.note(again.ended(1500));
    assertThat(ScrubFile.open(disk).progress()).isEqualTo(new Progress(0, 1000, 1500));
  }

  /** The wall clock may have gone back since the last pass. */
  @Test
  void aPassThatBeginsBeforeTheLastOneEndedIsUnderWay() {
    Progress next = new Progress(0, 1000, 5000).begun(2000);
    assertThat(next.isUnderWay()).isTrue();
    assertThat(next.ended(2100).isUnderWay()).isFalse();
  }

  @Test
  void aBrokenFileLetsAPassBeginAnew() throws Exception {
    try (DiskFile file = disk.open(Path.of("scrub"), true)) {
      file.write(ByteBuffer.wrap(new byte[] {'7', ' ', 'x'}), 0);
    }
    assertThat(ScrubFile.open(disk).progress()).isEqualTo(new Progress(0, 0, 0));
  }
}
