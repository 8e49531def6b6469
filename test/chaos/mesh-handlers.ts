/** What the workers of these tests run. Each call says so in a file, since what it does must be seen from outside. */
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

type Call = { notes: string; ms?: number; gate?: string };

const POLL_MS = 10;

function note({ notes }: Call, what: string, taskId: string): void {
  appendFileSync(notes, `${what} ${taskId} ${process.pid}\n`);
}

export default {
  /** Takes its time, or waits until the file `gate` exists; it does not care for its signal. */
  async work(input: Call, { taskId }: { taskId: string }) {
    note(input, 'began', taskId);
    await wait(input.ms ?? 0);
    while (input.gate !== undefined && !existsSync(input.gate)) await wait(POLL_MS);
    note(input, 'ended', taskId);
    return { n: 1, pid: process.pid };
  },
  /** Like `work`, and costs 10 cents. */
  async costly(input: Call, { taskId }: { taskId: string }) {
    note(input, 'began', taskId);
    await wait(input.ms ?? 0);
    while (input.gate !== undefined && !existsSync(input.gate)) await wait(POLL_MS);
    note(input, 'ended', taskId);
    return { output: { n: 1 }, usage: { usd: 0.1 } };
  },
  /** Has an effect outside, once the file `gate` exists, and says under which key. */
  async effect(input: Call, { taskId, idempotencyKey }: { taskId: string; idempotencyKey: string }) {
    note(input, 'began', taskId);
    while (input.gate !== undefined && !existsSync(input.gate)) await wait(POLL_MS);
    note(input, 'effect', idempotencyKey);
    return { n: 1, pid: process.pid };
  },
  /** Like `work`, for a handler that obeys its signal. */
  async obedient(input: Call, { taskId, signal }: { taskId: string; signal: AbortSignal }) {
    note(input, 'began', taskId);
    await wait(input.ms ?? 0, undefined, { signal });
    return { n: 1, pid: process.pid };
  },
  /** Takes so much memory, and holds it for a while. */
  async hungry(input: Call & { mib: number }, { taskId, signal }: { taskId: string; signal: AbortSignal }) {
    note(input, 'began', taskId);
    const held = Buffer.alloc(input.mib * 1024 * 1024, 1);
    await wait(input.ms ?? 0, undefined, { signal });
    note(input, 'ended', taskId);
    return { n: 1, pid: process.pid, last: held.at(-1) };
  },
  /** Leaves its process no time for anything else, at its first attempt. */
  spin(input: Call, { taskId, attempt }: { taskId: string; attempt: number }) {
    note(input, 'began', taskId);
    if (attempt > 1) return { n: 1, pid: process.pid };
    const until = performance.now() + (input.ms ?? 0);
    while (performance.now() < until);
    return { n: 1, pid: process.pid };
  },
  /** Fails once. */
  flaky(input: Call, { taskId, attempt }: { taskId: string; attempt: number }) {
    note(input, 'began', taskId);
    if (attempt === 1) throw new Error('not yet');
    return { n: 1, pid: process.pid };
  },
  /** Takes its process with it. */
  async poison(input: Call, { taskId }: { taskId: string }) {
    note(input, 'began', taskId);
    await wait(input.ms ?? 0);
    process.kill(process.pid, 'SIGKILL');
    return wait(60_000);
  },
};
