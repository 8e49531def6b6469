/** Two runs beside each other over the API, on a whole engine. */
import type { CheckpointDiff, ComparedNode, Json, Run, RunComparison, Step } from '@weft/contract';
import type { Executor } from '@weft/engine/ports';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

const PATIENCE = { timeout: 20_000 };

/** Says what it is told, and spends a token for each letter; it may fail the first time. */
const speak: Executor['run'] = async ({ input, attempt }) => {
  const { say, value, failsOnce } = input as { say: string; value?: Json; failsOnce?: boolean };
  const usage = { inputTokens: say.length, outputTokens: 1, usd: 0.5 };
  if (failsOnce && attempt === 1)
    return { kind: 'failed', usage, error: { code: 'boom', message: 'it broke', retryable: true } };
  return { kind: 'succeeded', output: value ?? { text: say, length: say.length }, usage };
};

let api: ApiRig;
beforeAll(async () => {
  api = await createApiRig({ speak });
});
afterAll(() => api.stop());

async function read<T>(url: string): Promise<T> {
  const answer = await api.get(url);
  expect([url, answer.statusCode, answer.json()]).toMatchObject([url, 200, {}]);
  return answer.json();
}

const start = async (workflow: object, input: object = {}): Promise<Run> =>
  (await api.post('/v1/runs?wait=20s', { workflow, input })).json();

const ended = (id: string): Promise<Run> =>
  vi.waitFor(async () => {
    const run = await read<Run>(`/v1/runs/${id}`);
    expect(run.endedAt).not.toBeNull();
    return run;
  }, PATIENCE);

async function branch(run: Run, action: 'fork' | 'rerun' | 'replay', body: object): Promise<Run> {
  const answer = await api.post(`/v1/runs/${run.id}/${action}`, body);
  expect([answer.json(), answer.statusCode]).toEqual([expect.anything(), action === 'replay' ? 200 : 201]);
  return ended(answer.json<Run>().id);
}

async function stepOf(run: Run, node: string): Promise<number> {
  const { items } = await read<{ items: Step[] }>(`/v1/runs/${run.id}/steps?limit=200`);
  return items.find((step) => step.node === node && step.type.startsWith('task_'))?.step ?? 0;
}

const compare = (from: Run, to: Run): Promise<RunComparison> => read(`/v1/runs/${from.id}/compare?other=${to.id}`);
const nodeOf = ({ nodes }: RunComparison, name: string): ComparedNode | undefined =>
  nodes.find(({ node }) => node === name);

const say = (text: string, parts: object = {}) => ({ type: 'task', uses: 'speak', with: { say: text }, ...parts });

const research = {
  name: 'inquiry',
  state: { notes: { type: 'array', reducer: 'append', default: [] } },
  nodes: {
    write: say('on ${search.text}', { needs: ['search'], output: 'notes' }),
    search: say('look for ${plan.text}', { needs: ['plan'], output: 'notes' }),
    topic: say('topic', { output: 'notes' }),
    plan: say('short', { needs: ['topic'], output: 'notes' }),
  },
  output: '${write.text}',
};

