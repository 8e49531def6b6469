import { describe, expect, test } from 'vitest';

import { testWorkflow } from '../src/index.ts';
import { asRecorded } from './as-recorded.ts';

const task = (rest: object = {}) => ({ type: 'task', uses: 'http', ...rest });
const echo = (value: unknown, rest: object = {}) => ({ type: 'task', uses: 'echo', with: value, ...rest });
const state = { n: { type: 'number', default: 0 } };
const nodes = { a: task(), b: task({ needs: ['a'] }), c: echo(['${a}', '${b}', '${state.n}'], { needs: ['b'] }) };
const flow = { name: 'flow', state, nodes };

const v1 = {
  name: 'flow',
  state,
  nodes: { a: task(), gate: { type: 'wait', signal: 'go', timeoutMs: 1000, needs: ['a'] } },
};
const v2 = {
  ...v1,
  state: { ...state, m: { type: 'number', default: 7 } },
  nodes: { ...v1.nodes, late: task({ needs: ['gate'], with: '${state.m}' }) },
};

describe('a fork', () => {
  test('is another run that goes on from a step of this one, with another state, and leaves this one as it was', async () => {
    const t = await testWorkflow(flow);
    t.node('a').returns('a');
    t.node('b').returnsOnce('first').returns('second');
    const before = await t.run();
    const fork = await t.fork(2, { stateUpdates: { n: 5 } });
    const after = await fork.run();

    expect(after).toMatchObject({ status: 'succeeded', output: ['a', 'second', 5], path: ['b', 'c'] });
    expect(after.journal()[0]).toBe('forked');
    expect(after.called('a')).toBe(0);
    expect(after.inputs('b')).toHaveLength(1);
    expect(before.output).toEqual(['a', 'first', 0]);
    expect(plain(await t.result())).toEqual(plain(before));
  });

  test('of a run that waits asks its own question, and survives a crash of all processes', async () => {
    const asks = { ask: { type: 'interrupt', message: 'Go on?' }, end: echo('${ask}', { needs: ['ask'] }) };
    const t = await testWorkflow({ name: 'asks', nodes: asks });
    await t.run();
    const fork = await t.fork();
    await fork.run();
    await fork.crash();
    await fork.answer('ask', 'fork');

    expect(await fork.run()).toMatchObject({ status: 'succeeded', output: 'fork', questions: [] });
    expect((await t.result()).questions).toHaveLength(1);
    await t.answer('ask', 'first');
    expect((await t.run()).output).toBe('first');
  });

  test('may follow another version of the workflow, whose nodes have scripts', async () => {
    const t = await testWorkflow(flow);
    t.node('a').returns('a');
    t.node('b').fails({ retryable: false });
    await t.run();
    const fork = await t.fork(2, { workflow: { ...flow, nodes: { ...nodes, d: task({ needs: ['c'] }) } } });
    fork.node('b').returns('b');
    fork.node('d').returns('d');

    expect(await fork.run()).toMatchObject({ status: 'succeeded', output: 'd' });
    await expect(t.fork(99)).rejects.toMatchObject({ code: 'not_found' });
    await expect(t.fork(2, { workflow: { ...flow, name: 'other' } })).rejects.toThrow(
      '"other" is no version of the workflow "flow"',
    );
  });
});

describe('a move to another version', () => {
  test('lets the run go on with the new document, also after a crash', async () => {
    const t = await testWorkflow(v1);
    t.node('a').returns(1);
    await t.run();
    const asked = await t.migrate(v2, { dryRun: true });
    const moved = await t.migrate(v2);
    t.node('late').returns('late');
    await t.crash();
    await t.signal('go');
    const result = await t.run();

    expect([asked, moved]).toMatchObject([
      { from: 1, to: 2, fits: true, migrated: false },
      { from: 1, to: 2, fits: true, migrated: true },
    ]);
    expect(result).toMatchObject({ status: 'succeeded', output: 'late' });
    expect(result.inputs('late')).toEqual([7]);
    expect(result.stateAt(1)).toEqual({ n: 0 });
    expect(result.state).toEqual({ n: 0, m: 7 });
  });

  test('tells what does not fit', async () => {
    const t = await testWorkflow(v1);
    t.node('a').returns(1);
    await t.run();

    await expect(t.migrate({ ...v1, nodes: { a: task() } })).rejects.toMatchObject({ code: 'version_misfit' });
    expect(await t.migrate({ ...v1, nodes: { a: task() } }, { dryRun: true })).toMatchObject({
      fits: false,
      problems: [{ pointer: '/nodes', message: expect.stringContaining('gate') }],
    });
  });

  test('may be taken back by a replay', async () => {
    const t = await testWorkflow(v1);
    t.node('a').returns(1);
    await t.run();
    await t.migrate(v2);
    await t.replay(2);
    await t.signal('go');
    const result = await t.run();

    expect(result).toMatchObject({ status: 'succeeded', state: { n: 0 } });
    expect(result.path).not.toContain('late');
  });
});

describe('a recording', () => {
  test('is refused of a run that was replayed, or moved to another version', async () => {
    const replayed = await testWorkflow(flow, { unscripted: 'echo' });
    await replayed.run();
    await replayed.replay(2);
    const moved = await testWorkflow(v1, { unscripted: 'echo' });
    await moved.run();
    await moved.migrate(v2);
    await moved.signal('go');
    const [one, other] = [await replayed.run(), await moved.run()];

    expect(() => asRecorded(one, replayed.document)).toThrow('only a run of one line of steps is recorded');
    expect(() => asRecorded(other, moved.document)).toThrow('only a run of one version is recorded');
  });
});

/** Without functions, of which no two are equal. */
function plain(result: object): unknown {
  return JSON.parse(JSON.stringify(result));
}
