import type { Json } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { Scenario } from './scenario.ts';

const approve = {
  name: 'approve',
  state: { note: { type: 'string' } },
  nodes: {
    ask: { type: 'interrupt', message: 'Publish {{ input.title }}?', answerSchema: { type: 'boolean' } },
    other: { type: 'task', uses: 'echo' },
    publish: { type: 'task', uses: 'echo', with: { answer: '${ask}', note: '${state.note}' }, needs: ['ask'] },
  },
};

function questionId(run: Scenario, node: string): string {
  const { detail } = run.task(node);
  if (detail?.kind !== 'question') throw new Error(`${node} asks nothing`);
  return detail.id;
}

function answer(
  run: Scenario,
  answers: { [id: string]: Json } | null,
  stateUpdates: { [key: string]: Json } | null = null,
) {
  run.mail('answer', { answers, stateUpdates, by: 'ann' });
}

describe('interrupts', () => {
  test('B8: other branches go on; the run is interrupted once nothing but the question is left', () => {
    const run = new Scenario(approve, { input: { title: 'it' } });
    expect(run.task('ask').detail).toMatchObject({ kind: 'question', at: 'node', message: 'Publish it?' });
    expect(run.status).toBe('running');
    run.succeed('other');
    expect(run.status).toBe('interrupted');
    expect(run.rows.head).toMatchObject({ live: 0, asking: 1 });
    answer(run, { [questionId(run, 'ask')]: true });
    expect(run.status).toBe('running');
    expect(run.input('publish')).toEqual({ answer: true, note: null });
    run.succeed('publish');
    expect(run.status).toBe('succeeded');
  });

  test.each<{ value: Json }>([false, 0, '', null, [], { a: 1 }].map((value) => ({ value })))(
    'any value is an answer: $value',
    ({ value }) => {
      const run = new Scenario(approve);
      answer(run, { [questionId(run, 'ask')]: value });
      expect(run.input('publish')).toEqual({ answer: value, note: null });
    },
  );

  test('C1: who answered is journalled, and a second answer changes nothing', () => {
    const run = new Scenario(approve);
    const id = questionId(run, 'ask');
    answer(run, { [id]: true });
    expect(run.rows.steps.at(-1)).toMatchObject({
      type: 'answered',
      node: 'ask',
      facts: { answer: { id, by: 'ann' } },
    });
    const steps = run.rows.steps.length;
    answer(run, { [id]: false });
    expect(run.rows.steps.length).toBe(steps);
    expect(run.task('ask').output).toBe(true);
  });

  test('answers hold together: with one that is not open, none is taken', () => {
    const run = new Scenario(approve);
    answer(run, { [questionId(run, 'ask')]: true, nowhere: 1 }, { note: 'x' });
    expect(run.statuses['ask']).toBe('waiting');
    expect(run.rows.writes).toEqual([]);
  });

  test('state that comes with an answer is seen by what the answer arms', () => {
    const run = new Scenario(approve);
    answer(run, { [questionId(run, 'ask')]: true }, { note: 'fine' });
    expect(run.input('publish')).toEqual({ answer: true, note: 'fine' });
  });

  test('B8: a question that expires is answered by its default, or fails', () => {
    const asking = (parts: object) => ({ name: 'x', nodes: { ask: { type: 'interrupt', expiresMs: 1000, ...parts } } });
    const withDefault = new Scenario(asking({ default: false }));
    expect(withDefault.fire('ask', 'expire')).toBe(true);
    expect(withDefault.task('ask').output).toBe(false);
    expect(withDefault.status).toBe('succeeded');
    const without = new Scenario(asking({}));
    without.fire('ask', 'expire');
    expect(without.errorCode).toBe('interrupt_expired');
  });

  test('B4: a loop closes the questions of the iteration that it leaves', () => {
    const run = new Scenario({
      name: 'again',
      nodes: {
        work: { type: 'task', uses: 'echo' },
        ask: { type: 'interrupt', needs: ['work'] },
        quick: { type: 'task', uses: 'echo', needs: ['work'] },
        again: { type: 'route', on: 'nodes.quick', routes: { yes: 'work', no: '__end__' }, needs: ['quick'] },
      },
    });
    run.succeed('work');
    const id = questionId(run, 'ask');
    run.succeed('quick', 'yes');
    expect(run.task('ask').status).toBe('cancelled');
    expect(run.rows.head.asking).toBe(0);
    answer(run, { [id]: 1 });
    run.succeed('work');
    expect(questionId(run, 'ask')).not.toBe(id);
  });

  test('cancelling an interrupted run closes its question', () => {
    const run = new Scenario({ name: 'x', nodes: { ask: { type: 'interrupt', expiresMs: 1000 } } });
    expect(run.status).toBe('interrupted');
    run.mail('cancel');
    expect(run.status).toBe('cancelled');
    expect(run.rows.timers.size).toBe(0);
    expect(run.statuses).toEqual({ ask: 'cancelled' });
  });
});

