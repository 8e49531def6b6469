/** Side processes that have nothing to do just now: the next task of the same code need not wait for a start. */
import type { SideProcess } from './side-process.ts';

/** So many wait at most, each so long, and one that has run so often or has grown so much ends. */
const MOST_IDLE = 4;
const IDLE_MS = 60_000;
const MOST_CALLS = 1_000;
const GROWN_SHARE = 0.5;

type Warm = { key: string; side: SideProcess; calls: number; memoryBytes: number };
type Idle = Warm & { timer: NodeJS.Timeout };

/** Oldest first. They belong to the whole process, hence one list. */
let idle: Idle[] = [];

/** A process that has run this code already, or a new one. */
export function takeWarm(key: string, start: () => Pick<Warm, 'side' | 'memoryBytes'>): Warm {
  const found = idle.findLast((one) => one.key === key && one.side.usable);
  if (!found) return { key, calls: 0, ...start() };
  leave(found);
  return found;
}

/** Keeps a process for the next task, or ends it. */
export function giveBack({ key, side, calls: earlier, memoryBytes }: Warm): void {
  const calls = earlier + 1;
  if (!side.usable || calls >= MOST_CALLS || side.residentBytes > GROWN_SHARE * memoryBytes) return side.end();
  const timer = setTimeout(() => drop(entry), IDLE_MS).unref();
  const entry: Idle = { key, side, calls, memoryBytes, timer };
  idle.push(entry);
  return idle.length > MOST_IDLE ? drop(idle[0]) : undefined;
}

function drop(entry: Idle | undefined): void {
  if (!entry) return;
  leave(entry);
  entry.side.end();
}

function leave(entry: Idle): void {
  clearTimeout(entry.timer);
  idle = idle.filter((one) => one !== entry);
}
