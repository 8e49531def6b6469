/** Many seeds, some of them twice: the same seed must go the same way. */
import { runSeed } from './run-seed.ts';
import type { Result } from './run-seed.ts';

/** Every so many seeds one is run once more (0.5 %). */
const TWICE_EVERY = 200;

export type Outcome = Omit<Result, 'trace'> & { isRepeated: boolean };

export async function runAndCheck(seed: number, faults: readonly string[] | null = null): Promise<Outcome> {
  const { trace: _, ...result } = await runSeed(seed, faults);
  const isRepeated = seed % TWICE_EVERY === 0;
  const again = isRepeated ? await runSeed(seed, faults) : result;
  const differs =
    again.hash === result.hash ? [] : [`the same seed went another way: ${result.hash}, then ${again.hash}`];
  return { ...result, violations: [...result.violations, ...differs], isRepeated };
}

/** What to do about a seed that fails. */
export function howToRepeat(seed: number): string {
  return `npm run simulate -- --seed ${seed}`;
}