describe('breakpoints', () => {
  const chain = {
    name: 'chain',
    state: { seen: { type: 'array', reducer: 'append', default: [] } },
    nodes: {
      a: { type: 'task', uses: 'echo', output: 'seen' },
      b: { type: 'task', uses: 'echo', needs: ['a'], with: { a: '${a}' } },
    },
  };

  test('B8: before a node it holds the node, and is passed once', () => {
    const run = new Scenario({ ...chain, interruptBefore: ['b'] });
    run.succeed('a', 1);
    expect(run.status).toBe('interrupted');
    expect(run.task('b').detail).toMatchObject({ at: 'before' });
    answer(run, null);
    expect(run.task('b')).toMatchObject({ status: 'ready', attempt: 1, detail: null });
    expect(run.claims.at(-1)).toMatchObject({ key: 'b#0', attempt: 1 });
    run.fail('b', { retryable: false });
    run.mail('retry');
    expect(run.task('b').status).toBe('ready');
    run.succeed('b', 2);
    expect(run.status).toBe('succeeded');
  });

  test('A7: a node behind a breakpoint reads the state as it is when it is passed', () => {
    const b = { ...chain.nodes.b, with: { seen: '${state.seen}' } };
    const run = new Scenario({ ...chain, nodes: { ...chain.nodes, b }, interruptBefore: ['b'] });
    run.succeed('a', 1);
    answer(run, null, { seen: 'two' });
    expect(run.input('b')).toEqual({ seen: [1, 'two'] });
  });

  test('B8: after a node its state is there, and what follows waits', () => {
    const run = new Scenario({ ...chain, interruptAfter: ['a'] });
    run.succeed('a', 1);
    expect(run.rows.channel('seen')?.deltas).toEqual([1]);
    expect(run.statuses).toEqual({ a: 'waiting' });
    expect(run.status).toBe('interrupted');
    answer(run, { [questionId(run, 'a')]: 'go on' });
    expect(run.task('a')).toMatchObject({ status: 'succeeded', output: 1 });
    expect(run.input('b')).toEqual({ a: 1 });
  });

  test('B8: a breakpoint holds its own node only', () => {
    const run = new Scenario({
      ...chain,
      nodes: { ...chain.nodes, c: { type: 'task', uses: 'echo', needs: ['a'] } },
      interruptBefore: ['b'],
    });
    run.succeed('a');
    expect(run.statuses).toMatchObject({ b: 'waiting', c: 'ready' });
    expect(run.status).toBe('running');
  });

  test('after a send its items keep their outputs', () => {
    const run = new Scenario({
      name: 'x',
      interruptAfter: ['each'],
      nodes: {
        each: { type: 'send', items: [1, 2], target: 'work' },
        work: { type: 'task', uses: 'echo' },
        end: { type: 'task', uses: 'echo', needs: ['each'], when: 'nodes.each[1] == "b"' },
      },
    });
    run.succeed('each#0[0]/work#0', 'a');
    run.succeed('each#0[1]/work#0', 'b');
    expect(run.statuses['each']).toBe('waiting');
    answer(run, null);
    expect(run.statuses['end']).toBe('ready');
  });
});
