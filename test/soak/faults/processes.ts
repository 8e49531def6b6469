/** Faults of workers and producers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Place } from '../place.ts';
import { chosen, OVER } from './fault.ts';
import type { Fault, Wound } from './fault.ts';

const SHIFT = join(import.meta.dirname, '..', 'shifted-clock.mjs');
const HOUR_MS = 3_600_000;

export const PROCESS_FAULTS: readonly Fault[] = [
  { kind: 'worker killed', group: 'worker', start: (wound) => kill(chosen(wound.world.workers, wound)) },
  { kind: 'supervised worker killed', group: 'supervisor', start: killChild },
  { kind: 'producer killed', group: 'producer', start: (wound) => kill(chosen(wound.world.producers, wound)) },
  {
    kind: 'worker stopped and continued',
    group: 'worker',
    start: (wound) => freeze(chosen(wound.world.workers, wound)),
  },
  {
    kind: 'producer stopped and continued',
    group: 'producer',
    start: (wound) => freeze(chosen(wound.world.producers, wound)),
  },
  {
    kind: 'worker restarted',
    group: 'worker',
    start: (wound) => restart(chosen([...wound.world.workers, wound.world.supervisor], wound)),
  },
  { kind: 'producer restarted', group: 'producer', start: (wound) => restart(chosen(wound.world.producers, wound)) },
  { kind: 'worker with a wrong clock', group: 'clock', start: addShifted },
  { kind: 'sweepers and chores doubled', group: 'sweepers', start: doubleSweepers },
];

async function kill(place: Place | null): Promise<(() => Promise<void>) | null> {
  const victim = place?.current();
  if (!victim) return null;
  victim.signal('SIGKILL');
  await victim.ended;
  return OVER;
}

/** One of the supervisor's children, by the process table. */
async function killChild(wound: Wound): Promise<(() => Promise<void>) | null> {
  const parent = wound.world.supervisor.current();
  if (!parent) return null;
  const pid = chosen(childrenOf(parent.ready.pid), wound);
  if (pid === null) return null;
  process.kill(pid, 'SIGKILL');
  return OVER;
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

async function freeze(place: Place | null): Promise<(() => Promise<void>) | null> {
  const victim = place?.current();
  if (!victim) return null;
  victim.signal('SIGSTOP');
  return async () => victim.signal('SIGCONT');
}

async function restart(place: Place | null): Promise<(() => Promise<void>) | null> {
  if (!place?.current()) return null;
  const leaving = place.restart();
  return async () => void (await leaving);
}

async function addShifted({ world, target, count }: Wound): Promise<() => Promise<void>> {
  const shiftMs = target < 0.5 ? -HOUR_MS : HOUR_MS;
  const env = { NODE_OPTIONS: `--import=${SHIFT}`, WEFT_SOAK_SHIFT_MS: `${shiftMs}` };
  const place = await world.more(`shifted-${count}`, ['worker'], env);
  return () => world.leave(place);
}

async function doubleSweepers({ world, count }: Wound): Promise<() => Promise<void>> {
  const places = await Promise.all([0, 1].map((n) => world.more(`sweeper-${count}-${n}`, ['producer', '--port=0'])));
  return async () => void (await Promise.all(places.map((place) => world.leave(place))));
}
