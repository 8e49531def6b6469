/** Injects the faults of the schedule, one storm after another, and measures how soon the mesh is itself again. */
import { setTimeout as wait } from 'node:timers/promises';

import { CATALOGUE } from './catalogue.ts';
import type { Fault } from './faults/fault.ts';
import type { History } from './history.ts';
import type { Progress } from './progress.ts';
import { storms } from './schedule.ts';
import type { Storm } from './schedule.ts';
import type { World } from './world.ts';

export type MonkeyOptions = {
  seed: number;
  world: World;
  progress: Progress;
  history: History;
  tell: (line: string) => void;
  /** Whether there is time for another storm. */
  goesOn: () => boolean;
};

/** How long a fault may take to be injected or lifted. */
const SLOWEST_MS = 60_000;

/** Until its time is over. Throws `Stalled` where the mesh does not come back. */
export async function letLoose(options: MonkeyOptions): Promise<void> {
  for (const storm of storms(options.seed, CATALOGUE)) {
    if (!options.goesOn()) return;
    await wait(storm.calmMs);
    await rage(options, storm);
  }
}

type Struck = { kind: string; lift: () => Promise<void> };

async function rage({ world, progress, history, tell }: MonkeyOptions, storm: Storm): Promise<void> {
  const struck: (Struck | null)[] = [];
  for (const { kind, target, gapMs } of storm.strikes) {
    const count = sum(Object.values(history.faults));
    const wound = { world, target, holdMs: storm.holdMs + gapMs, count };
    const lift = await within(faultOf(kind).start(wound), `${kind} cannot be injected`);
    const tally = lift ? history.faults : history.skipped;
    tally[kind] = (tally[kind] ?? 0) + 1;
    struck.push(lift && { kind, lift });
    await wait(gapMs);
  }
  await wait(storm.holdMs);
  for (const index of storm.lifts) {
    const one = struck[index];
    if (one) await within(one.lift(), `${one.kind} cannot be lifted`);
  }
  const kinds = struck.flatMap((one) => (one ? [one.kind] : []));
  const back = await progress.recovered();
  for (const kind of kinds) history.recoveries.push({ kind, ...back });
  tell(
    `storm ${storm.number}: ${kinds.join(', ') || 'nothing to strike'}; moves after ${back.movesMs} ms, caught up after ${back.caughtUpMs} ms`,
  );
}

function faultOf(kind: string): Fault {
  const fault = CATALOGUE.find((one) => one.kind === kind);
  if (fault) return fault;
  throw new Error(`there is no fault ${kind}`);
}

async function within<T>(work: Promise<T>, complaint: string): Promise<T> {
  const late = new AbortController();
  const timeout = wait(SLOWEST_MS, undefined, { signal: late.signal }).then(
    () => Promise.reject(new Error(complaint)),
    () => Promise.reject(new Error(complaint)),
  );
  try {
    return await Promise.race([work, timeout]);
  } finally {
    late.abort();
    timeout.catch(() => undefined);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
