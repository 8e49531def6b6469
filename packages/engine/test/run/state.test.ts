import type { Json } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { foldChannel } from '../../src/domain/index.ts';
import { echo, withNodes } from '../validate/documents.ts';
import { Scenario } from './scenario.ts';

const state = {
  log: { type: 'array', reducer: 'append' },
  sum: { type: 'number', reducer: 'add', default: 0 },
  last: { type: 'any' },
  scratch: { type: 'any', default: 'nothing', ephemeral: true },
};

function stored(run: Scenario, name: 'log' | 'sum' | 'last'): Json {
  const channel = run.rows.channel(name);
  return foldChannel(
    name === 'log' ? 'append' : name === 'sum' ? 'add' : 'last_value',
    channel?.base,
    channel?.deltas ?? [],
  );
}

describe('updates', () => {
  test('C2: are written unread, as deltas of their step', () => {
    const run = new Scenario(withNodes({ a: echo, b: { ...echo, needs: ['a'] } }, { state }));
    run.rows.loaded.channels = [];
    run.succeed('a', null, { stateUpdates: { log: 'x', sum: 2, last: 1 } });
    expect(run.rows.loaded.channels).toEqual([]);
    expect(run.rows.writes).toEqual([
      { channel: 'log', step: 2, kind: 'delta', value: 'x' },
      { channel: 'sum', step: 2, kind: 'delta', value: 2 },
      { channel: 'last', step: 2, kind: 'base', value: 1 },
    ]);
    expect(run.rows.steps[1]?.facts.writes).toEqual(['log', 'sum', 'last']);
  });

  test('C2: come from `output` and `outputMapping`, over which those of the executor win', () => {
    const a = { ...echo, output: 'last', outputMapping: { sum: 'count', log: 'names[0]' } };
    const run = new Scenario(withNodes({ a }, { state }));
    run.succeed('a', { count: 3, names: ['x'] }, { stateUpdates: { sum: 30 } });
    expect([stored(run, 'last'), stored(run, 'sum'), stored(run, 'log')]).toEqual([
      { count: 3, names: ['x'] },
      30,
      ['x'],
    ]);
  });

  test('C2: an overwrite is a new base whatever the reducer, and what follows counts on from it', () => {
    const b = { ...echo, needs: ['a'] };
    const run = new Scenario(withNodes({ a: echo, b, c: { ...echo, needs: ['b'] } }, { state }));
    run.succeed('a', null, { stateUpdates: { sum: 5 } });
    run.succeed('b', null, { stateUpdates: { sum: { __overwrite: true, value: 100 } } });
    run.succeed('c', null, { stateUpdates: { sum: 1 } });
    expect(run.rows.writes.map(({ kind, value }) => [kind, value])).toEqual([
      ['delta', 5],
      ['base', 100],
      ['delta', 1],
    ]);
    expect(stored(run, 'sum')).toBe(101);
  });

  test.each([
    ['undeclared_key', { nowhere: 1 }],
    ['bad_update', { sum: 'many' }],
    ['bad_update', { last: JSON.parse('{"__proto__": 1}') as Json }],
  ])('C2: one that is refused with %s fails its task, and none of the others is written', (code, updates) => {
    const run = new Scenario(withNodes({ a: { ...echo, retry: { maxAttempts: 3 } } }, { state }));
    run.succeed('a', null, { stateUpdates: { log: 'x', ...updates } });
    expect(run.task('a')).toMatchObject({ status: 'failed', attempt: 1, error: { code, retryable: false } });
    expect(run.rows.writes).toEqual([]);
  });

  test('C2: a settle loads only the channels that what it arms reads', () => {
    const run = new Scenario(withNodes({ a: echo, b: { ...echo, needs: ['a'], with: '${state.sum}' } }, { state }));
    run.rows.loaded.channels = [];
    run.succeed('a', null, { stateUpdates: { log: 'x', last: 1 } });
    expect(run.rows.loaded.channels).toEqual(['sum']);
  });
});

describe('compaction', () => {
  /** A run whose key `log` has that many deltas, and in which `reader` is the next task, then `more`. */
  function withDeltas(count: number, value: Json): Scenario {
    const names = Array.from({ length: count }, (_, i) => `n${i}`);
    const nodes = Object.fromEntries(names.map((name) => [name, echo]));
    const reads = { ...echo, with: '${state.log}' };
    const readers = { reader: { ...reads, needs: ['a'] }, more: { ...reads, needs: ['reader'] } };
    const run = new Scenario(withNodes({ ...nodes, a: echo, ...readers }, { state }));
    run.settle(...names.map((name) => run.success(name, null, { stateUpdates: { log: value } })));
    return run;
  }

  test('C2: 1,000 deltas that are read become a base that says the same', () => {
    const run = withDeltas(1000, 'x');
    run.succeed('a', null, { stateUpdates: { log: 'y' } });
    expect(run.rows.compactions.size).toBe(1);
    expect(run.rows.channel('log')).toMatchObject({ base: Array(1000).fill('x'), deltas: ['y'] });
    expect(run.task('reader').captured).toEqual({ log: [...Array<string>(1000).fill('x'), 'y'] });
    run.succeed('reader');
    expect(run.rows.compactions.size).toBe(1);
    expect(run.task('more').captured).toEqual(run.task('reader').captured);
  });

  test.each([
    ['999 small deltas are left as they are', 999, 'x', 0],
    ['64 KiB of deltas are left as they are', 2, 'x'.repeat(32_000), 0],
    ['more than 64 KiB of deltas are folded', 3, 'x'.repeat(32_000), 1],
  ])('C2: %s', (_, count, value, compactions) => {
    const run = withDeltas(count, value);
    run.succeed('a');
    expect(run.rows.compactions.size).toBe(compactions);
  });
});

describe('ephemeral keys', () => {
  const sees = { ...echo, with: '${state.scratch}' };

  test('C2: are seen by the tasks readied in the same step only, and stored nowhere', () => {
    const nodes = {
      a: echo,
      b: { ...sees, needs: ['a'] },
      c: { ...sees, needs: ['b'] },
      other: echo,
      d: { ...sees, needs: ['other'] },
    };
    const run = new Scenario(withNodes(nodes, { state }));
    run.settle(run.success('a', null, { stateUpdates: { scratch: 'secret' } }), run.success('other'));
    expect([run.input('b'), run.input('d')]).toEqual(['secret', 'nothing']);
    run.succeed('b');
    expect(run.input('c')).toBe('nothing');
    expect(run.rows.writes).toEqual([]);
    expect(run.rows.steps.flatMap(({ facts }) => facts.writes ?? [])).toEqual([]);
  });

  test('C2: may be null, which is not their default', () => {
    const run = new Scenario(withNodes({ a: echo, b: { ...sees, needs: ['a'] } }, { state }));
    run.succeed('a', null, { stateUpdates: { scratch: null } });
    expect(run.input('b')).toBeNull();
  });

  test('C2: are seen by an inline node readied in the same step when its turn comes', () => {
    const nodes = { a: echo, t: { type: 'transform', needs: ['a'], updates: { last: '${state.scratch}' } } };
    const run = new Scenario(withNodes(nodes, { state }));
    run.succeed('a', null, { stateUpdates: { scratch: 'secret' } });
    expect(stored(run, 'last')).toBe('secret');
  });

  test('C2: are not seen by the output of the run', () => {
    const run = new Scenario(withNodes({ a: echo }, { state, output: '${state.scratch}' }));
    run.succeed('a', null, { stateUpdates: { scratch: 'secret' } });
    expect(run.rows.ending).toEqual({ error: null, output: 'nothing' });
  });
});
