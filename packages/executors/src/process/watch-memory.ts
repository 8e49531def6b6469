import { readFileSync } from 'node:fs';

/** How often it is looked; a program fills some 100 MB in that time. */
const INTERVAL_MS = 25;

/** What /proc counts in, on all that Node runs on but some ARM machines, where more is allowed then. */
const PAGE_BYTES = 4_096;

type Watch = { signal: AbortSignal; onOver: (bytes: number) => void };

/**
 * Calls once when a process has more than so many bytes in memory; looks until `signal` is aborted. Only Linux tells;
 * elsewhere nothing happens.
 */
export function watchMemory(pid: number, limitBytes: number, { signal, onOver }: Watch): void {
  const timer = setInterval(() => {
    const bytes = residentBytes(pid);
    if (bytes <= limitBytes) return;
    clearInterval(timer);
    onOver(bytes);
  }, INTERVAL_MS).unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/** What a process has in memory; 0 where nobody says. */
export function residentBytes(pid: number): number {
  try {
    const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ');
    return Number(pages) * PAGE_BYTES;
  } catch {
    return 0;
  }
}
