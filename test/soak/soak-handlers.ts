/**
 * What the workers of a soak run. Every call is written to the effect log, a file of the process's own: that it began and
 * that it had its effect, under a number that no other call has. What is committed carries that number, so it can be told
 * afterwards which call it was that counted. Instants are those of the machine's monotonic clock, the same for all processes.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

type Input = {
  /** How long it takes, ms. */
  ms?: number;
  /** The calls whose outputs it was given. */
  after?: unknown;
  /** How often it fails before it succeeds; `null` for always. */
  fails?: number | null;
  /** Bytes of ballast in the output. */
  bytes?: number;
  /** An item of a send. */
  item?: { fails?: boolean };
};

type Context = { taskId: string; attempt: number; signal: AbortSignal };

const folder = process.env['WEFT_SOAK_EFFECTS'] ?? '';
if (folder !== '') mkdirSync(folder, { recursive: true });
const file = join(folder, `${process.pid}-${Math.random().toString(36).slice(2, 10)}.log`);
let calls = 0;

function note(what: 'began' | 'done', call: string, { taskId, attempt }: Context, after: string[]): void {
  const at = Number(process.hrtime.bigint() / 1000n);
  appendFileSync(file, `${JSON.stringify({ what, call, taskId, attempt, at, pid: process.pid, after })}\n`);
}

function nextCall(): string {
  calls += 1;
  return `${process.pid}.${Math.random().toString(36).slice(2, 8)}.${calls}`;
}

function numbersIn(after: unknown): string[] {
  return (Array.isArray(after) ? after : []).filter((one) => typeof one === 'string');
}

function failure(message: string, retryable: boolean): Error {
  return Object.assign(new Error(message), { code: 'planned', retryable, retryAfterMs: 50 });
}

export default {
  /** Counts one. */
  async count(input: Input, context: Context) {
    const call = nextCall();
    const after = numbersIn(input.after);
    note('began', call, context, after);
    if ((input.ms ?? 0) > 0) await wait(input.ms, undefined, { signal: context.signal });
    if (input.fails === null || input.item?.fails === true) throw failure('it always fails', input.fails === null);
    if (context.attempt <= (input.fails ?? 0)) throw failure('not yet', true);
    note('done', call, context, after);
    const pad = (input.bytes ?? 0) > 0 ? { pad: 'x'.repeat(input.bytes ?? 0) } : {};
    return { output: { n: 1, call, ...pad }, stateUpdates: { total: 1, calls: [call] } };
  },
  /** Takes its process with it. */
  async poison(_: Input, context: Context) {
    note('began', nextCall(), context, []);
    await wait(50);
    process.kill(process.pid, 'SIGKILL');
    return wait(60_000);
  },
};
