import type { WeftClient } from '@weft/sdk';
import type { Insistence } from './cli-io.ts';
import type { Environment } from './config.ts';
import type { Terminal } from './output/terminal.ts';

/** What every command works with. */
export type CommandContext = {
  /** Made when it is first used, so that what works offline needs neither address nor token. */
  readonly client: WeftClient;
  /** Where the server is. */
  readonly url: string;
  terminal: Terminal;
  env: Environment;
  /** Data as JSON on the standard output, and nothing else there. */
  json: boolean;
  /** The tenant that was named; null: none. */
  tenant: string | null;
  /** Aborted by Ctrl-C. */
  interrupt: AbortSignal;
  /** What Ctrl-C does the second time. */
  insist: Insistence;
};

/** Writes one JSON value. */
export function writeJson({ terminal }: Pick<CommandContext, 'terminal'>, value: unknown): void {
  terminal.out.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Writes one line of talk. */
export function say({ terminal }: Pick<CommandContext, 'terminal'>, line: string): void {
  terminal.err.write(`${line}\n`);
}
