/** Looking back at runs over the API, on a whole engine. */
import type { Checkpoint, CheckpointDiff, CheckpointSummary, Run, Step } from '@weft/contract';
import { applyPatch } from 'rfc6902';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

const PATIENCE = { timeout: 20_000 };
let api: ApiRig;
beforeAll(async () => {
  api = await createApiRig();
});
afterAll(() => api.stop());

async function read<T>(url: string): Promise<T> {
  const answer = await api.get(url);
  expect([url, answer.statusCode]).toEqual([url, 200]);
  return answer.json();
}

async function runToEnd(workflow: object, input: object = {}): Promise<Run> {
  const answer = await api.post('/v1/runs?wait=20s', { workflow, input });
  expect(answer.json()).toMatchObject({ status: 'succeeded' });
  return answer.json();
}

const at = (id: string, step: number, query = ''): Promise<Checkpoint> =>
  read(`/v1/runs/${id}/checkpoints/${step}${query}`);
const diff = (id: string, query: string): Promise<CheckpointDiff> => read(`/v1/runs/${id}/diff?${query}`);

/** All checkpoints in order; each is read, and the patch between it and the one before is applied. */
async function history(run: Run): Promise<Checkpoint[]> {
  const all: Checkpoint[] = [];
  for (let step = 1; step <= run.step; step++) all.push(await at(run.id, step, '?limit=1000'));
  for (const [index, after] of all.entries()) {
    const before = all[index - 1];
    if (!before) continue;
    const { patch, tasks } = await diff(run.id, `from=${index}&to=${index + 1}`);
    const state = structuredClone(before.state);
    expect(applyPatch(state, patch as Parameters<typeof applyPatch>[1]).filter(Boolean)).toEqual([]);
    expect(state).toEqual(after.state);
    expect(before.tasks.length + tasks.counts.added - tasks.counts.removed).toBe(after.tasks.length);
  }
  return all;
}

/** The last checkpoint is the run as it is now. */
async function expectNow(run: Run, last: Checkpoint | undefined): Promise<void> {
  expect(last).toMatchObject({ id: `${run.id}@${run.step}`, status: run.status, state: run.state, next: [] });
  const { items } = await read<{ items: { id: string; key: string; status: string }[] }>(
    `/v1/runs/${run.id}/tasks?limit=200`,
  );
  const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
  const told = (last?.tasks ?? []).map(({ id, key, status }) => ({ id, key, status }));
  expect(told.toSorted(byKey)).toEqual(items.map(({ id, key, status }) => ({ id, key, status })).toSorted(byKey));
}

const echo = (value: unknown, parts: object = {}) => ({ type: 'task', uses: 'echo', with: value, ...parts });

