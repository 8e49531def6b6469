import type { Executor, Outcome } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import { flat, single } from './documents.ts';
import { useScene } from './use-rigs.ts';

/** What no cleaning sees and no database takes. */
const UNSTORABLE: Outcome = {
  kind: 'succeeded',
  output: null,
  usage: { inputTokens: Number.NaN, outputTokens: 0, usd: 0 },
};

describe('outcomes', () => {
  const scenes = useScene();

  test('A11: one that the database refuses fails alone; the others of its batch are unharmed', async () => {
    const scene = scenes();
    const work: Executor['run'] = async ({ node }) =>
      node === 't7' ? UNSTORABLE : { kind: 'succeeded', output: node };
    const rig = await scene.rig({ executors: { work } });
    const bad = await rig.start(flat('bad', 20, { uses: 'work', onFailure: 'skipDependents' }));
    const good = await Promise.all(Array.from({ length: 10 }, () => rig.start(flat('good', 5, { uses: 'work' }))));
    const runs = await Promise.all(good.map((runId) => rig.ended(runId)));

    expect(runs.map((run) => run.head.status)).toEqual(good.map(() => 'succeeded'));
    expect((await rig.ended(bad)).head).toMatchObject({ status: 'failed', failed: 1 });
    const tasks = await rig.tasks(bad);
    expect(tasks['t7#0']).toMatchObject({ status: 'failed', error: { code: 'outcome_rejected' } });
    expect(Object.values(tasks).filter(({ status }) => status === 'succeeded')).toHaveLength(19);
  });

  test.each<[string, Outcome]>([
    ['NUL', { kind: 'succeeded', output: 'a\u0000b' }],
    ['a lone surrogate', { kind: 'succeeded', output: ['\ud800'] }],
    ['NUL in an error', { kind: 'failed', error: { code: 'c', message: 'a\u0000b\udfff', retryable: false } }],
    ['NUL in a code', { kind: 'failed', error: { code: 'c\u0000', message: 'm', retryable: false } }],
  ])('A11 F43: one with %s is stored in some readable form', async (_, outcome) => {
    const scene = scenes();
    const rig = await scene.rig({ executors: { work: async () => outcome } });
    const run = await rig.run(single('odd', { uses: 'work' }));

    const stored = JSON.stringify([run.output, run.error, Object.values(await rig.tasks(run.head.id))]);
    expect(stored).not.toMatch(/\\u0000|\\ud[89a-f]/);
    expect(run.head.live).toBe(0);
  });

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['no outcome', {}],
    ['an output that is no JSON', { kind: 'succeeded', output: 1n }],
    [
      'an output that is its own part',
      (() => {
        const own: unknown[] = [];
        own.push(own);
        return { kind: 'succeeded', output: own };
      })(),
    ],
    ['no output', { kind: 'succeeded' }],
    ['a failure without an error', { kind: 'failed' }],
    ['a goto that names nothing', { kind: 'succeeded', output: 1, goto: [{}] }],
    ['state updates of an undeclared key', { kind: 'succeeded', output: 1, stateUpdates: { nothing: 1 } }],
  ])('A11 F43: an executor that returns %s ends its run, and holds nobody up', async (_, returned) => {
    const scene = scenes();
    const rig = await scene.rig({ executors: { work: async () => returned as Outcome } });
    const [odd, other] = await Promise.all([
      rig.run(single('odd', { uses: 'work' })),
      rig.run(single('fine', { uses: 'echo' })),
    ]);

    expect(odd.endedAt).not.toBeNull();
    expect(other.head.status).toBe('succeeded');
  });
});
