/** What has become of the items of a send, counted: thousands of tasks share the row of one node. */
import type { TaskStatus } from '@weft/contract';
import { tellingStatuses } from '@weft/engine/domain';

const FINAL: readonly TaskStatus[] = ['succeeded', 'failed', 'skipped', 'cancelled'];
/** In this order the statuses are told. */
const TOLD: readonly TaskStatus[] = ['failed', 'running', 'waiting', 'ready', 'succeeded', 'skipped', 'cancelled'];

/** The tasks of one node that are items, by key. */
export class ItemCounts {
  readonly #statuses = new Map<string, TaskStatus>();
  readonly #counts = new Map<TaskStatus, number>();

  /** Takes note of an item; returns how many more of them have ended by that: -1, 0 or 1. */
  set(key: string, status: TaskStatus): number {
    const before = this.#statuses.get(key);
    this.#statuses.set(key, status);
    if (before !== undefined) this.#counts.set(before, this.count(before) - 1);
    this.#counts.set(status, this.count(status) + 1);
    return Number(FINAL.includes(status)) - Number(before !== undefined && FINAL.includes(before));
  }

  get(key: string): TaskStatus | undefined {
    return this.#statuses.get(key);
  }

  count(status: TaskStatus): number {
    return this.#counts.get(status) ?? 0;
  }

  /** What is said of all of them in one word. */
  get status(): TaskStatus {
    const present = TOLD.filter((status) => this.count(status) > 0).map((status) => ({ node: '', status }));
    return (tellingStatuses(present).get('') as TaskStatus | undefined) ?? 'pending';
  }

  /** `3 failed, 40 running, 9957 succeeded`. */
  get text(): string {
    const parts = TOLD.filter((status) => this.count(status) > 0).map((status) => `${this.count(status)} ${status}`);
    return parts.join(', ');
  }

  /** What has not ended will not any more; returns how many those are. */
  close(): number {
    let closed = 0;
    for (const [key, status] of this.#statuses) if (!FINAL.includes(status)) closed += this.set(key, 'cancelled');
    return closed;
  }
}

/** How far a send has come: items that have ended, of all (null where that is not known), and the node that they are of. */
export type Sent = { ended: number; total: number | null; target: string | null };

/** Whether this is one of the ten moments at which a send says how far it has come. */
export function isWorthALine({ ended, total }: Pick<Sent, 'ended' | 'total'>): boolean {
  if (total === null || ended === 0 || ended === total) return false;
  return Math.floor((ended * 10) / total) > Math.floor(((ended - 1) * 10) / total);
}

export function sentText({ ended, total }: Pick<Sent, 'ended' | 'total'>): string {
  return total === null ? `${ended} items` : `${ended} of ${total} items`;
}
