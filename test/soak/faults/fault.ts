/** A fault that the monkey can inject. */
import type { World } from '../world.ts';

export type Wound = {
  world: World;
  /** Chooses among what there is of a kind: a number from 0 to below 1. */
  target: number;
  /** For how long it is meant to last, ms: until it is lifted, about. */
  holdMs: number;
  /** How many faults came before it. */
  count: number;
};

export type Fault = {
  kind: string;
  /** Two faults of one group do not go together. */
  group: string;
  /** Injects it. The returned function lifts it; null if there was nothing to do it to. */
  start(wound: Wound): Promise<(() => Promise<void>) | null>;
};

/** For faults that are over as soon as they have happened. */
export const OVER = (): Promise<void> => Promise.resolve();

export function chosen<T>(from: readonly T[], { target }: Pick<Wound, 'target'>): T | null {
  return from[Math.floor(target * from.length)] ?? null;
}
