import { describe, expect, test } from 'vitest';
import { echo, withNodes } from '../validate/documents.ts';
import { Scenario } from './scenario.ts';

function nothingLoaded(): Scenario['rows']['loaded'] {
  return { tasks: 0, joins: 0, channels: [], bodies: 0 };
}

function fanOutAndIn(width: number): Scenario {
  const names = Array.from({ length: width }, (_, i) => `w${i}`);
  const workers = Object.fromEntries(names.map((name) => [name, { ...echo, needs: ['a'] }]));
  const run = new Scenario(withNodes({ a: echo, ...workers, end: { ...echo, needs: names } }));
  run.succeed('a');
  run.rows.loaded = nothingLoaded();
  return run;
}

describe('a settle looks at what it touches', () => {
  test.each([10, 1000])('B10: a worker of %d before a join reads its own task and the join, in one round', (width) => {
    const run = fanOutAndIn(width);
    run.settle(run.success('w3'));
    expect(run.rows.loaded).toEqual({ tasks: 1, joins: 1, channels: [], bodies: 0 });
    expect(run.rounds).toBe(1);
    expect([run.last.tasks.length, run.last.joins.length, run.last.steps.length]).toEqual([1, 1, 1]);
  });

  test.each([10, 1000])('B10: a step of a chain of %d reads its own task only', (length) => {
    const nodes = Object.fromEntries(
      Array.from({ length }, (_, i) => [`n${i}`, i === 0 ? echo : { ...echo, needs: [`n${i - 1}`] }]),
    );
    const run = new Scenario(withNodes(nodes));
    run.rows.loaded = nothingLoaded();
    run.settle(run.success('n0'));
    expect(run.rows.loaded).toEqual({ tasks: 1, joins: 0, channels: [], bodies: 0 });
    expect(run.last.tasks.map(({ key }) => key)).toEqual(['n0#0', 'n1#0']);
  });

  test('B10: a join has no row before its first edge ends, and is not written once it has fired', () => {
    const run = new Scenario(withNodes({ a: echo, b: echo, j: { ...echo, needs: ['a', 'b'], join: 'any' } }));
    expect(run.rows.joins.size).toBe(0);
    run.settle(run.success('a'));
    expect(run.rows.joins.get('j#0')).toEqual({ key: 'j#0', ended: 1, taken: 1, failed: 0, fired: true });
    run.settle(run.success('b'));
    expect(run.last.joins).toEqual([]);
  });

  test('B10: a batch of all workers writes the join once', () => {
    const run = fanOutAndIn(40);
    run.settle(...Array.from({ length: 40 }, (_, i) => run.success(`w${i}`)));
    expect(run.rounds).toBe(1);
    expect(run.last.joins).toEqual([{ key: 'end#0', ended: 40, taken: 40, failed: 0, fired: true }]);
    expect(run.last.ready.map(({ key }) => key)).toEqual(['end#0']);
  });

  test('B10: what the runtime loads beforehand is enough for routes, conditions and state behind a task', () => {
    const nodes = {
      a: echo,
      r: { type: 'route', on: 'nodes.a', routes: { go: 'b', stop: '__end__' }, needs: ['a'] },
      b: { ...echo, with: '${state.n}', when: 'input.yes' },
      t: { type: 'transform', updates: { n: 1 }, needs: ['r'] },
      j: { ...echo, needs: ['t', 'a'], with: '${state.n}' },
    };
    const run = new Scenario(withNodes(nodes, { state: { n: { type: 'number', reducer: 'add', default: 0 } } }), {
      input: { yes: true },
    });
    run.settle(run.success('a', 'go'));
    expect(run.rounds).toBe(1);
    expect(run.statuses).toEqual({ a: 'succeeded', b: 'ready', j: 'ready', r: 'succeeded', t: 'succeeded' });
  });

  test('B4: iterations that a decision itself begins are not asked for', () => {
    const nodes = {
      count: { type: 'transform', updates: { n: 1 } },
      more: { type: 'route', on: 'state.n < 90.0', routes: { true: 'count', false: 'end' }, needs: ['count'] },
      end: { ...echo, with: '${count}' },
      ask: { ...echo, needs: ['count'] },
    };
    const state = { n: { type: 'number', reducer: 'add', default: 0 } };
    const run = new Scenario(
      withNodes({ first: echo, ...nodes, count: { ...nodes.count, needs: ['first'] } }, { state }),
    );
    run.settle(run.success('first'));
    expect(run.last.goesOn).toBe(true);
    expect(run.rounds).toBeLessThanOrEqual(3);
    run.settle({ type: 'advance' });
    expect(run.statuses['end']).toBe('ready');
    expect(run.rounds).toBeLessThanOrEqual(6);
  });

  test('C1: a fold after every step equals the live rows, with one step for each settled task', () => {
    const run = fanOutAndIn(20);
    for (let i = 0; i < 20; i++) run.succeed(`w${i}`);
    run.succeed('end');
    expect(run.rows.steps.map(({ step, parent }) => step - parent)).toEqual(Array(24).fill(1));
    expect(run.rows.steps).toHaveLength(24);
  });

  test.each([10, 1000])(
    'B10: an item of a send of %d reads its own task, its send and the count, in one round',
    (size) => {
      const nodes = {
        each: { type: 'send', items: '${input.items}', target: 'item' },
        item: echo,
        end: { ...echo, needs: ['each'] },
      };
      const run = new Scenario(withNodes(nodes), { input: { items: Array.from({ length: size }, (_, i) => i) } });
      run.rows.loaded = nothingLoaded();
      run.settle(run.success('each#0[3]/item#0'));
      expect(run.rows.loaded).toEqual({ tasks: 2, joins: 1, channels: [], bodies: 0 });
      expect(run.rounds).toBe(1);
      expect([run.last.tasks.length, run.last.joins.length, run.last.steps.length]).toEqual([1, 1, 1]);
    },
  );
});
