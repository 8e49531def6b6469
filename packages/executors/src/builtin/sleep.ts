import { setTimeout as wait } from 'node:timers/promises';

import { z } from 'zod';

import { defineExecutor } from '../define.ts';

/** What a timer can hold: 24.8 days. */
const LONGEST_MS = 2_147_483_647;

const shape = z.strictObject({ ms: z.int().min(0).max(LONGEST_MS) });

export default defineExecutor({
  type: 'sleep',
  description: 'Waits in a worker for some milliseconds.',
  input: shape,
  output: shape,
  example: { ms: 10 },
  async run({ input, signal }) {
    await wait(input.ms, undefined, { signal });
    return { kind: 'succeeded', output: input };
  },
});
