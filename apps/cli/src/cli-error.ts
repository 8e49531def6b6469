import type { ExitCode } from '@weft/contract';

/** A failure that the command line can explain by itself. `lines` follow the message. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly lines: readonly string[];

  constructor(code: string, message: string, { exitCode, lines = [] }: { exitCode: ExitCode; lines?: string[] }) {
    super(message);
    this.code = code;
    this.exitCode = exitCode;
    this.lines = lines;
  }
}
