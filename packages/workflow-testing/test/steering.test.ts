import { describe, expect, test } from 'vitest';

import { testWorkflow } from '../src/index.ts';

const flow = (nodes: object, rest: object = {}) => ({ name: 'flow', nodes, ...rest });
const echo = (value: unknown, rest: object = {}) => ({ type: 'task', uses: 'echo', with: value, ...rest });

describe('virtual time', () => {
  test('skips a week in no time', async () => {
    const t = await testWorkflow(
      flow({ week: { type: 'wait', ms: 604_800_000 }, end: echo('${input}', { needs: ['week'] }) }),
      { now: '2026-03-01' },
    );
    const startedAt = performance.now();
    const result = await t.run();

    expect(result).toMatchObject({ status: 'succeeded', durationMs: 604_800_000 });
    expect(new Date(t.now).toISOString()).toBe('2026-03-08T00:00:00.000Z');
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  test('does not pass while only somebody outside can move the run', async () => {
    const nodes = {
      paid: { type: 'wait', signal: 'paid', timeoutMs: 3_600_000 },
      end: echo('${paid}', { needs: ['paid'] }),
    };
    const t = await testWorkflow(flow(nodes));
    const standing = await t.run();
    await t.signal('paid', { amount: 5 });
    const result = await t.run();

    expect(standing).toMatchObject({
      status: 'running',
      durationMs: 0,
      waiting: [{ node: 'paid', for: 'signal', signal: 'paid', untilMs: 3_600_000 }],
    });
    expect(result).toMatchObject({ status: 'succeeded', output: { amount: 5 }, durationMs: 0 });
  });

  test('passes over what nobody answers when it is let', async () => {
    const nodes = {
      ask: { type: 'interrupt', expiresMs: 60_000, default: 'no' },
      paid: { type: 'wait', signal: 'paid', timeoutMs: 3_600_000 },
    };
    const expiring = await testWorkflow(flow(nodes));
    const advanced = await testWorkflow(flow(nodes));
    await advanced.run();
    const between = await advanced.advance('2m');

    expect(await expiring.run({ letExpire: true })).toMatchObject({
      status: 'failed',
      error: { code: 'signal_timeout' },
      durationMs: 3_600_000,
    });
    expect(between.outputOf('ask')).toBe('no');
    expect(between).toMatchObject({ status: 'running', waiting: [{ node: 'paid' }] });
    expect(await advanced.advance('58m')).toMatchObject({ status: 'failed' });
  });

  test('passes over an expiry on the way to something else', async () => {
    const nodes = { ask: { type: 'interrupt', expiresMs: 1000, default: 'no' }, pause: { type: 'wait', ms: 5000 } };
    const result = await (await testWorkflow(flow(nodes))).run();

    expect(result.settled.map(({ node, atMs }) => [node, atMs])).toEqual([
      ['ask', 1000],
      ['pause', 5000],
    ]);
  });

  test('has things done in the middle', async () => {
    const t = await testWorkflow(
      flow({ slow: { type: 'task', uses: 'http' }, paid: { type: 'wait', signal: 'paid', needs: ['slow'] } }),
    );
    t.node('slow').returns(1).takes('10s');
    t.after('3s', (run) => run.signal('paid', 'early')).after('20s', (run) => run.cancel('too late'));

    expect(await t.run()).toMatchObject({ status: 'succeeded', output: 'early', durationMs: 10_000 });
  });
});

describe('questions', () => {
  const ask = { type: 'interrupt', message: 'Ship {{ input.what }}?', answerSchema: { type: 'boolean' } };
  const nodes = { ask, end: echo('${ask}', { needs: ['ask'] }) };

  test('are answered by the node that asks, and checked as everywhere', async () => {
    const t = await testWorkflow(flow(nodes), { input: { what: 'it' } });
    const standing = await t.run();

    expect(standing).toMatchObject({
      status: 'interrupted',
      questions: [{ node: 'ask', message: 'Ship it?', at: 'node' }],
    });
    await expect(t.answer('ask', 'yes')).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(t.answer('end', true)).rejects.toThrow(
      /no question of "end" is open; these questions are:\n {2}ask asks \(.*\): Ship it\?/,
    );
    await t.answer('ask', true, { by: 'ada' });
    const result = await t.run();
    expect(result).toMatchObject({ output: true });
    expect(result.steps.find(({ type }) => type === 'answered')?.facts.answer).toMatchObject({ by: 'ada' });
    await expect(t.answer('ask', true)).rejects.toThrow('nothing is asked');
  });

  test('that have an answer ready get it as they are asked, each time the next one', async () => {
    const loop = {
      ask: { type: 'interrupt' },
      again: {
        type: 'route',
        on: "nodes.ask == 'done' ? 'out' : 'again'",
        routes: { again: 'ask', out: 'end' },
        needs: ['ask'],
      },
      end: echo('end'),
    };
    const t = await testWorkflow(flow(loop));
    t.whenAsked('ask', 'more', { after: '1h' })
      .whenAsked('ask', ({ key }) => key)
      .whenAsked('ask', 'done');
    const result = await t.run();

    expect(result).toMatchObject({ status: 'succeeded', durationMs: 3_600_000 });
    expect(result.path).toEqual(['ask', 'again', 'ask#1', 'again#1', 'ask#2', 'again#2', 'end#2']);
    expect(result.tasks('ask').map(({ output }) => output)).toEqual(['more', 'ask#1', 'done']);
    expect(() => t.whenAsked('agian', 1)).toThrow('did you mean "again"?');
  });

  test('of breakpoints are passed', async () => {
    const t = await testWorkflow(
      flow(
        { a: echo(1), b: echo('${state.n}', { needs: ['a'] }) },
        { interruptBefore: ['b'], state: { n: { type: 'number' } } },
      ),
    );

    expect(await t.run()).toMatchObject({ status: 'interrupted', waiting: [{ node: 'b', for: 'answer' }] });
    await t.resume({ stateUpdates: { n: 3 } });
    expect(await t.run()).toMatchObject({ status: 'succeeded', output: 3 });
    await expect(t.resume()).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('a run', () => {
  test('takes updates of its state, at once and after a node', async () => {
    const state = { log: { type: 'array', reducer: 'append', default: [] } };
    const t = await testWorkflow(
      flow(
        {
          gate: { type: 'wait', signal: 'go' },
          b: echo(1, { needs: ['gate'], output: 'log' }),
          c: echo('${state.log}', { needs: ['b'] }),
        },
        { state },
      ),
    );
    await t.run();
    await t.inject({ log: 'now' });
    await t.inject({ log: 'behind b' }, { afterNode: 'b' });
    await expect(t.inject({ lag: 1 })).rejects.toMatchObject({ code: 'invalid_input' });
    await t.signal('go');
    const result = await t.run();

    expect(result.output).toEqual(['now', 1, 'behind b']);
    expect(result.stateAt(1)).toEqual({ log: [] });
    expect(result.stateAt(result.steps.length)).toEqual(result.state);
    expect(() => result.stateAt(99)).toThrow('there is no step 99');
  });

  test('can be cancelled and retried', async () => {
    const cancelled = await testWorkflow(flow({ ask: { type: 'interrupt' } }));
    await cancelled.run();
    await cancelled.cancel('enough');
    const retried = await testWorkflow(
      flow({ a: { type: 'task', uses: 'http' }, slow: { type: 'task', uses: 'http' } }),
    );
    retried.node('a').fails({ retryable: false }, 1).returns(1);
    retried.node('slow').returns(2).takes('5s');
    const failed = await retried.run();
    await retried.retry();

    expect(await cancelled.run()).toMatchObject({ status: 'cancelled', error: { message: 'enough' }, waiting: [] });
    expect(failed).toMatchObject({ status: 'failed' });
    expect(failed.calls('slow')).toMatchObject([{ result: 'aborted' }]);
    expect(await retried.run()).toMatchObject({ status: 'succeeded', output: { a: 1, slow: 2 } });
    await expect(retried.retry()).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('a replay', () => {
  test('goes on from a step of the past, with another state', async () => {
    const nodes = {
      a: echo(1),
      b: { type: 'task', uses: 'http', needs: ['a'] },
      c: echo(['${b}', '${state.n}'], { needs: ['b'] }),
    };
    const t = await testWorkflow(flow(nodes, { state: { n: { type: 'number', default: 0 } } }));
    t.node('b').returnsOnce('first').returns('second');
    const first = await t.run();
    await t.replay(2, { stateUpdates: { n: 5 } });
    const again = await t.run();

    expect(first.output).toEqual(['first', 0]);
    expect(again).toMatchObject({ status: 'succeeded', output: ['second', 5] });
    expect(again.journal()).toContain('replayed');
    expect(again.stateAt(2)).toEqual({ n: 0 });
  });
});

describe('child runs', () => {
  const parent = flow({
    part: { type: 'subgraph', workflow: 'billing', input: { n: '${input.n}' } },
    end: echo('${part}', { needs: ['part'] }),
  });
  const billing = {
    name: 'billing',
    nodes: {
      ask: { type: 'interrupt', message: 'Bill?' },
      bill: { type: 'task', uses: 'http', with: { n: '${input.n}', ok: '${ask}' }, needs: ['ask'] },
    },
  };

  test('run with scripts of their own, and their questions can be answered', async () => {
    const t = await testWorkflow(parent, { workflows: [billing], input: { n: 3 } });
    t.node('billing/bill').does(({ n, ok }) => ({ billed: n, ok }));
    expect(await t.run()).toMatchObject({ status: 'interrupted', questions: [{ workflow: 'billing', node: 'ask' }] });
    await t.answer('billing/ask', 'yes');
    const result = await t.run();

    expect(result).toMatchObject({
      status: 'succeeded',
      output: { billed: 3, ok: 'yes' },
      children: [{ node: 'part', run: { status: 'succeeded', path: ['ask', 'bill'] } }],
    });
  });

  test('are replaced by a script of the node that would start them', async () => {
    const t = await testWorkflow(parent, { input: { n: 3 } });
    t.node('part').returns('stood in', { takes: '1m' });
    const failing = await testWorkflow(parent, { workflows: [billing] });
    failing.node('part').fails({ code: 'no_credit' });

    const result = await t.run();
    expect(result).toMatchObject({ output: 'stood in', durationMs: 60_000, children: [] });
    expect(result.inputs('part')).toEqual([{ n: 3 }]);
    expect(await failing.run()).toMatchObject({
      status: 'failed',
      error: { code: 'child_failed', details: { error: { code: 'no_credit' } } },
    });
  });

  test('that the test does not have are named', async () => {
    const t = await testWorkflow(parent);

    await expect(t.run()).rejects.toThrow(
      'the node "part" starts the workflow "billing", which the test does not have',
    );
  });
});

describe('cached tasks', () => {
  const cached = (rest: object = {}) => ({
    type: 'task',
    uses: 'http',
    with: { same: true },
    cache: { ttlMs: 60_000 },
    ...rest,
  });

  test('run once for equal calls, also at the same time', async () => {
    const nodes = {
      a: cached(),
      b: cached(),
      c: cached({ needs: ['a'] }),
      pause: { type: 'wait', ms: 60_000, needs: ['c'] },
      d: cached({ needs: ['pause'] }),
    };
    const t = await testWorkflow(flow(nodes, { output: ['${a}', '${b}', '${c}', '${d}'] }));
    t.node('a').returns('first').takes('1s');
    t.node('d').returns('anew');
    const result = await t.run();

    expect(result.output).toEqual(['first', 'first', 'first', 'anew']);
    expect(result.calls().map(({ node, result: what }) => `${node} ${what}`)).toEqual([
      'a succeeded',
      'b cached',
      'c cached',
      'd succeeded',
    ]);
    expect(result.called('b')).toBe(0);
  });

  test('run themselves when the one that they waited for fails', async () => {
    const t = await testWorkflow(
      flow({ a: cached({ onFailure: 'continue' }), b: cached(), c: cached() }, { output: ['${a}', '${b}', '${c}'] }),
    );
    t.node('a').fails({ retryable: false }).takes('1s');
    t.node('b').returns('of b').takes('1s');
    const result = await t.run();

    expect(result).toMatchObject({ output: [null, 'of b', 'of b'], durationMs: 2000 });
  });
});
