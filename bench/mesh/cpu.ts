/** CPU time of processes, from /proc: of themselves, of their living children, and of those that have ended. */
import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel counts in; the same on every Linux that matters here. */
const TICKS_PER_SECOND = 100;

type Stat = { parent: number; ticks: number };

/** Seconds that these processes and all below them have used; NaN where there is no /proc. */
export function cpuSeconds(pids: readonly number[]): number {
  const stats = readStats();
  if (stats === null) return Number.NaN;
  const counted = new Set(pids);
  // A child is younger than its parent, but pids may wrap: look until nothing is added.
  for (let before = -1; before !== counted.size;) {
    before = counted.size;
    for (const [pid, { parent }] of stats) if (counted.has(parent)) counted.add(pid);
  }
  const ticks = Array.from(counted, (pid) => stats.get(pid)?.ticks ?? 0);
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS_PER_SECOND;
}

function readStats(): Map<number, Stat> | null {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return new Map(pids.map((pid) => [Number(pid), statOf(pid)]));
  } catch {
    return null;
  }
}

/** Fields count from after the name in brackets, which may hold spaces: parent is 4; utime to cstime are 14 to 17. */
function statOf(pid: string): Stat {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { parent: Number(fields[1]), ticks };
  } catch {
    return { parent: 0, ticks: 0 };
  }
}
