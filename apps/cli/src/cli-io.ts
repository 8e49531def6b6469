import type { Environment } from './config.ts';
import type { Terminal } from './output/terminal.ts';

/** The outside of a command line. */
export type CliIo = {
  terminal: Terminal;
  env: Environment;
  /** Aborted by Ctrl-C. */
  interrupt: AbortSignal;
  /** What Ctrl-C does the second time. */
  insist?: Insistence;
};

/** `hurry` is called when somebody who has told the process to stop insists; null: the process ends at once. */
export type Insistence = { hurry: (() => void) | null };
