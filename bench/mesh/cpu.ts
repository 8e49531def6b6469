/** CPU time of processes, from /proc: of themselves, of their living children, and of those that have ended. */
import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel counts in; the same on every Linux that matters here. */
const TICKS_PER_SECOND = 100;

type Stat = { parent: number; ticks: number };

/** Seconds that each of these processes and all below it have used; NaN where there is no /proc. */
export function cpuSeconds(pids: Readonly<Record<string, number>>): Record<string, number> {
  const stats = readStats();
  const seconds = (pid: number): number => (stats === null ? Number.NaN : ticksOf(stats, pid) / TICKS_PER_SECOND);
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, seconds(pid)]));
}

/** Seconds of this process without its children. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Resident MiB of one process; NaN where there is no /proc. */
export function rssMiB(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

function ticksOf(stats: ReadonlyMap<number, Stat>, root: number): number {
  const counted = new Set([root]);
  // A child is younger than its parent, but pids may wrap: look until nothing is added.
  for (let before = -1; before !== counted.size;) {
    before = counted.size;
    for (const [pid, { parent }] of stats) if (counted.has(parent)) counted.add(pid);
  }
  return Array.from(counted, (pid) => stats.get(pid)?.ticks ?? 0).reduce((sum, one) => sum + one, 0);
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
