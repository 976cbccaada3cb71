package dfs.system;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/** Dependencies point one way: what each module and each room may use. */
class LayersTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("dfs");

  private static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(CLASSES);
  }

  @Test
  void aclUsesTheJdkOnly() {
    check(
        classes()
            .that()
            .resideInAPackage("dfs.acl..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("dfs.acl..", "java..", "org.jspecify.."));
  }

  @Test
  void protocolUsesNoOtherModule() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dfs.protocol..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "dfs.metadata..",
                "dfs.chunk..",
                "dfs.client..",
                "dfs.fuse..",
                "dfs.cli..",
                "dfs.acl.."));
  }

  @Test
  void serversSeeNeitherEachOtherNorTheClient() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dfs.metadata..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dfs.chunk..", "dfs.client..", "dfs.fuse..", "dfs.cli.."));
    check(
        noClasses()
            .that()
            .resideInAPackage("dfs.chunk..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dfs.metadata..", "dfs.client..", "dfs.fuse..", "dfs.cli.."));
  }

  @Test
  void clientsSeeNoServer() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage("dfs.client..", "dfs.fuse..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dfs.metadata..", "dfs.chunk..", "dfs.cli.."));
    check(
        noClasses()
            .that()
            .resideInAPackage("dfs.client..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dfs.fuse.."));
  }

  @Test
  void packagesFormNoCycles() {
    check(slices().matching("dfs.(**)").should().beFreeOfCycles());
  }

  @Test
  void onlyConsensusUsesTheRaftLibrary() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("dfs.metadata.consensus..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.alipay.."));
  }

  @Test
  void nobodyReadsThroughTheRaftLibrary() {
    check(
        noClasses()
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("com.alipay.sofa.jraft.closure.ReadIndexClosure"));
  }

  @Test
  void onlyStoreAndConsensusUseRocksDb() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages("dfs.metadata.store..", "dfs.metadata.consensus..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.rocksdb.."));
  }

  @Test
  void onlyNativeCallsUseForeignMemory() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("dfs..nativecalls..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("java.lang.foreign.."));
  }

  @Test
  void onlyTheDriverUsesJnr() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("dfs.fuse.driver..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("jnr..", "ru.serce.."));
  }

  @Test
  void theNamespaceIsPure() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dfs.metadata.namespace..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "java.util.random..",
                "java.io..",
                "java.nio.file..",
                "java.time..",
                "dfs.protocol.seam.."));
    check(
        noClasses()
            .that()
            .resideInAPackage("dfs.metadata.namespace..")
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.lang.Thread")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.Random"));
  }
}
