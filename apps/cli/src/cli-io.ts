import type { Environment } from './config.ts';
import type { Terminal } from './output/terminal.ts';

/** The outside of a command line. */
export type CliIo = {
  terminal: Terminal;
  env: Environment;
  /** Aborted by Ctrl-C. */
  interrupt: AbortSignal;
};
