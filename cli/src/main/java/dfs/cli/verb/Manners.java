package dfs.cli.verb;

/** The words in which a command says what went wrong, and where relative paths begin. */
interface Manners {
  /** Those of coreutils. */
  Manners USUAL =
      new Manners() {
        @Override
        public String prefix() {
          return "dfs: ";
        }

        @Override
        public String failure(String said, Exception e) {
          return Quoted.inMessage(said) + ": " + Reasons.of(e);
        }

        @Override
        public String home() {
          return "";
        }
      };

  /** What begins each line on the standard error. */
  String prefix();

  /** What went wrong with a file. */
  String failure(String said, Exception e);

  /** The directory in the cluster where relative paths begin, with a slash at its end; or empty. */
  String home();
}
