import { describe, expect, test } from 'vitest';
import { echo, withNodes } from '../validate/documents.ts';
import { Scenario } from './scenario.ts';

const after = (...needs: string[]) => ({ ...echo, needs });
const ask = { type: 'interrupt', message: 'Well?' };
const chain = { a: echo, b: after('a'), c: after('b') };

/** A run of these nodes after `play`, and what of `next` does not fit it. */
function misfitsAfter(nodes: object, play: (run: Scenario) => void, next: object, rest: object = {}): string[] {
  const run = new Scenario(withNodes(nodes, rest), { input: { items: [1, 2] } });
  play(run);
  return run.misfits(withNodes(next, rest));
}

const start = (): void => undefined;

describe('nodes', () => {
  test('one that is still needed may not be missing; one that is done, or was never reached, may', () => {
    const run = new Scenario(withNodes({ ...chain, d: echo }));
    run.succeed('a');
    expect(run.misfits(withNodes({ a: echo, c: after('a'), d: echo }))).toEqual([
      'node_removed /nodes',
      'join_changed /nodes/c',
    ]);
    expect(run.misfits(withNodes({ b: echo, c: after('b'), d: echo }))).toEqual([]);
    expect(run.misfits(withNodes({ a: echo, b: after('a'), d: echo }))).toEqual([]);
  });

  test('one that has run keeps its type, and a name that was used before is not used again', () => {
    const other = { type: 'transform', updates: {} };
    expect(misfitsAfter(chain, (run) => run.succeed('a'), { ...chain, a: other })).toEqual([
      'node_type_changed /nodes/a/type',
    ]);
    expect(misfitsAfter(chain, start, { ...chain, c: { ...other, needs: ['b'] } })).toEqual([]);
    const run = new Scenario(withNodes(chain));
    run.succeed('a');
    run.migrate(withNodes({ b: echo, c: after('b') }));
    expect(run.misfits(withNodes({ ...chain, a: after('c') }))).toContain('node_too_late /nodes/a');
  });

  test('what runs may not change, what waits to be run may', () => {
    const run = new Scenario(withNodes({ a: echo }));
    const changed = withNodes({ a: { ...echo, with: 2 } });
    expect(run.misfits(changed)).toEqual([]);
    run.rows.task('a').status = 'running';
    expect(run.migrate(changed)).toBe(false);
  });

  test('a new one must have something to wait for that has not ended', () => {
    expect(misfitsAfter(chain, (run) => run.succeed('a'), { ...chain, x: after('a') })).toEqual([
      'node_too_late /nodes/x',
    ]);
    expect(misfitsAfter(chain, start, { ...chain, x: echo })).toEqual(['node_too_late /nodes/x']);
    expect(misfitsAfter(chain, start, { ...chain, x: after('a', 'c') })).toEqual([]);
    expect(misfitsAfter(chain, start, { ...chain, x: { ...echo, defer: true } })).toEqual([]);
  });
});

describe('edges', () => {
  test('a node that has begun takes no edge that is still to end', () => {
    const next = { a: echo, b: after('a', 'x'), c: after('b'), x: after('y'), y: after('a') };
    expect(misfitsAfter(chain, (run) => run.succeed('a'), next)).toEqual([
      'edge_too_late /nodes/b',
      'node_too_late /nodes/y',
    ]);
  });

  test('a join that is half-way keeps its edges and how it joins them; one that has not begun, or has fired, need not', () => {
    const join = { a: echo, b: echo, j: after('a', 'b'), end: after('j') };
    const half = (run: Scenario): void => void run.succeed('a');
    const full = (run: Scenario): void => {
      run.succeed('a');
      run.succeed('b');
    };
    const changes = [after('a'), { ...after('a', 'b'), join: 'any' }, { ...after('a', 'b'), defer: true }];
    for (const j of changes) {
      expect(misfitsAfter(join, half, { ...join, j })).toEqual(['join_changed /nodes/j']);
      expect(misfitsAfter(join, start, { ...join, j })).toEqual([]);
    }
    expect(misfitsAfter(join, full, { ...join, j: after('a') })).toEqual([]);
    expect(misfitsAfter(join, half, { ...join, j: { ...after('a', 'b'), with: 2 } })).toEqual([]);
  });

  test('a join that has fired with the first of its edges still takes in the others', () => {
    const any = { a: echo, b: echo, j: { ...after('a', 'b'), join: 'any' } };
    const half = (run: Scenario): void => void run.succeed('a');
    expect(misfitsAfter(any, half, { ...any, j: after('b') })).toEqual(['join_changed /nodes/j']);
    expect(misfitsAfter(any, half, { ...any, j: after('a') })).toEqual([]);
  });

  test('B3: what a retry takes back keeps its edges, and a failure means what it meant', () => {
    const nodes = { a: { ...echo, onFailure: 'skipDependents' }, b: after('a'), c: after('b'), d: echo };
    const fail = (run: Scenario): void => void run.fail('a');
    expect(misfitsAfter(nodes, fail, { ...nodes, b: after('a', 'd') })).toEqual(['edge_too_late /nodes/b']);
    expect(misfitsAfter(nodes, fail, { ...nodes, a: echo })).toEqual(['failure_policy_changed /nodes/a/onFailure']);
    expect(misfitsAfter(nodes, fail, { ...nodes, c: { ...after('b'), join: 'any' } })).toEqual([
      'join_changed /nodes/c',
    ]);
  });
});

