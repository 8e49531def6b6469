import { describe, expect, test } from 'vitest';
import { compileGraph, decide, failForEngineError, noReads } from '../../src/domain/index.ts';
import { echo, withNodes } from '../validate/documents.ts';
import { Scenario } from './scenario.ts';

const counts = { type: 'transform', updates: { n: 1 } };
const state = { n: { type: 'number', reducer: 'add', default: 0 } };

function chainOf(length: number): Record<string, object> {
  return Object.fromEntries(
    Array.from({ length }, (_, i) => [`n${i}`, i === 0 ? counts : { ...counts, needs: [`n${i - 1}`] }]),
  );
}

describe('nodes that need no worker', () => {
  test('A11: a chain of 1,000 transforms takes 100 steps a transaction and goes on in the next', () => {
    const run = new Scenario(withNodes(chainOf(1000), { state, output: '${state.n}' }));
    expect(run.rows.steps).toHaveLength(101);
    expect([run.status, run.last.goesOn]).toEqual(['running', true]);
    expect(run.goOn()).toBe(9);
    expect(run.rows.ending).toEqual({ error: null, output: 1000 });
    expect([run.status, run.last.goesOn, run.rows.steps.length]).toEqual(['succeeded', false, 1002]);
  });

  test('A11: of 350 at once none is forgotten, though a transaction is shown 100 of them', () => {
    const nodes = Object.fromEntries(Array.from({ length: 350 }, (_, i) => [`n${i}`, counts]));
    const run = new Scenario(withNodes({ ...nodes, slow: echo }, { state }));
    run.goOn();
    expect(Object.values(run.statuses).filter((status) => status === 'succeeded')).toHaveLength(350);
    expect(run.statuses['slow']).toBe('ready');
    expect(run.last.goesOn).toBe(false);
  });

  test('A11: what another event has started does not wait for the ones that are left over', () => {
    const run = new Scenario(withNodes({ ...chainOf(150), a: echo, b: { ...echo, needs: ['a'] } }, { state }));
    expect(run.settle(run.success('a')).applied).toEqual([true]);
    expect(run.statuses['b']).toBe('ready');
    run.settle({ type: 'advance' });
    expect(run.statuses['n149']).toBe('succeeded');
  });

  test('A11: are not settled any more once the run has ended', () => {
    const run = new Scenario(withNodes({ ...chainOf(150), a: echo }, { state }));
    run.settle(run.failure('a'));
    expect(run.status).toBe('failed');
    const steps = run.rows.steps.length;
    run.goOn();
    expect(run.rows.steps).toHaveLength(steps);
    expect(run.statuses['n100']).toBe('cancelled');
  });

  test('A11: are followed one after the other, so that a batch is as its events alone', () => {
    const then = (name: string) => ({ ...counts, needs: [name] });
    const run = new Scenario(withNodes({ a: echo, b: echo, afterA: then('a'), afterB: then('b') }, { state }));
    run.settle(run.success('b'), run.success('a'));
    expect(run.journal(2)).toEqual([
      'task_succeeded b',
      'task_succeeded afterB',
      'task_succeeded a',
      'task_succeeded afterA',
      'run_ended',
    ]);
  });

  test('A11: a dead region of 1,000 nodes is skipped in bounded transactions and a few reads', () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [
        `n${i}`,
        i === 0 ? { ...echo, needs: ['r'] } : { ...echo, needs: i === 1 ? ['n0'] : [`n${i - 1}`, `n${i - 2}`] },
      ]),
    );
    const r = { type: 'route', on: 'nodes.a', routes: { go: 'n0', stop: '__end__' } };
    const run = new Scenario(withNodes({ a: echo, r: { ...r, needs: ['a'] }, ...nodes }));
    run.settle(run.success('a', 'stop'));
    for (let count = 0; count < 20 && run.last.goesOn; count++) {
      expect(run.rounds).toBeLessThan(8);
      run.settle({ type: 'advance' });
    }
    expect(run.status).toBe('succeeded');
    expect(run.statuses['n999']).toBe('skipped');
  });

  test('A11: many at once that lead to as many joins take a few reads', () => {
    const indexes = Array.from({ length: 100 }, (_, i) => i);
    const nodes = Object.fromEntries(
      indexes.flatMap((i) => [
        [`t${i}`, { ...counts, needs: ['a'] }],
        [`j${i}`, { ...echo, needs: [`t${i}`, 'a'] }],
      ]),
    );
    const run = new Scenario(withNodes({ a: echo, ...nodes }, { state }), { blind: true });
    run.settle(run.success('a'));
    expect(run.rounds).toBeLessThan(6);
    expect(run.last.ready).toHaveLength(100);
  });
});

describe('an error of the engine', () => {
  const document = withNodes({ a: echo, b: echo });

  test('A11: ends the run and the task it belongs to with engine_error, and leaves what was seen as it was', () => {
    const run = new Scenario(document);
    const snapshot = run.rows.load({ ...run.rows.load({ ...noReads(), everything: true }).reads });
    const other = compileGraph(run.graph.ref, withNodes({ b: echo }) as Parameters<typeof compileGraph>[1]);
    const events = [run.success('a')];
    expect(() => decide(other, { snapshot, events, now: run.now })).toThrow(/no node a/);
    const decision = failForEngineError(run.graph, { snapshot, events, now: run.now, message: 'no node a' });
    run.rows.apply(decision);
    expect(run.rows.head).toMatchObject({ status: 'failed', live: 0, step: 3 });
    expect(run.rows.ending?.error).toEqual({ code: 'engine_error', message: 'no node a', retryable: false });
    expect(run.rows.mail.map(({ kind }) => kind)).toEqual(['close']);
    run.run({ type: 'advance' });
    expect(run.statuses).toEqual({ a: 'failed', b: 'cancelled' });
  });

  test('A11: takes the mail with it that may have caused it, except the wish to close', () => {
    const run = new Scenario(document);
    run.settle(run.failure('a'));
    run.rows.send('retry');
    const snapshot = run.rows.load(noReads());
    const decision = failForEngineError(run.graph, { snapshot, events: [], now: run.now, message: 'broken' });
    run.rows.apply(decision);
    expect(decision.steps).toEqual([]);
    expect([decision.consumedMail, decision.closes]).toEqual([['retry 3'], true]);
  });
});
