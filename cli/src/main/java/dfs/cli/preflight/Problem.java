package dfs.cli.preflight;

/**
 * Something that keeps dfs from starting.
 *
 * @param subject path, port or program
 * @param reason what is wrong with it
 * @param remedy what to do
 */
public record Problem(String subject, String reason, String remedy) {}
