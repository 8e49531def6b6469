/** The command line from arguments to exit status; the process itself stays outside. */
import { exitCodes } from '@weft/contract';
import { CommanderError } from 'commander';
import type { CliIo } from './cli-io.ts';
import { explainError } from './explain-error.ts';
import { painter } from './output/paint.ts';
import { plainText } from './output/plain-text.ts';
import { createProgram } from './program.ts';

/** Runs one command and returns the exit status. Never throws. */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  const session = createProgram(io);
  try {
    await session.program.parseAsync(args, { from: 'user' });
    return session.exitCode();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    return tell(error, io, args.includes('--json'));
  }
}

/** Says what went wrong: for people as lines, with `--json` as one JSON line; both on the error output. */
function tell(error: unknown, { terminal: { err }, interrupt }: CliIo, json: boolean): number {
  const { code, message, exitCode, lines } = explainError(error);
  if (exitCode !== exitCodes.interrupted && interrupt.aborted) return exitCodes.interrupted;
  if (json) {
    const problem = error instanceof Error && 'problem' in error ? { problem: error.problem } : {};
    err.write(`${JSON.stringify({ error: { code, message, exitCode, lines: lines.slice(1), ...problem } })}\n`);
    return exitCode;
  }
  const [first = '', ...rest] = lines.flatMap((line) => line.split('\n')).map(plainText);
  err.write(`${painter(err.color)('red', 'weft:')} ${first}\n${rest.map((line) => `${line}\n`).join('')}`);
  return exitCode;
}
