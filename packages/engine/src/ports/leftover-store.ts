import type { Json } from '@weft/contract';

/** A task that was cancelled between two of its attempts: its memo names what is still going on outside. */
export type Leftover = {
  tenant: string;
  runId: string;
  key: string;
  epoch: number;
  memo: Json;
  /** Since it was cancelled, ms. */
  ageMs: number;
};

/** Cancelled tasks whose work outside nobody has told to stop yet. It is the cancel itself that puts them here. */
export type LeftoverStore = {
  /** Up to `limit`; each is given to one caller alone for `leaseMs`, and again after that unless it was dropped. */
  take(request: { limit: number; leaseMs: number }): Promise<Leftover[]>;
  /** There is nothing left of these to tell anybody of. */
  drop(leftovers: readonly Pick<Leftover, 'runId' | 'key' | 'epoch'>[]): Promise<void>;
};
