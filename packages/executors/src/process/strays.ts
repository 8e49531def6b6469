/** Processes that have left the group of their command: found by a variable that all descendants inherit. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';

/** Names the attempt in the environment of its processes. */
const MARK = 'WEFT_TASK';
const MARKED = /(?:^|\0)WEFT_TASK=([^\0/]+)\/(\d+)\/([^\0/]+)(?:\0|$)/;

/** Whose process it is: `owner` is a task, or what outlives tasks (a side process); `start` tells one start from all others. */
export type Mark = { owner: string; attempt: number; start: string };

export function markOf({ owner, attempt }: Pick<Mark, 'owner' | 'attempt'>): Mark {
  return { owner, attempt, start: randomUUID() };
}

/** The variable that marks what is started, and all its descendants. */
export function markVariable({ owner, attempt, start }: Mark): Record<string, string> {
  return { [MARK]: `${owner}/${attempt}/${start}` };
}

type Wanted = (mark: Mark) => boolean;

/** A look costs some 50 us for each process of the machine. */
const MOST_OFTEN_MS = 1_000;
const PROCESSES_A_TURN = 50;

let waiting: Wanted[] = [];
let next: Promise<void> | null = null;
let lastAt = Number.NEGATIVE_INFINITY;

/**
 * Kills what is left of a start, wherever it has gone; resolves when it has been looked for, a second later at most.
 * Attempts that end within that second share a look. Only Linux tells the environment of processes; a process that has
 * thrown its away is not found.
 */
export function endStrays({ start }: Mark): Promise<void> {
  return sweep((mark) => mark.start === start);
}

/** Kills what earlier attempts of a task have left on this machine, such as those of a worker that was killed. */
export async function endPredecessors({ owner, attempt }: Mark): Promise<void> {
  if (attempt > 1) await lookFor([(mark) => mark.owner === owner && mark.attempt < attempt]);
}

function sweep(wanted: Wanted): Promise<void> {
  waiting.push(wanted);
  next ??= lookSoon();
  return next;
}

async function lookSoon(): Promise<void> {
  await wait(Math.max(0, lastAt + MOST_OFTEN_MS - performance.now()), undefined, { ref: false });
  const wanted = waiting;
  waiting = [];
  next = null;
  await lookFor(wanted);
}

async function lookFor(wanted: readonly Wanted[]): Promise<void> {
  lastAt = performance.now();
  const pids = processes();
  for (let from = 0; from < pids.length; from += PROCESSES_A_TURN) {
    for (const pid of pids.slice(from, from + PROCESSES_A_TURN)) {
      const mark = markIn(pid);
      if (mark && wanted.some((is) => is(mark))) kill(pid);
    }
    await nextTurn(); // oxlint-disable-line no-await-in-loop
  }
}

function processes(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  } catch {
    return [];
  }
}

/** Read at once: the kernel has it in memory, and to wait for it would cost more. */
function markIn(pid: number): Mark | null {
  const [, owner, attempt, start] = MARKED.exec(environmentOf(pid)) ?? [];
  return owner === undefined || start === undefined ? null : { owner, attempt: Number(attempt), start };
}

/** Empty where it cannot be read: another user's process, or one that has ended. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
