/** What the commands share that serve until they are told to stop. */
import { exitCodes, type ExitCode } from '@weft/contract';
import { destination, pino, type Logger } from 'pino';

import { CliError } from '../cli-error.ts';
import { say, type CommandContext } from '../command-context.ts';
import { databaseUrl, dataDirectory, deadAfterMs, redisUrl } from '../config.ts';
import { releaseYoungGeneration } from '../footprint.ts';
import { artifactOptions } from '../stack/artifact-options.ts';
import { explainStartError } from '../stack/explain-start-error.ts';
import type { MeshOptions } from '../stack/open-mesh.ts';
import { pushHintsOf } from '../stack/push-hints.ts';
import { retentionOptions } from '../stack/retention-options.ts';
import { secretKeys } from '../stack/secret-keys.ts';
import type { RunningProcess } from '../stack/running-process.ts';

/** How long a database or a Redis may come up late. */
export const WAIT_MS = 60_000;
/** How long a start may go on once the process was told to stop. */
const LATE_START_MS = 1000;

export type MeshSettings = Pick<
  MeshOptions,
  'databaseUrl' | 'redisUrl' | 'deadAfterMs' | 'retention' | 'secretKeys' | 'push' | 'artifacts'
>;

/** Where Postgres and Redis are, which must be named: a process of the mesh brings none of its own. And what all agree on. */
export function meshSettings(context: CommandContext): MeshSettings {
  const { env } = context;
  const [database, redis] = [databaseUrl(env), redisUrl(env)];
  if (database !== null && redis !== null) {
    const keys = orUsage(() => secretKeys(env));
    const push = orUsage(() => pushHintsOf(env, keys));
    const retention = retentionOptions(env);
    const shared = { retention, secretKeys: keys, push, artifacts: artifactOptions(env, dataDirectory(env)) };
    return { databaseUrl: database, redisUrl: redis, deadAfterMs: deadAfterMs(env), ...shared };
  }
  const missing = database === null ? 'DATABASE_URL' : 'REDIS_URL';
  const message = `${missing} is not set; a producer or a worker needs both a Postgres and a Redis (npm start needs neither)`;
  throw new CliError('usage', message, { exitCode: exitCodes.usage });
}

/** What the environment says; what it says wrongly is the caller's to mend. */
function orUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CliError('usage', message, { exitCode: exitCodes.usage });
  }
}

/** Log lines as JSON on the error output, so that the standard output stays for the ready line. */
export function processLog(): Logger {
  return pino({ level: 'info' }, destination({ dest: 2, sync: true }));
}

/** Starts a process, says that it is ready, and stops it when interrupted. */
export async function serve<Process extends RunningProcess>(
  context: CommandContext,
  { start, ready }: { start: () => Promise<Process>; ready: (process: Process) => Record<string, unknown> },
): Promise<ExitCode> {
  const isUp = leaveUnlessUp(context.interrupt);
  const running = await starting(start).finally(isUp);
  releaseYoungGeneration();
  try {
    const line = { ready: true, ...ready(running), pid: process.pid };
    if (context.json) context.terminal.out.write(`${JSON.stringify(line)}\n`);
    else
      say(
        context,
        Object.entries(line)
          .map(([name, value]) => `${name} ${String(value)}`)
          .join('  '),
      );
    return await endOf(context, running);
  } finally {
    context.insist.hurry = running.hurry?.bind(running) ?? null;
    await running.stop();
  }
}

/** Until it is told to stop, or has nothing to do any more. */
async function endOf({ interrupt }: CommandContext, { left }: RunningProcess): Promise<ExitCode> {
  const told = untilAborted(interrupt).then(() => exitCodes.ok);
  return Promise.race(left ? [told, left] : [told]);
}

async function starting<Process>(start: () => Promise<Process>): Promise<Process> {
  try {
    return await start();
  } catch (error) {
    const message = explainStartError(error, { dataDir: '' });
    throw message === null ? error : new CliError('start_failed', message, { exitCode: exitCodes.runFailed });
  }
}

/**
 * Ends a process that is told to stop while it waits for its database or its Redis: it holds nothing yet, and who stops it
 * would not wait as long. Call what is returned once it is up.
 */
function leaveUnlessUp(interrupt: AbortSignal): () => void {
  let timeout: NodeJS.Timeout | undefined;
  const leave = (): void => {
    timeout = setTimeout(() => process.exit(exitCodes.interrupted), LATE_START_MS);
  };
  interrupt.addEventListener('abort', leave, { once: true });
  return () => {
    interrupt.removeEventListener('abort', leave);
    clearTimeout(timeout);
  };
}

export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
}
