import { expect, test } from 'vitest';

import { recoverWithin } from '../../src/runtime/index.ts';

test.each([2001, 3000, 15_000, 60_000])(
  'A6: within %i ms there is time for several beats, the silence and a look',
  (ms) => {
    const { sweep, beatMs } = recoverWithin(ms);

    expect(sweep.deadAfterMs / beatMs).toBeGreaterThan(4);
    expect(sweep.deadAfterMs + 1.2 * sweep.intervalMs).toBeLessThan(ms);
  },
);
