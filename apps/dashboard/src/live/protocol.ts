/** What a page and the worker that holds its connection say to each other. */
import type { EventMode, RunStatus, TaskStatus, WsEvent, WsSnapshot } from '@weft/contract';

export type ToWorker =
  | { t: 'hello'; url: string; token: string | null; tenant: string | null }
  | { t: 'subscribe'; id: number; topic: string; after?: string | number; modes?: EventMode[] }
  | { t: 'unsubscribe'; id: number }
  | { t: 'visible'; isVisible: boolean }
  | { t: 'bye' };

export type FromWorker = { t: 'connection'; isUp: boolean } | { t: 'flush'; flushes: (Flush & { id: number })[] };

/** How a task of a run is now, as far as the events say. */
export type TaskChange = {
  key: string;
  node: string;
  taskId: string | null;
  status: TaskStatus;
  attempt: number;
  at: string;
  progress?: unknown;
};

/** A piece of what an attempt says while it runs. */
export type Said = { taskId: string; key: string; node: string; attempt: number; text: string };

/** What has come for one subscription since the last flush, merged. */
export type Flush = {
  /** Replaces what was known; null: there was none. */
  snapshot: WsSnapshot['items'] | null;
  /** The newest event of each thing, or of a run the newest ones at all. */
  events: WsEvent[];
  /** How many events there were. */
  count: number;
  /** How many of them are not in `events`, because there were too many to show. */
  omitted: number;
  tasks: TaskChange[];
  said: Said[];
  /** Attempts that came to nothing: what they have said counts no more. */
  voids: { taskId: string; attempt: number }[];
  hasGap: boolean;
  lastStep: number | null;
  end: RunStatus | null;
  error: { code: string; message: string } | null;
};
