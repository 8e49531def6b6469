import { describe, expect, test } from 'vitest';
import { RunMemory } from '../../../src/runtime/run-memory.ts';
import { messagesOf } from '../../../src/runtime/messages.ts';
import { decide, noReads } from '../../../src/domain/index.ts';
import { echo } from '../../validate/documents.ts';
import type { Scenario } from '../scenario.ts';
import { superstep } from './documents.ts';

const log = { log: { type: 'array', reducer: 'append', default: [] } };
const writes = { ...echo, output: 'log' };

function fanOutAndIn(width: number): Scenario {
  const names = Array.from({ length: width }, (_, i) => `w${i}`);
  const workers = Object.fromEntries(names.map((name) => [name, { ...writes, needs: ['a'] }]));
  const nodes = { a: writes, ...workers, end: { ...echo, needs: names, with: '${state.log}' } };
  const run = superstep({ nodes, state: log });
  run.succeed('a', 'a');
  return run;
}

function nothingLoaded(): Scenario['rows']['loaded'] {
  return { tasks: 0, joins: 0, channels: [], bodies: 0 };
}

describe('a settle in superstep mode looks at what it touches', () => {
  test.each([10, 1000])('B10: one of %d tasks that is not the last reads its own task', (width) => {
    const run = fanOutAndIn(width);
    run.rows.loaded = nothingLoaded();
    run.settle(run.success('w3'));
    expect(run.rows.loaded).toEqual({ tasks: 1, joins: 0, channels: [], bodies: 0 });
    expect([run.rounds, run.last.tasks.length, run.last.steps.length]).toEqual([1, 1, 1]);
  });

  test.each([10, 1000])(
    'B10: the last of %d asks in one more round for the tasks and what lies behind',
    (width) => {
      const run = fanOutAndIn(width);
      for (let i = 1; i < width; i++) run.settle(run.success(`w${i}`, i));
      run.rows.loaded = nothingLoaded();
      run.settle(run.success('w0', 0));
      expect(run.rounds).toBe(2);
      expect(run.rows.loaded).toEqual({ tasks: width, joins: width + 1, channels: ['log'], bodies: 0 });
      expect(run.last.joins).toEqual([]);
      expect(run.last.steps.map(({ type }) => type)).toEqual(['task_succeeded', 'superstep']);
    },
    60_000,
  );

  test('B10: a superstep of a long loop reads and writes no more than one of a short loop', () => {
    const document = {
      nodes: { a: writes, b: { ...writes, needs: ['a'] } },
      edges: [
        ['__start__', 'a'],
        ['b', 'a'],
      ],
      state: log,
    };
    const run = superstep({ ...document, maxSteps: 1000 });
    const costs = Array.from({ length: 200 }, () => {
      run.rows.loaded = nothingLoaded();
      const { tasks, joins, steps, head } = run.settle(run.success('a', 1));
      run.settle(run.success('b', 1));
      return [run.rows.loaded.tasks, tasks.length, joins.length, steps.length, JSON.stringify(head.jumps).length];
    });
    expect(costs[190]?.slice(0, 4)).toEqual(costs[2]?.slice(0, 4));
    expect(costs[190]?.[4]).toBeLessThan((costs[2]?.[4] ?? 0) + 10);
  });

  test('B10: the head of a run of a long chain does not grow', () => {
    const names = Array.from({ length: 300 }, (_, i) => `n${i}`);
    const nodes = Object.fromEntries(
      names.map((name, i) => [name, i === 0 ? writes : { ...writes, needs: [`n${i - 1}`], with: `\${n${i - 1}}` }]),
    );
    const run = superstep({ nodes, state: log });
    const sizes = names.slice(0, -1).map((name) => JSON.stringify(run.settle(run.success(name)).head.jumps).length);
    expect(Math.max(...sizes)).toBeLessThan((sizes[1] ?? 0) + 10);
  });
});

describe('a run in superstep mode that is remembered', () => {
  /** Settles on what is remembered, or else on all there is; returns whether it was remembered. */
  function settleRemembered(run: Scenario, memory: RunMemory, node: string): boolean {
    const { graph, rows, last, now } = run;
    const known = memory.recall(graph, rows.head.id, messagesOf(last)[0]);
    const events = [run.success(node, node)];
    const isHit = known !== null && decide(graph, { snapshot: known, events, now }).kind === 'decided';
    const seen = isHit ? known : rows.load({ ...noReads(), body: true, everything: true, channels: new Set(['log']) });
    const plan = { decision: run.settle(...events), offered: new Set<string>() };
    memory.learn(graph, { kind: 'settled', plan, snapshot: structuredClone(seen), asRemembered: isHit });
    return isHit;
  }

  test('A8: needs no reading from its first task on but for state that was never read', () => {
    const nodes = {
      a: writes,
      b: { ...writes, needs: ['a'] },
      c: { ...writes, needs: ['a'] },
      d: { ...echo, needs: ['b', 'c'], with: '${state.log}' },
    };
    const edges = [
      ['d', 'a'],
      ['__start__', 'a'],
    ];
    const run = superstep({ nodes, edges, state: log });
    const memory = new RunMemory();
    const order = ['a', 'c', 'b', 'd', 'a', 'b', 'c', 'd', 'a', 'c', 'b', 'd'];
    const hits = order.map((node) => settleRemembered(run, memory, node));
    expect(hits).toEqual(order.map((_, index) => index !== 2));
    expect(run.task('a').key).toBe('a#3');
  });

  test('A8: is remembered with the tasks of its superstep only', () => {
    const run = superstep({
      nodes: { a: writes },
      edges: [
        ['__start__', 'a'],
        ['a', 'a'],
      ],
      state: log,
    });
    const memory = new RunMemory();
    for (let round = 0; round < 50; round++) settleRemembered(run, memory, 'a');
    const known = memory.recall(run.graph, run.rows.head.id, undefined);
    expect(known?.tasks.size).toBe(1);
    expect(known?.reads.tasks.size).toBe(1);
  });
});
