/** What random runs have found: one small case of each. */
import type { Json } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { echo, withNodes } from '../validate/documents.ts';
import { Scenario } from './scenario.ts';

const after = (...needs: string[]) => ({ ...echo, needs });
const skips = { ...echo, onFailure: 'skipDependents' };
const again = { type: 'route', on: 'state.way', routes: { back: 'work', on: 'next' }, needs: ['work'] };
const loop = { work: echo, again, next: echo };
const way = { way: { type: 'any', default: 'back' } };

function questionOf(run: Scenario, node: string): string {
  const { detail } = run.task(node);
  return detail?.kind === 'question' ? detail.id : '';
}

function answer(run: Scenario, ids: readonly string[] | null, value: Json = 1): void {
  const answers = ids && Object.fromEntries(ids.map((id) => [id, value]));
  run.mail('answer', { answers, stateUpdates: null, by: null });
}

function child(run: Scenario, key: string, kind: 'child_asks' | 'child_ended', parts: object = {}): void {
  const started = run.rows.sent.find(({ payload }) => (payload['parent'] as { key?: string } | undefined)?.key === key);
  run.mail(kind, { key, epoch: 0, runId: started?.to ?? '', step: 9, ...parts });
}

describe('loops', () => {
  test('B5: a route that may not lead back any more fails, and is done again by a retry of the run', () => {
    const run = new Scenario(withNodes(loop, { state: way, maxSteps: 1 }));
    run.succeed('work');
    run.succeed('work');
    expect([run.errorCode, run.task('again').status]).toEqual(['max_steps', 'failed']);
    run.mail('retry');
    expect([run.errorCode, run.journal().at(-2)]).toEqual(['max_steps', 'task_failed again']);
  });

  test('B5: a goto that may not lead back any more writes nothing, and its task is done again by a retry', () => {
    const nodes = { a: echo, b: { ...after('a'), onFailure: 'continue', output: 'way' }, c: after('b') };
    const run = new Scenario(withNodes(nodes, { state: way, maxSteps: 1 }));
    run.succeed('a');
    run.succeed('b', 'first', { goto: ['a'] });
    run.succeed('a');
    run.succeed('b', 'second', { goto: ['a'] });
    expect([run.errorCode, run.task('b').status, run.rows.channel('way')?.base]).toEqual([
      'max_steps',
      'failed',
      'first',
    ]);
    run.mail('retry');
    run.succeed('b', 'third');
    run.succeed('c');
    expect(run.status).toBe('succeeded');
  });

  test('B5: a goto to several ancestors counts each of them', () => {
    const run = new Scenario(withNodes({ a: echo, b: after('a'), c: after('b') }, { maxSteps: 1 }));
    run.succeed('a');
    run.succeed('b');
    run.succeed('c', null, { goto: ['a', 'b'] });
    expect([run.errorCode, run.rows.head.generations]).toEqual(['max_steps', 0]);
  });

  test('B5: a failure that leads back too often ends the run, and is done again by a retry', () => {
    const nodes = { a: echo, b: { ...after('a'), onFailure: { goto: 'a' } } };
    const run = new Scenario(withNodes(nodes, { maxSteps: 1 }));
    for (const node of ['a', 'b', 'a', 'b'])
      if (node === 'a') run.succeed(node);
      else run.fail(node);
    expect([run.errorCode, run.task('b').error?.code]).toEqual(['max_steps', 'boom']);
    run.mail('retry');
    expect(run.task('b').status).toBe('ready');
    run.succeed('b');
    expect(run.status).toBe('succeeded');
  });

  test('B5: a breakpoint that is passed to where a loop may not lead ends the run', () => {
    const run = new Scenario(withNodes(loop, { state: way, maxSteps: 1, interruptAfter: ['again'] }));
    run.succeed('work');
    answer(run, null);
    run.succeed('work');
    answer(run, null);
    expect([run.errorCode, run.task('again').status]).toEqual(['max_steps', 'failed']);
  });

  test('B4: a goto to the target of a send fails its task', () => {
    const nodes = {
      a: echo,
      each: { type: 'send', items: [1], target: 'item', needs: ['a'] },
      item: { ...echo, with: '${item}' },
    };
    const run = new Scenario(withNodes(nodes));
    run.succeed('a', null, { goto: ['item'] });
    expect(run.errorCode).toBe('invalid_goto');
  });
});