describe('the checkpoints of a run', () => {
  test('with reducers hold the state and the tasks after each step', async () => {
    const run = await runToEnd({
      name: 'reduced',
      state: {
        log: { type: 'array', reducer: 'append', default: [] },
        sum: { type: 'number', reducer: 'add', default: 1 },
        facts: { type: 'object', reducer: 'merge' },
        scratch: { type: 'any', ephemeral: true },
      },
      nodes: {
        a: echo('first', { output: 'log' }),
        add: { type: 'transform', updates: { sum: 2, facts: { x: { y: 1 } }, scratch: 'gone' }, needs: ['a'] },
        b: echo('${state.sum}', { output: 'log', needs: ['add'] }),
      },
    });
    const all = await history(run);

    expect(all.map(({ state }) => state)).toEqual([
      { log: [], sum: 1, facts: null },
      { log: ['first'], sum: 1, facts: null },
      { log: ['first'], sum: 3, facts: { x: { y: 1 } } },
      { log: ['first', 3], sum: 3, facts: { x: { y: 1 } } },
      ...(run.step > 4 ? [run.state] : []),
    ]);
    expect(all[0]).toMatchObject({
      type: 'run_started',
      parent: 0,
      status: 'running',
      tasks: [{ key: 'a#0', status: 'ready' }],
    });
    expect(all[0]?.next).toMatchObject([{ key: 'a#0', status: 'ready' }]);
    expect(all[2]?.next).toMatchObject([{ key: 'b#0', status: 'ready' }]);
    await expectNow(run, all.at(-1));
  });

  test('with a loop go through its iterations', async () => {
    const run = await runToEnd({
      name: 'looped',
      state: { n: { type: 'number', reducer: 'add', default: 0 } },
      nodes: {
        work: echo('${state.n}'),
        count: { type: 'transform', updates: { n: 1 }, needs: ['work'] },
        again: { type: 'route', on: 'state.n < 3.0', routes: { true: 'work', false: '__end__' }, needs: ['count'] },
      },
    });
    const all = await history(run);

    expect(new Set(all.map(({ state }) => state['n']))).toEqual(new Set([0, 1, 2, 3]));
    expect(all.at(-1)).toMatchObject({ counters: { generations: 2, tasks: { succeeded: 9 } } });
    expect(all.find(({ state }) => state['n'] === 2)?.tasks).toContainEqual(
      expect.objectContaining({ key: 'count#1', iteration: 1, status: 'succeeded' }),
    );
    await expectNow(run, all.at(-1));
  });

  test('with a send go through its items, a page of tasks at a time', async () => {
    const run = await runToEnd({
      name: 'sent',
      state: { got: { type: 'array', reducer: 'append', default: [] } },
      nodes: {
        each: { type: 'send', items: [10, 20, 30, 40], target: 'work', concurrency: 2 },
        work: echo('${item}', { output: 'got' }),
        after: echo('${each}', { needs: ['each'] }),
      },
    });
    const all = await history(run);

    const waiting = all.filter(({ next }) => next.some(({ waits }) => waits === 'items'));
    expect(waiting.map(({ next }) => next.find(({ waits }) => waits === 'items')?.items?.ended)).toEqual(
      expect.arrayContaining([0, 1, 2, 3]),
    );
    await expectNow(run, all.at(-1));
    const first = await at(run.id, run.step, '?limit=4');
    const second = await at(run.id, run.step, `?limit=4&cursor=${first.nextCursor}`);
    expect([first.tasks.length, second.tasks.length, second.nextCursor]).toEqual([4, 2, null]);
    expect([...first.tasks, ...second.tasks]).toEqual(all.at(-1)?.tasks);
  });

  test('with a question say what the run waits for, and stay what they were once it is answered', async () => {
    const nodes = {
      ask: { type: 'interrupt', message: 'ok?' },
      use: echo('${ask}', { needs: ['ask'], output: 'said' }),
    };
    const document = { name: 'asked', state: { said: { type: 'any' } }, nodes };
    const { id } = (await api.post('/v1/runs', { workflow: document })).json<Run>();
    await expect.poll(async () => (await read<Run>(`/v1/runs/${id}`)).status, PATIENCE).toBe('interrupted');
    const asking = await read<Run>(`/v1/runs/${id}`);
    const before = await at(id, asking.step);
    const [question] = asking.interrupts ?? [];
    await api.post(`/v1/runs/${id}/resume`, { answers: { [String(question?.id)]: 'yes' } });
    await expect.poll(async () => (await read<Run>(`/v1/runs/${id}`)).status, PATIENCE).toBe('succeeded');

    expect(before).toMatchObject({ status: 'interrupted', state: { said: null }, counters: { asking: 1 } });
    expect(before.next).toMatchObject([{ key: 'ask#0', status: 'waiting', waits: 'answer' }]);
    expect(await at(id, asking.step)).toEqual(before);
    const run = await read<Run>(`/v1/runs/${id}`);
    const all = await history(run);
    expect(all.at(-1)?.state).toEqual({ said: 'yes' });
    await expectNow(run, all.at(-1));
    const answered = await diff(id, `from=${asking.step}&to=${run.step}`);
    expect(answered.patch).toEqual([{ op: 'replace', path: '/said', value: 'yes' }]);
    expect(answered.tasks.changed).toMatchObject([
      { before: { key: 'ask#0', status: 'waiting' }, after: { key: 'ask#0', status: 'succeeded' } },
    ]);
    expect(answered.tasks.added).toMatchObject([{ key: 'use#0', status: 'succeeded' }]);
    expect(answered.elapsedMs).toBeGreaterThanOrEqual(0);
  });

  test('are listed, one for each step, oldest first, page by page', async () => {
    const run = await runToEnd({ name: 'listed', nodes: { a: echo(1), b: echo(2, { needs: ['a'] }) } });
    const { items: steps } = await read<{ items: Step[] }>(`/v1/runs/${run.id}/steps`);
    const items: CheckpointSummary[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: { items: CheckpointSummary[]; nextCursor: string | null } = await read(
        `/v1/runs/${run.id}/checkpoints?limit=2${query}`,
      );
      items.push(...page.items);
      cursor = page.nextCursor;
    }

    expect(items).toEqual(
      steps.map(({ step, parent, epoch, type, node, taskId, at: instant }) => ({
        id: `${run.id}@${step}`,
        step,
        parent,
        epoch,
        type,
        ...(node !== undefined && { node }),
        ...(taskId !== undefined && { taskId }),
        at: instant,
        status: step === run.step ? 'succeeded' : 'running',
      })),
    );
  });
});

