import { describe, expect, test } from 'vitest';

import { everyCrash, everyOrder, testWorkflow } from '../src/index.ts';
import type { Explored } from '../src/index.ts';

const task = (rest: object = {}) => ({ type: 'task', uses: 'http', ...rest });

describe('a crash of all processes', () => {
  const flow = { name: 'flow', nodes: { a: task(), b: task(), c: task({ needs: ['a', 'b'] }) } };

  test('is survived, and whoever was given up is refused when it reports', async () => {
    const t = await testWorkflow(flow, { crashAt: 2 });
    t.node('a').returns(1).takes('1s');
    t.node('b').returnsOnce(2, { takes: '5s' }).returns('another');
    t.node('c').does((_, { attempt }) => attempt);
    const result = await t.run();

    expect(result).toMatchObject({ status: 'succeeded', output: 1 });
    expect(t.crashes).toEqual({ steps: [2], late: [{ node: 'b', key: 'b#0', attempt: 1 }] });
    expect(result.tasks('b')).toMatchObject([{ output: 2, attempt: 2, crashes: 1 }]);
    expect(result.journal()).toEqual([
      'run_started',
      'task_succeeded a',
      'task_retried b',
      'task_succeeded b',
      'task_succeeded c',
      'run_ended',
    ]);
  });

  test('may be asked for after a node, or now', async () => {
    const t = await testWorkflow({
      name: 'flow',
      nodes: { a: task(), ask: { type: 'interrupt', needs: ['a'] }, b: task({ needs: ['ask'] }) },
    });
    t.node('a').returns(1);
    t.node('b').returns(2);
    t.crashAfter('a');
    await t.run();
    await t.crash();
    await t.answer('ask', 'yes');

    expect(await t.run()).toMatchObject({ status: 'succeeded', output: 2 });
    expect(t.crashes.steps).toEqual([3, 3]);
    expect(() => t.crashAfter('aa')).toThrow('did you mean "a"?');
  });

  test('changes nothing, at whatever step of loops, sends, questions and children it happens', async () => {
    const big = {
      name: 'big',
      state: { n: { type: 'number', reducer: 'add', default: 0 } },
      nodes: {
        list: task(),
        each: { type: 'send', items: '${list}', target: 'one', concurrency: 2, needs: ['list'] },
        one: task({ with: '${item}', retry: { maxAttempts: 2 } }),
        child: { type: 'subgraph', workflow: 'small', needs: ['each'], input: { x: '${each[0]}' } },
        ask: { type: 'interrupt', expiresMs: 1000, default: 'no', needs: ['each'] },
        sum: { type: 'transform', updates: { n: 1 }, needs: ['child', 'ask'] },
        again: { type: 'route', on: "state.n < 2 ? 'yes' : 'no'", routes: { yes: 'sum', no: 'end' }, needs: ['sum'] },
        end: {
          type: 'task',
          uses: 'echo',
          with: { each: '${each}', child: '${child}', ask: '${ask}', n: '${state.n}' },
        },
      },
    };
    const small = {
      name: 'small',
      nodes: {
        pause: { type: 'wait', ms: 500 },
        x: { type: 'task', uses: 'echo', with: '${input.x}', needs: ['pause'] },
      },
    };
    const explored = await everyCrash(async (options) => {
      const t = await testWorkflow(big, { ...options, workflows: [small] });
      t.node('list').returns(['a', 'b', 'c']);
      t.node('one')
        .does((input: string) => input.toUpperCase())
        .takes('1s');
      return t.run({ letExpire: true });
    });

    expect(explored.report()).toContain('"status": "succeeded"');
    expect(explored.same).toBe(true);
    expect(explored.count).toBeGreaterThan(12);
  });
});

describe('the order in which things end', () => {
  const flow = (reducer: string) => ({
    name: 'flow',
    state: { got: { type: 'any', reducer, ...(reducer === 'append' && { default: [] }) } },
    nodes: { a: task({ output: 'got' }), b: task({ output: 'got' }), c: task({ output: 'got' }) },
    output: '${state.got}',
  });
  const play = (reducer: string) => async (options: Explored) => {
    const t = await testWorkflow(flow(reducer), options);
    for (const [index, node] of ['a', 'b', 'c'].entries()) t.node(node).returns(index);
    return t.run();
  };

  test('is told where it matters', async () => {
    const matters = await everyOrder(play('append'), { seeds: 30 });
    const notAtAll = await everyOrder(play('add'), { seeds: 30 });

    expect(matters.same).toBe(false);
    expect(matters.endings.length).toBeGreaterThan(2);
    expect(matters.report()).toMatch(/\{"seed":\d+\}.*:\n\{/);
    expect(notAtAll).toMatchObject({ same: true, count: 30 });
  });

  test('is the same for the same seed, and that of beginning without one', async () => {
    const [first, second] = [await play('append')({ seed: 5 }), await play('append')({ seed: 5 })];

    expect(first.steps).toEqual(second.steps);
    expect((await play('append')({})).output).toEqual([0, 1, 2]);
  });
});
