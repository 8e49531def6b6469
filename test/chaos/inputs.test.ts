import { StoreError } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import { openScene } from './use-rigs.ts';

const LATE_MS = 400;

describe('inputs that cannot be loaded', () => {
  test('A6 F26: after the attempt was written as running lead to another attempt, since nobody runs this one', async () => {
    const scene = await openScene();
    let calls = 0;
    const rig = await scene.rig({
      executors: { work: async ({ input }) => ({ kind: 'succeeded', output: input }) },
      decorate: (deps) => ({
        ...deps,
        dispatch: {
          ...deps.dispatch,
          async loadInputs(requests) {
            calls += 1;
            if (calls > 1) return deps.dispatch.loadInputs(requests);
            await new Promise((resolve) => void deps.clock.after(LATE_MS, () => resolve(null)));
            throw new StoreError('the session was ended', { transient: true, outcomeUnknown: false, cause: undefined });
          },
        },
      }),
    });
    const document = { name: 'reads', nodes: { a: { type: 'task' as const, uses: 'work', with: '${input.n}' } } };
    const run = await rig.run(document, { input: { n: 7 } });

    expect(await rig.tasks(run.head.id)).toMatchObject({
      'a#0': { status: 'succeeded', output: 7, attempt: 2, crashes: 0, failures: 0 },
    });
    expect(await rig.steps(run.head.id)).toContain('task_retried a');
  });
});
