import { describe, expect, test } from 'vitest';

import { everyCrash, everyOrder, replayRecording, testWorkflow } from '../src/index.ts';
import type { Explored } from '../src/index.ts';
import { asRecorded } from './as-recorded.ts';

const task = (rest: object = {}) => ({ type: 'task' as const, uses: 'http', ...rest });
const rounds = {
  name: 'rounds',
  mode: 'superstep' as const,
  state: {
    log: { type: 'array' as const, reducer: 'append' as const, default: [] },
    n: { type: 'number' as const, reducer: 'add' as const, default: 0 },
  },
  nodes: {
    plan: task({ output: 'log' }),
    fast: task({ needs: ['plan'], with: '${state.log}', output: 'log' }),
    slow: task({ needs: ['plan'], with: '${state.log}' }),
    each: { type: 'send' as const, items: [1, 2], target: 'item', needs: ['plan'] },
    item: task({ with: '${item}', output: 'log' }),
    end: task({ needs: ['fast', 'slow', 'each'], with: { log: '${state.log}', n: '${state.n}' } }),
  },
};

async function played(options: Explored = {}) {
  const t = await testWorkflow(rounds, options);
  t.node('plan').returns('plan');
  t.node('fast').returns('fast');
  t.node('slow').returns('ignored', { takes: '1m', stateUpdates: { log: 'slow', n: 2 } });
  t.node('item').does((item: number) => ({ output: `item ${item}`, stateUpdates: { n: 1 } }));
  t.node('end').does((input) => input);
  return t.run();
}

describe('a workflow in superstep mode', () => {
  test('goes in rounds: all updates of one are seen in the next, in one order', async () => {
    const result = await played();

    expect(result).toMatchObject({
      status: 'succeeded',
      output: { log: ['plan', 'fast', 'slow', 'item 1', 'item 2'], n: 4 },
      durationMs: 60_000,
    });
    expect([...result.inputs('fast'), ...result.inputs('slow')]).toEqual([['plan'], ['plan']]);
    expect(result.journal().filter((line) => line === 'superstep')).toHaveLength(3);
  });

  test('ends in the same way in every order, and wherever all processes die', async () => {
    const orders = await everyOrder(played, { seeds: 10 });
    const crashes = await everyCrash(played);

    expect(orders.endings).toHaveLength(1);
    expect(crashes.endings).toHaveLength(1);
  });

  test('goes on from a step of the past by replay and by fork', async () => {
    const t = await testWorkflow({
      ...rounds,
      nodes: { plan: task({ output: 'log' }), end: task({ needs: ['plan'], output: 'log' }) },
    });
    t.node('plan').returns('plan');
    t.node('end').returnsOnce('first').returnsOnce('replayed').returns('forked');
    const first = await t.run();
    const barrier = first.steps.find(({ type }) => type === 'superstep')?.step ?? 0;
    await t.replay(barrier, { stateUpdates: { n: 1 } });
    const replayed = await t.run();
    const fork = await t.fork(barrier, { stateUpdates: { n: 2 } });

    expect(first.state).toEqual({ log: ['plan', 'first'], n: 0 });
    expect(replayed.state).toEqual({ log: ['plan', 'replayed'], n: 1 });
    expect((await fork.run()).state).toEqual({ log: ['plan', 'forked'], n: 2 });
  });

  test('is recorded with what its executors wrote, and goes the same way again', async () => {
    const recording = asRecorded(await played(), rounds);
    const replayed = await replayRecording(recording);

    expect(replayed.report()).toBe('the replay went as the recorded run did');
  });
});