describe('what waits', () => {
  test('keeps what it waits for: the question, the time, the child, the items', () => {
    const waits = {
      ask,
      wait: { type: 'wait', signal: 'go' },
      child: { type: 'subgraph', workflow: 'other' },
      each: { type: 'send', items: '${input.items}', target: 'item' },
      item: echo,
    };
    const next = {
      ask: { ...ask, message: 'Really?' },
      wait: { ...waits.wait, timeoutMs: 5 },
      child: { ...waits.child, input: { n: 1 } },
      each: { ...waits.each, items: [1] },
      item: { ...echo, with: '${item}' },
    };
    expect(misfitsAfter(waits, start, next)).toEqual(
      ['ask', 'wait', 'child', 'each'].map((name) => `wait_changed /nodes/${name}`),
    );
    const harmless = { ...waits, ask: { ...ask, output: 'n' }, each: { ...waits.each, concurrency: 1 } };
    expect(misfitsAfter(waits, start, harmless, { state: { n: { type: 'any' } } })).toEqual([]);
  });

  test('keeps the breakpoint that holds it', () => {
    const run = new Scenario(withNodes({ a: echo, b: after('a') }, { interruptBefore: ['a'] }));
    expect(run.misfits(withNodes({ a: echo, b: after('a') }))).toEqual(['breakpoint_removed /nodes/a']);
    expect(run.misfits(withNodes({ a: { ...echo, with: 2 }, b: after('a') }, { interruptBefore: ['a', 'b'] }))).toEqual(
      [],
    );
  });

  test('items that a failed send goes on with stay what they are', () => {
    const nodes = { each: { type: 'send', items: '${input.items}', target: 'item' }, item: echo };
    const fail = (run: Scenario): void => void run.fail('each#0[0]/item#0');
    expect(misfitsAfter(nodes, fail, { ...nodes, each: { ...nodes.each, items: [3] } })).toEqual([
      'send_changed /nodes/each',
    ]);
    expect(misfitsAfter(nodes, fail, { ...nodes, item: { ...echo, with: '${item}' } })).toEqual([]);
  });
});

describe('the state', () => {
  const state = {
    n: { type: 'number', reducer: 'add', default: 1 },
    s: { type: 'string' },
    u: { type: 'any' },
  };
  const misfits = (next: object): string[] => {
    const run = new Scenario(withNodes({ a: echo, b: after('a') }, { state }));
    run.succeed('a', null, { stateUpdates: { n: 2, s: 'text' } });
    const kept = Object.fromEntries(Object.entries({ ...state, ...next }).filter(([, key]) => key !== undefined));
    return run.misfits(withNodes({ a: echo, b: after('a') }, { state: kept }));
  };

  test.each<[string, object, string[]]>([
    ['another reducer', { n: { ...state.n, reducer: 'max' } }, ['state_key_changed /state/n/reducer']],
    [
      'another default under what was added to it',
      { n: { ...state.n, default: 2 } },
      ['state_key_changed /state/n/default'],
    ],
    ['another default under what has replaced it', { s: { ...state.s, default: 'other' } }, []],
    ['a type that the value is not of', { s: { type: 'number' } }, ['state_key_changed /state/s/type']],
    ['a type that the value is of', { s: { type: 'any' } }, []],
    ['ephemeral', { s: { ...state.s, ephemeral: true } }, ['state_key_changed /state/s/ephemeral']],
    ['anything, where nothing was written', { u: { type: 'array', reducer: 'append', ephemeral: true } }, []],
    ['a missing key, where something was', { s: undefined }, ['state_key_removed /state']],
    ['a missing key, where nothing was', { u: undefined }, []],
  ])('%s', (_, next, found) => {
    expect(misfits(next)).toEqual(found);
  });
});

test('the mode of a run that has begun stays', () => {
  const run = new Scenario(withNodes(chain));
  expect(run.misfits(withNodes(chain, { mode: 'superstep' }))).toEqual(['mode_changed /mode']);
  expect(run.misfits(withNodes(chain, { mode: 'dataflow' }))).toEqual([]);
  const steps = new Scenario(withNodes(chain, { mode: 'superstep' }));
  expect(steps.misfits(withNodes(chain, { mode: 'superstep' }))).toEqual(['mode_unsupported /mode']);
});