describe('a retry', () => {
  test('B8: asks for a breakpoint before a node that nobody has passed again, under a new id', () => {
    const run = new Scenario(withNodes({ a: echo, b: echo }, { interruptBefore: ['b'] }));
    const id = questionOf(run, 'b');
    run.fail('a');
    run.mail('retry');
    run.succeed('a');
    expect([run.status, run.task('b').status]).toEqual(['interrupted', 'waiting']);
    answer(run, [id]);
    expect(run.task('b').status).toBe('waiting');
    answer(run, [questionOf(run, 'b')]);
    expect(run.task('b').status).toBe('ready');
  });

  test('B8: keeps the result that a breakpoint holds back', () => {
    const state = { log: { type: 'array', reducer: 'append' } };
    const run = new Scenario(
      withNodes(
        { a: echo, b: { ...echo, output: 'log' }, c: { ...after('b'), with: '${b}' } },
        { state, interruptAfter: ['b'] },
      ),
    );
    run.succeed('b', 'once');
    run.fail('a');
    run.mail('retry');
    answer(run, null);
    expect([run.input('c'), run.rows.channel('log')?.deltas]).toEqual(['once', ['once']]);
  });

  test('C1: of a run that is interrupted at once keeps its epoch', () => {
    const run = new Scenario(
      withNodes({ a: { type: 'interrupt', expiresMs: 9 }, b: echo }, { interruptBefore: ['b'] }),
    );
    run.fire('a', 'expire');
    run.mail('retry');
    expect(run.rows.head).toMatchObject({ status: 'interrupted', epoch: 1, live: 0, asking: 2 });
  });

  const sends = (parts: object) => ({ type: 'send', items: [1, 2], target: 'item', ...parts });

  test('B7: goes on from what the items of a failed send have done since', () => {
    const run = new Scenario(withNodes({ each: sends({ onFailure: 'skipDependents' }), item: echo }));
    run.fail('each#0[0]/item#0');
    run.succeed('each#0[1]/item#0', 'two');
    expect(run.errorCode).toBe('tasks_failed');
    run.mail('retry');
    run.succeed('each#0[0]/item#0', 'one');
    expect([run.status, run.rows.itemsOf('each#0')]).toEqual(['succeeded', ['one', 'two']]);
  });

  test('B7: settles a send again whose items have all ended and whose result was refused', () => {
    const state = { sum: { type: 'number', reducer: 'add' } };
    const run = new Scenario(withNodes({ each: sends({ output: 'sum' }), item: echo }, { state }));
    for (const index of [0, 1]) run.succeed(`each#0[${index}]/item#0`);
    expect(run.status).toBe('failed');
    run.mail('retry');
    expect([run.status, run.task('each').status]).toEqual(['failed', 'failed']);
  });

  test('B7: leaves the items of a send alone whose failure the run had swallowed', () => {
    const run = new Scenario(withNodes({ each: sends({ onFailure: 'continue' }), item: echo, other: echo }));
    run.fail('each#0[0]/item#0');
    run.fail('other');
    run.mail('retry');
    expect([run.task('each#0[1]/item#0').status, run.rows.head.live]).toEqual(['cancelled', 1]);
  });

  test('B7: leaves no count open of a send within a send whose failure the run had swallowed', () => {
    const inner = sends({ items: [1, 2], target: 'leaf' });
    const run = new Scenario(
      withNodes({ each: sends({ onFailure: 'continue' }), item: inner, leaf: echo, other: echo }),
    );
    run.fail('each#0[0]/item#0[0]/leaf#0');
    run.fail('other');
    run.mail('retry');
    run.succeed('other');
    expect([run.status, run.rows.head.openJoins]).toEqual(['succeeded', 0]);
  });

  test('B7: takes a send back with its items, where it had waited for what is done again', () => {
    const nodes = {
      a: skips,
      each: { ...sends({ needs: ['a'], join: 'allDone' }), items: '${state.list}' },
      item: echo,
    };
    const run = new Scenario(withNodes(nodes, { state: { list: { type: 'any', default: [1, 2] } } }));
    run.fail('a');
    run.succeed('each#0[0]/item#0');
    run.fail('each#0[1]/item#0');
    run.mail('retry');
    expect(run.statuses).toEqual({ a: 'ready' });
    run.succeed('a', null, { stateUpdates: { list: [3] } });
    run.succeed('each#0[0]/item#0', 'three');
    expect([run.status, run.rows.itemsOf('each#0')]).toEqual(['succeeded', ['three']]);
  });
});

