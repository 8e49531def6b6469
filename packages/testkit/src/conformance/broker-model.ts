import { describe, test } from 'vitest';

import { BrokerWalk } from './broker-walk.ts';
import type { OpenBroker } from './opened-broker.ts';
import { openBroker } from './opened-broker.ts';

/** For a broker that is reached over a network. */
const WALK_TIMEOUT_MS = 60_000;

/** Random steps on a broker and on a model of it; a failure names its seed and the steps that led to it. */
export function brokerModel(open: OpenBroker, options: { seeds: number; stepsPerSeed: number }): void {
  const seeds = Array.from({ length: options.seeds }, (_, index) => index + 1);

  describe('walks with its model', () => {
    test.each(seeds)(
      'A2, A3, A4: no message is lost or in two hands, seed %i',
      { timeout: WALK_TIMEOUT_MS },
      async (seed) => {
        const { broker, other, ageingMs } = await openBroker(open);
        const walk = new BrokerWalk([broker, other], { seed, ageingMs });
        try {
          for (let step = 0; step < options.stepsPerSeed; step++) await walk.step();
          await walk.finish();
        } catch (cause) {
          throw new Error(`seed ${seed}, after ${walk.trail.slice(-12).join(' | ')}`, { cause });
        } finally {
          await walk.abandon();
        }
      },
    );
  });
}