describe('a diff', () => {
  const document = {
    name: 'compared',
    state: { said: { type: 'array', reducer: 'append', default: [] } },
    nodes: { a: echo('${input.who}', { output: 'said' }) },
  };

  test('of two runs is that of their states, and tasks are the same by their keys', async () => {
    const [one, two] = [await runToEnd(document, { who: 'Ada' }), await runToEnd(document, { who: 'Bob' })];
    const { from, to, patch, tasks } = await diff(one.id, `from=${one.step}&to=${two.step}&other=${two.id}`);

    expect([from.id, to.id]).toEqual([`${one.id}@${one.step}`, `${two.id}@${two.step}`]);
    expect(patch).toEqual([{ op: 'replace', path: '/said/0', value: 'Bob' }]);
    expect(tasks.counts).toEqual({ added: 0, removed: 0, changed: 0 });
  });

  test('backwards takes back what happened', async () => {
    const run = await runToEnd(document, { who: 'Eve' });
    const { patch, tasks } = await diff(run.id, `from=${run.step}&to=1`);

    expect(patch).toEqual([{ op: 'remove', path: '/said/0' }]);
    expect(tasks.changed).toMatchObject([{ before: { status: 'succeeded' }, after: { status: 'ready' } }]);
  });

  test('of a state beyond the bound is refused, not computed', async () => {
    const big = 'x'.repeat(1_000_000);
    const keys = Array.from({ length: 17 }, (_, n) => `k${n}`);
    const run = await runToEnd(
      {
        name: 'big',
        state: Object.fromEntries(keys.map((key) => [key, { type: 'string' }])),
        nodes: Object.fromEntries(keys.map((key, n) => [`n${n}`, echo('${input.big}', { output: key })])),
      },
      { big },
    );
    const answer = await api.get(`/v1/runs/${run.id}/diff?from=1&to=${run.step}`);

    expect([answer.statusCode, answer.json().code]).toEqual([413, 'limit_bytes']);
    expect(Object.keys((await at(run.id, run.step)).state)).toHaveLength(17);
  });
});

describe('what is not there', () => {
  test.each([
    ['checkpoints/0', 404],
    ['checkpoints/99', 404],
    ['checkpoints/x', 404],
    ['checkpoints/99999999999', 404],
    ['diff?from=1&to=99', 404],
    ['diff?from=1&to=1&other=01900000-0000-7000-8000-000000000001', 404],
    ['diff?from=1&to=1&other=nobody', 404],
    ['diff?from=0&to=1', 422],
    ['diff?from=1', 422],
    ['checkpoints?cursor=eA', 422],
    ['checkpoints/1?limit=0', 422],
  ])('%s answers %i', async (path, status) => {
    const run = await runToEnd({ name: 'one', nodes: { a: echo(1) } });
    expect((await api.get(`/v1/runs/${run.id}/${path}`)).statusCode).toBe(status);
  });

  test('is told of a run as well', async () => {
    const nobody = '/v1/runs/01900000-0000-7000-8000-000000000001';
    for (const path of ['checkpoints', 'checkpoints/1', 'diff?from=1&to=1']) {
      expect((await api.get(`${nobody}/${path}`)).statusCode).toBe(404);
    }
  });
});