describe('a fork beside its original', () => {
  test('shows what was edited, what it led to, and what was taken over', async () => {
    const run = await start(research);
    const step = await stepOf(run, 'topic');
    const fork = await branch(run, 'fork', { step, nodeOverrides: { plan: { with: { say: 'at length' } } } });
    const comparison = await compare(run, fork);

    expect(comparison).toMatchObject({
      from: { id: run.id, status: 'succeeded', usage: run.usage, keptUsage: { inputTokens: 0, usd: 0 } },
      to: {
        id: fork.id,
        forkedFrom: { runId: run.id, step },
        usage: fork.usage,
        keptUsage: { inputTokens: 5, usd: 0.5 },
      },
      relation: 'fork',
      common: { runId: run.id, step },
      workflow: {
        count: 1,
        keys: [],
        nodes: [
          {
            node: 'plan',
            change: 'changed',
            differences: { items: [{ op: 'replace', path: '/with/say', was: 'short', value: 'at length' }], count: 1 },
          },
        ],
      },
      input: { count: 0 },
      config: { count: 0 },
      state: {
        count: 6,
        items: [{ path: '/notes/1/length', was: 5, value: 9 }, { path: '/notes/1/text' }, {}, {}, {}, {}],
      },
      output: { items: [{ op: 'replace', path: '', was: 'on look for short', value: 'on look for at length' }] },
      nodeCount: 4,
    });
    expect(comparison.nodes.map(({ node }) => node)).toEqual(['topic', 'plan', 'search', 'write']);
    expect(nodeOf(comparison, 'topic')).toMatchObject({
      from: {
        status: 'succeeded',
        tasks: 1,
        kept: 0,
        attempts: 1,
        usage: { inputTokens: 5, outputTokens: 1, usd: 0.5 },
      },
      to: { status: 'succeeded', tasks: 1, kept: 1 },
      outputs: { equal: 1, different: 0 },
    });
    expect(nodeOf(comparison, 'plan')).toMatchObject({
      to: { kept: 0, usage: { inputTokens: 9 } },
      outputs: {
        equal: 0,
        different: 1,
        first: {
          key: 'plan#0',
          differences: { items: [{ path: '/length' }, { path: '/text', was: 'short' }], count: 2 },
        },
      },
    });
    expect(comparison.from.durationMs).toBeGreaterThanOrEqual(0);
  });

  test('is the same the other way round, and of itself nothing differs', async () => {
    const run = await start(research);
    const step = await stepOf(run, 'plan');
    const [one, two] = [await branch(run, 'fork', { step }), await branch(run, 'fork', { step: step - 1 })];

    expect(await compare(one, run)).toMatchObject({ relation: 'original', common: { runId: run.id, step } });
    expect(await compare(one, two)).toMatchObject({
      relation: 'siblings',
      common: { runId: run.id, step: step - 1 },
      workflow: { count: 0 },
      output: { count: 0 },
    });
    expect(await compare(run, run)).toMatchObject({ relation: 'same', state: { count: 0 } });
    expect(await compare(run, await start(research))).toMatchObject({ relation: 'none', common: null });
  });

  test('has the last step in common that a replay has left on the way of both', async () => {
    const run = await start(research);
    const step = await stepOf(run, 'search');
    const fork = await branch(run, 'fork', { step });
    await branch(run, 'replay', { step: step - 1 });

    expect(await compare(run, fork)).toMatchObject({ relation: 'fork', common: { runId: run.id, step: step - 1 } });
  });

  test('counts attempts, and both the tasks and the outputs of sends', async () => {
    const document = {
      name: 'many',
      nodes: {
        each: { type: 'send', items: '${input.items}', target: 'work' },
        work: say('${item}', { retry: { maxAttempts: 2, initialMs: 1 }, with: { say: '${item}', failsOnce: true } }),
      },
    };
    const run = await start(document, { items: ['a', 'b', 'c'] });
    const again = await branch(run, 'rerun', { input: { items: ['a', 'x', 'y', 'z'] } });
    const comparison = await compare(run, again);

    expect(comparison).toMatchObject({
      relation: 'fork',
      common: { runId: run.id, step: 0 },
      input: {
        count: 3,
        items: [{ op: 'replace', path: '/items/1' }, {}, { op: 'add', path: '/items/-', value: 'z' }],
      },
    });
    const outputs = { equal: 1, different: 2, onlyFrom: 0, onlyTo: 1 };
    expect(comparison.nodes).toMatchObject([
      { node: 'each', from: { tasks: 1 }, to: { tasks: 1 }, outputs },
      {
        node: 'work',
        from: { tasks: 3, attempts: 6, usage: { inputTokens: 6, outputTokens: 6, usd: 3 } },
        to: { tasks: 4, attempts: 8 },
        outputs: { ...outputs, first: { key: 'each#0[1]/work#0' } },
      },
    ]);
  });

  test('may be of another workflow, whose nodes stand beside', async () => {
    const run = await start(research);
    const { nodes } = research;
    const other = await start({
      ...research,
      name: 'other',
      nodes: { ...nodes, check: say('x', { needs: ['write'] }) },
    });
    const comparison = await compare(run, other);

    expect(comparison.workflow).toMatchObject({ nodes: [{ node: 'check', change: 'added' }], keys: ['name'] });
    expect(nodeOf(comparison, 'check')).toMatchObject({
      from: null,
      to: { status: 'succeeded' },
      outputs: { onlyTo: 1 },
    });
  });

  test('leaves out values that are long', async () => {
    const echo = (value: string) => ({
      name: 'long',
      nodes: { a: { type: 'task', uses: 'speak', with: { say: 'x', value } } },
    });
    const [one, two] = [await start(echo('x'.repeat(900))), await start(echo('y'.repeat(2000)))];

    expect((await compare(one, two)).output).toEqual({
      items: [{ op: 'replace', path: '', was: 'x'.repeat(900) }],
      count: 1,
    });
  });

  test('that is not there is named', async () => {
    const run = await start(research);
    const gone = '0198a000-0000-7000-8000-00000000000a';
    for (const [url, name] of [
      [`/v1/runs/${run.id}/compare?other=${gone}`, gone],
      [`/v1/runs/${gone}/compare?other=${run.id}`, gone],
      [`/v1/runs/${run.id}/compare?other=nobody`, 'nobody'],
      [`/v1/runs/${run.id}/diff?from=1&to=1&other=${gone}`, gone],
    ] as const) {
      const answer = await api.get(url);
      expect([answer.statusCode, answer.json().detail]).toEqual([404, expect.stringContaining(name)]);
    }
    expect((await api.get(`/v1/runs/${run.id}/compare`)).statusCode).toBe(422);
  });
});