describe('mail', () => {
  test('A10: a kept signal that its wait cannot use is used up all the same', () => {
    const state = { n: { type: 'number', reducer: 'add' } };
    const nodes = {
      work: echo,
      pause: { type: 'wait', signal: 'go', needs: ['work'], output: 'n', onFailure: 'continue' },
    };
    const run = new Scenario(withNodes(nodes, { state }));
    run.mail('signal', { name: 'go', payload: 'no number' });
    run.succeed('work');
    expect([run.status, run.task('pause').status, run.rows.head.kept]).toEqual(['succeeded', 'failed', 0]);
  });

  test('A10: late news of a child do not disturb the pause before the next one', () => {
    const run = new Scenario(withNodes({ sub: { type: 'subgraph', workflow: 'w', retry: { maxAttempts: 2 } } }));
    child(run, 'sub#0', 'child_ended', { status: 'failed', output: null, error: null, step: 5 });
    child(run, 'sub#0', 'child_asks');
    expect([run.status, run.task('sub').waits]).toEqual(['running', 'retry']);
    run.fire('sub', 'retry');
    expect(run.rows.sent.filter(({ kind }) => kind === 'start')).toHaveLength(2);
  });

  const names = Array.from({ length: 150 }, (_, index) => `q${index}`);
  const ends = names.map((name) => [`end-${name}`, after(name)] as const);

  test('B10: the news of many children are read in a few rounds', () => {
    const subs = names.map((name) => [name, { type: 'subgraph', workflow: 'w' }] as const);
    const run = new Scenario(withNodes(Object.fromEntries([...subs, ...ends])));
    run.goOn();
    for (const { to, payload } of run.rows.sent) {
      const { key } = payload['parent'] as { key: string };
      run.rows.send('child_ended', { key, runId: to, step: 1, status: 'succeeded', output: 1 }, key);
    }
    run.settle({ type: 'advance' });
    expect([run.rounds, run.rows.head.live]).toEqual([2, 150]);
  });

  test('B10: many answers, and many signals, are read in a few rounds', () => {
    const asks = names.map((name) => [name, { type: 'interrupt' }] as const);
    const asking = new Scenario(withNodes(Object.fromEntries([...asks, ...ends])));
    asking.goOn();
    const answers = Object.fromEntries(names.map((name) => [questionOf(asking, name), 1]));
    asking.rows.send('answer', { answers, stateUpdates: null, by: null });
    asking.settle({ type: 'advance' });
    expect([asking.rounds, asking.rows.head.live]).toEqual([3, 150]);
    const waits = names.map((name) => [name, { type: 'wait', signal: 'go' }] as const);
    const waiting = new Scenario(withNodes(Object.fromEntries([...waits, ...ends])));
    waiting.goOn();
    for (const name of names) waiting.rows.send('signal', { name: 'go', payload: 1 }, name);
    waiting.settle({ type: 'advance' });
    expect([waiting.rounds, waiting.rows.head.live]).toEqual([3, 150]);
  });

  test('B8: a breakpoint that comes up by one message is passed by the next, in one decision', () => {
    const nodes = { ask: { type: 'interrupt' }, b: after('ask') };
    const run = new Scenario(withNodes(nodes, { interruptBefore: ['b'] }));
    const answers = { [questionOf(run, 'ask')]: 1 };
    run.rows.send('answer', { answers, stateUpdates: null, by: null }, 'one');
    run.rows.send('answer', { answers: null, stateUpdates: null, by: null }, 'two');
    run.run({ type: 'advance' });
    expect(run.task('b').status).toBe('ready');
  });

  test('A12: the time of a question does not run on at the breakpoint after it', () => {
    const run = new Scenario(
      withNodes({ ask: { type: 'interrupt', expiresMs: 9, default: 1 } }, { interruptAfter: ['ask'] }),
    );
    const timer = { type: 'timer', key: 'ask#0', kind: 'expire', attempt: 1 } as const;
    expect(run.run(timer, timer)).toEqual([true, false]);
    expect(run.journal()).toEqual(['run_started', 'task_waiting ask', 'task_succeeded ask']);
  });

  test('C1: what waits is closed in the order in which it was armed, whatever was read first', () => {
    const run = new Scenario(
      withNodes({ b: { type: 'subgraph', workflow: 'w' }, a: { type: 'subgraph', workflow: 'w' } }),
    );
    run.rows.tasks.reverse();
    run.mail('cancel');
    const of = (kind: string) => run.rows.sent.filter((mail) => mail.kind === kind).map(({ to }) => to);
    expect(of('cancel')).toEqual(of('start').toReversed());
  });
});

describe('a send', () => {
  test.each([{}, { output: 'all' }])(
    'B7: whose output is read as it ends stores it with its items only: %o',
    (parts) => {
      const nodes = {
        each: { type: 'send', items: [1, 2], target: 'item', ...parts },
        item: echo,
        end: { ...after('each'), when: 'nodes.each[1] == "b"' },
      };
      const run = new Scenario(withNodes(nodes, { state: { all: { type: 'array' } } }));
      run.succeed('each#0[0]/item#0', 'a');
      run.succeed('each#0[1]/item#0', 'b');
      expect([run.task('end').status, run.task('each').output]).toEqual(['ready', null]);
    },
  );
});

describe('a fork of a run that has failed', () => {
  test('C3: does that again which was not allowed to go back, although its own failure says nothing of that', () => {
    const nodes = {
      a: echo,
      b: { ...echo, needs: ['a'], onFailure: { goto: 'a' } },
      c: { ...echo, needs: ['a', 'b'] },
    };
    const state = { n: { type: 'number', default: 0 } };
    const run = new Scenario(withNodes(nodes, { state, maxSteps: 1 }));
    for (const iteration of [0, 1]) {
      run.succeed(`a#${iteration}`);
      run.fail(`b#${iteration}`);
    }
    expect(run.errorCode).toBe('max_steps');
    const fork = run.fork(run.rows.head.step, { updates: [['n', 1]] });
    expect(fork.task('b#1')).toMatchObject({ status: 'ready', attempt: 2 });
  });
});