describe('what a diff says was spent', () => {
  const spent = async (run: Run, from: number, to: number, other = run) =>
    (await read<CheckpointDiff>(`/v1/runs/${run.id}/diff?from=${from}&to=${to}&other=${other.id}`)).usage;

  test('is what attempts had cost by then, those that failed included', async () => {
    const nodes = {
      a: say('four', { retry: { maxAttempts: 2, initialMs: 1 }, with: { say: 'four', failsOnce: true } }),
      b: say('b', { needs: ['a'] }),
    };
    const run = await start({ name: 'spending', nodes });
    const { items } = await read<{ items: Step[] }>(`/v1/runs/${run.id}/steps`);
    const retried = items.find(({ type }) => type === 'task_retried')?.step ?? 0;
    const settled = items.find(({ type, node }) => type === 'task_succeeded' && node === 'a')?.step ?? 0;

    expect(await spent(run, 1, retried)).toMatchObject({
      from: { inputTokens: 0, usd: 0 },
      to: { inputTokens: 4, usd: 0.5 },
    });
    expect(await spent(run, settled, run.step)).toEqual({
      from: { inputTokens: 8, outputTokens: 2, usd: 1 },
      to: run.usage,
    });
  });

  test('leaves out what was spent on a branch that was left, but counts it on that branch', async () => {
    const run = await start(research);
    const step = await stepOf(run, 'topic');
    const replayed = await branch(run, 'replay', { step });

    expect(await spent(run, run.step, replayed.step)).toEqual({ from: run.usage, to: run.usage });
    expect(replayed.usage.usd).toBe(3.5);
    expect((await spent(run, step, replayed.step)).from).toMatchObject({ inputTokens: 5, usd: 0.5 });
  });

  test('keeps what attempts had cost by the step that a replay goes on from, though their task begins anew', async () => {
    const retry = { retry: { maxAttempts: 2, initialMs: 1 }, with: { say: 'four', failsOnce: true } };
    const run = await start({ name: 'again', nodes: { a: say('four', retry) } });
    const { items } = await read<{ items: Step[] }>(`/v1/runs/${run.id}/steps`);
    const retried = items.find(({ type }) => type === 'task_retried')?.step ?? 0;
    const replayed = await branch(run, 'replay', { step: retried });

    const { from, to } = await spent(run, retried, replayed.step);
    expect([from, to]).toMatchObject([{ inputTokens: 4 }, { inputTokens: 12 }]);
    expect(replayed.usage.inputTokens).toBe(16);
  });

  test('goes on in a fork from what the run had spent', async () => {
    const run = await start(research);
    const step = await stepOf(run, 'plan');
    const fork = await branch(run, 'fork', { step });

    const { from, to } = await spent(run, step, step + 1, fork);
    expect(to).toEqual(from);
    expect((await spent(fork, step + 1, fork.step)).to).toEqual(fork.usage);
  });
});
