/** Runs that go on from their checkpoints, over the API, on a whole engine. */
import type { Checkpoint, Json, Run } from '@weft/contract';
import type { Executor } from '@weft/engine/ports';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

const PATIENCE = { timeout: 20_000 };

/** Inputs of the tasks that were really run, by what they say; and attempts that wait to be let go. */
const ran: string[] = [];
const held: (() => void)[] = [];

const note: Executor['run'] = async ({ input }) => {
  const { say, ...rest } = input as { say: string; fails?: boolean; value?: Json };
  ran.push(say);
  if (rest.fails) return { kind: 'failed', error: { code: 'boom', message: 'it broke', retryable: false } };
  return { kind: 'succeeded', output: rest.value ?? say };
};

const hold: Executor['run'] = async ({ signal }) => {
  await new Promise<void>((resolve) => {
    held.push(resolve);
    signal.addEventListener('abort', () => resolve());
  });
  return { kind: 'succeeded', output: 'held' };
};

let api: ApiRig;
beforeAll(async () => {
  api = await createApiRig({ note, hold });
});
afterAll(() => api.stop());

async function read<T>(url: string): Promise<T> {
  const answer = await api.get(url);
  expect([url, answer.statusCode, answer.json()]).toMatchObject([url, 200, {}]);
  return answer.json();
}

async function post<T = Run>(url: string, body: object | undefined, status = 200, headers = {}): Promise<T> {
  const answer = await api.post(url, body, headers);
  expect([url, answer.statusCode, answer.json()]).toMatchObject([url, status, {}]);
  return answer.json();
}

const start = async (workflow: object, input: object = {}, wait = '20s'): Promise<Run> =>
  (await api.post(`/v1/runs?wait=${wait}`, { workflow, input })).json();
const runOf = (id: string): Promise<Run> => read(`/v1/runs/${id}`);
const at = (id: string, step: number): Promise<Checkpoint> => read(`/v1/runs/${id}/checkpoints/${step}?limit=1000`);
const steps = async (id: string) =>
  (
    await read<{ items: { step: number; parent: number; type: string; node?: string }[] }>(
      `/v1/runs/${id}/steps?limit=200`,
    )
  ).items;
const settled = async (id: string, node: string): Promise<number> =>
  (await steps(id)).find((step) => step.node === node && step.type.startsWith('task_'))?.step ?? 0;
const remove = async (id: string): Promise<void> => {
  expect((await api.send({ method: 'DELETE', url: `/v1/runs/${id}` })).statusCode).toBeLessThan(300);
};
const ended = (id: string): Promise<Run> =>
  vi.waitFor(async () => {
    const run = await runOf(id);
    expect(run.endedAt).not.toBeNull();
    return run;
  }, PATIENCE);
const say = (text: string, parts: object = {}) => ({ type: 'task', uses: 'note', with: { say: text }, ...parts });

const research = {
  name: 'research',
  state: { topic: { type: 'string', default: 'rain' }, log: { type: 'array', reducer: 'append', default: [] } },
  nodes: {
    plan: say('plan', { output: 'log' }),
    search: say('search {{ state.topic }}', { output: 'log', needs: ['plan'] }),
    write: say('write ${search}', { with: { say: 'write', value: 'on ${search}' }, output: 'log', needs: ['search'] }),
  },
  output: '${write}',
};

describe('a fork', () => {
  test('C4: goes on from its checkpoint without running what had finished, and shows all of it as its own', async () => {
    const run = await start(research);
    expect(run.output).toBe('on search rain');
    const step = await settled(run.id, 'plan');
    ran.length = 0;

    const fork = await post(`/v1/runs/${run.id}/fork`, { step }, 201);
    expect(fork).toMatchObject({ forkedFrom: { runId: run.id, step }, workflow: run.workflow });
    const done = await ended(fork.id);

    expect(ran).toEqual(['search rain', 'write']);
    expect(done).toMatchObject({ status: 'succeeded', output: run.output, state: run.state });
    const journal = await steps(fork.id);
    expect(journal[0]).toMatchObject({ step: step + 1, parent: 0, type: 'forked' });
    expect(journal.at(-1)?.step).toBe(done.step);
    const tasks = await read<{ items: { id: string; runId: string; key: string; status: string }[] }>(
      `/v1/runs/${fork.id}/tasks`,
    );
    expect(tasks.items.map(({ key, status, runId }) => [key, status, runId === fork.id])).toEqual([
      ['plan#0', 'succeeded', true],
      ['search#0', 'succeeded', true],
      ['write#0', 'succeeded', true],
    ]);
    const [plan] = tasks.items;
    expect(await read(`/v1/tasks/${plan?.id}`)).toMatchObject({ runId: fork.id, output: 'plan' });
    expect(await at(fork.id, step + 1)).toMatchObject({ state: { log: ['plan'] }, counters: { tasks: { ready: 1 } } });
    expect(await runOf(run.id)).toEqual(run);
  });

  test('with other state has what was ready read it, replaced or through the reducers', async () => {
    const run = await start(research);
    const step = await settled(run.id, 'plan');
    const changes = { step, stateOverrides: { topic: 'snow' }, stateUpdates: { log: 'by hand' } };
    const done = await ended((await post(`/v1/runs/${run.id}/fork`, changes, 201)).id);
    expect(done).toMatchObject({
      output: 'on search snow',
      state: { topic: 'snow', log: ['plan', 'by hand', 'search snow', 'on search snow'] },
    });
  });

  test('with an edited node runs a version of its own, which nobody gets by default', async () => {
    const run = await start(research);
    const step = await settled(run.id, 'search');
    const edit = { step, nodeOverrides: { write: { with: { value: 'a poem on ${search}' } } } };
    const done = await ended((await post(`/v1/runs/${run.id}/fork`, edit, 201)).id);
    expect(done.output).toBe('a poem on search rain');
    expect(done.workflow.version).not.toBe(run.workflow.version);
    expect(await read(`/v1/workflows/research`)).toMatchObject({ version: run.workflow.version });
    const diff = await read<{ patch: unknown[] }>(
      `/v1/runs/${run.id}/diff?from=${run.step}&to=${done.step}&other=${done.id}`,
    );
    expect(diff.patch).toEqual([{ op: 'replace', path: '/log/2', value: 'a poem on search rain' }]);
  });

  test('of the end of a failed run tries again what has failed, edited', async () => {
    const run = await start({
      name: 'fragile',
      nodes: {
        first: say('first'),
        breaks: say('breaks', { with: { say: 'breaks', fails: true }, needs: ['first'] }),
        last: say('last', { needs: ['breaks'] }),
      },
    });
    expect(run).toMatchObject({ status: 'failed', error: { code: 'boom' } });
    ran.length = 0;
    const fork = await post(`/v1/runs/${run.id}/fork`, { nodeOverrides: { breaks: { with: { fails: false } } } }, 201);
    expect(await ended(fork.id)).toMatchObject({ status: 'succeeded', error: null });
    expect(ran).toEqual(['breaks', 'last']);
    expect(await runOf(run.id)).toMatchObject({ status: 'failed' });
  });

  test('of a fork of a fork has all that had finished', async () => {
    const run = await start(research);
    const first = await post(`/v1/runs/${run.id}/fork`, { step: await settled(run.id, 'plan') }, 201);
    await ended(first.id);
    const second = await post(`/v1/runs/${first.id}/fork`, { step: await settled(first.id, 'search') }, 201);
    const third = await post(`/v1/runs/${second.id}/fork`, { step: (await ended(second.id)).step - 2 }, 201);
    ran.length = 0;
    expect(await ended(third.id)).toMatchObject({ status: 'succeeded', output: run.output, state: run.state });
    expect(ran.filter((text) => text.startsWith('plan') || text.startsWith('search'))).toEqual([]);
  });

  test('under a key is made once', async () => {
    const run = await start(research);
    const key = { 'idempotency-key': `fork ${run.id}` };
    const first = await post(`/v1/runs/${run.id}/fork`, { step: 1 }, 201, key);
    expect((await post(`/v1/runs/${run.id}/fork`, { step: 1 }, 200, key)).id).toBe(first.id);
    await post(`/v1/runs/${run.id}/fork`, { step: 2 }, 409, key);
  });

  test('under a key is found again when its run has ended since, and when that is gone', async () => {
    const key = { 'idempotency-key': 'one fork' };
    const run = await start({ name: 'pausing', nodes: { a: { type: 'wait', ms: 200 } } }, {}, '10ms');
    const edit = { nodeOverrides: { a: { ms: 10 } } };
    const fork = await post(`/v1/runs/${run.id}/fork`, edit, 201, key);
    await ended(run.id);
    expect(await post(`/v1/runs/${run.id}/fork`, edit, 200, key)).toMatchObject({ id: fork.id });
    await remove(run.id);
    expect(await post(`/v1/runs/${run.id}/fork`, edit, 200, key)).toMatchObject({ id: fork.id });
    await post(`/v1/runs/${run.id}/fork`, {}, 409, key);
    await ended(fork.id);
  });

  test('can be read when the run before it was deleted, and says that of that nothing is left', async () => {
    const run = await start(research);
    const fork = await ended(
      (await post(`/v1/runs/${run.id}/fork`, { step: await settled(run.id, 'search') }, 201)).id,
    );
    await remove(run.id);
    const { items } = await read<{ items: { id: string; output: Json }[] }>(`/v1/runs/${fork.id}/tasks`);
    for (const { id, output } of items) expect(await read(`/v1/tasks/${id}`)).toMatchObject({ output });
    expect(items[0]).toMatchObject({ output: 'plan' });
    for (const { step } of await steps(fork.id)) expect((await at(fork.id, step)).state['log']).toContain('plan');
    const diff = await api.get(`/v1/runs/${fork.id}/diff?from=${fork.step}&to=1&other=${run.id}`);
    const detail = expect.stringContaining(`${run.id}; if there was one, it has been deleted`) as string;
    expect(diff.json()).toMatchObject({ status: 404, detail });
  });

  test('of a step with which others belong says from which step it has begun', async () => {
    const run = await start({ name: 'breaking', nodes: { a: say('a', { with: { say: 'a', fails: true } }) } });
    const fork = await post(`/v1/runs/${run.id}/fork`, { step: run.step - 1 }, 201);
    expect(fork.forkedFrom).toEqual({ runId: run.id, step: run.step });
    expect((await steps(fork.id))[0]?.step).toBe(run.step + 1);
    await ended(fork.id);
  });

  test('keeps why a task had failed, also where it is replayed with another state', async () => {
    const run = await start(
      {
        name: 'swallowing',
        state: { n: { type: 'number' } },
        nodes: {
          lost: say('lost', { with: { say: 'lost', fails: true }, onFailure: 'continue' }),
          ask: { type: 'interrupt', needs: ['lost'] },
        },
      },
      {},
      '300ms',
    );
    await vi.waitFor(async () => expect(await runOf(run.id)).toMatchObject({ status: 'interrupted' }), PATIENCE);
    const fork = await post(`/v1/runs/${run.id}/fork`, undefined, 201);
    for (const n of [1, 2]) await post(`/v1/runs/${fork.id}/replay`, { step: fork.step, stateOverrides: { n } });
    const { items } = await read<{ items: { key: string; status: string; error?: object }[] }>(
      `/v1/runs/${fork.id}/tasks`,
    );
    expect(items.find(({ key }) => key === 'lost#0')).toMatchObject({ status: 'failed', error: { code: 'boom' } });
  });

  test('is refused where it makes no sense, and told why', async () => {
    const run = await start(research);
    const fork = (body: object) => api.post(`/v1/runs/${run.id}/fork`, body);
    const plan = await settled(run.id, 'plan');
    const refused = async (body: object, status: number, part: object) => {
      const answer = await fork(body);
      expect([answer.statusCode, answer.json()]).toMatchObject([status, part]);
    };
    await refused({ step: run.step }, 409, { detail: expect.stringContaining('had succeeded with step') as string });
    await refused({ step: 99 }, 404, { detail: expect.stringContaining('the last one is') as string });
    await refused({ step: plan, stateOverrides: { nope: 1 } }, 422, {
      errors: [{ code: 'undeclared_key', pointer: '/stateOverrides/nope' }],
    });
    await refused({ step: plan, nodeOverrides: { nope: {} } }, 422, {
      errors: [{ code: 'missing_reference', pointer: '/nodeOverrides/nope' }],
    });
    await refused({ step: plan, nodeOverrides: { plan: { with: { say: 'x' } } } }, 422, {
      errors: [{ code: 'node_finished', pointer: '/nodeOverrides/plan' }],
    });
    await refused({ step: plan, nodeOverrides: { write: { usess: 'x' } } }, 422, {
      errors: [{ code: 'unknown_key', pointer: '/nodeOverrides/write/usess' }],
    });
    await refused({ step: plan, version: 77 }, 404, { errors: [{ pointer: '/version' }] });
    await refused({ step: 0 }, 422, {});
    const forked = await post(`/v1/runs/${run.id}/fork`, { step: plan }, 201);
    const early = await api.post(`/v1/runs/${forked.id}/fork`, { step: 1 });
    expect(early.json()).toMatchObject({ status: 404, detail: expect.stringContaining(run.id) as string });
  });

  test('while tasks run begins them anew, and neither run hears of the attempts of the other', async () => {
    const run = await start(
      { name: 'held', nodes: { a: { type: 'task', uses: 'hold' }, b: say('after', { needs: ['a'] }) } },
      {},
      '10ms',
    );
    await vi.waitFor(() => expect(held).toHaveLength(1), PATIENCE);
    const fork = await post(`/v1/runs/${run.id}/fork`, undefined, 201);
    await vi.waitFor(() => expect(held).toHaveLength(2), PATIENCE);
    held[1]?.();
    expect(await ended(fork.id)).toMatchObject({ status: 'succeeded' });
    expect(await runOf(run.id)).toMatchObject({ status: 'running' });
    held[0]?.();
    expect(await ended(run.id)).toMatchObject({ status: 'succeeded' });
    held.length = 0;
  });
});

describe('a replay', () => {
  test('C3: of an ended run goes on from the step; what came after it is superseded, and stays in the journal', async () => {
    const run = await start(research);
    const step = await settled(run.id, 'plan');
    ran.length = 0;
    await post(`/v1/runs/${run.id}/replay`, { step, stateOverrides: { topic: 'hail' } });
    const done = await ended(run.id);
    expect(done).toMatchObject({ status: 'succeeded', output: 'on search hail' });
    expect(done.state['log']).toEqual(['plan', 'search hail', 'on search hail']);
    expect(ran).toEqual(['search hail', 'write']);
    const journal = await steps(run.id);
    expect(journal.map(({ step: number }) => number)).toEqual(journal.map((_, index) => index + 1));
    expect(journal[run.step]).toMatchObject({ type: 'replayed', parent: step });
    expect(journal[run.step + 1]).toMatchObject({ type: 'reopened' });
    // What was superseded can still be read, and gone back to.
    expect((await at(run.id, run.step)).state['log']).toEqual(['plan', 'search rain', 'on search rain']);
    const tasks = await read<{ items: { key: string }[] }>(`/v1/runs/${run.id}/tasks`);
    expect(tasks.items.map(({ key }) => key)).toEqual(['plan#0', 'search#0', 'write#0']);
    const old = await settled(run.id, 'search');
    ran.length = 0;
    await post(`/v1/runs/${run.id}/replay`, { step: old });
    expect(await ended(run.id)).toMatchObject({ output: 'on search rain' });
    expect(ran).toEqual(['write']);
  });

  test('A5, C3: of a running run refuses what its attempts report later', async () => {
    const run = await start(
      { name: 'held-2', nodes: { a: { type: 'task', uses: 'hold' }, b: say('after', { needs: ['a'] }) } },
      {},
      '10ms',
    );
    await vi.waitFor(() => expect(held).toHaveLength(1), PATIENCE);
    await post(`/v1/runs/${run.id}/replay`, { step: 1 });
    await vi.waitFor(() => expect(held).toHaveLength(2), PATIENCE);
    held[0]?.();
    held[1]?.();
    expect(await ended(run.id)).toMatchObject({ status: 'succeeded' });
    expect((await steps(run.id)).filter(({ type }) => type === 'task_succeeded')).toHaveLength(2);
    held.length = 0;
  });

  test('asks its questions anew, under other ids', async () => {
    const run = await start(
      {
        name: 'asks',
        nodes: { ask: { type: 'interrupt', message: 'Go?' }, go: say('go ${ask}', { needs: ['ask'] }) },
      },
      {},
      '10ms',
    );
    const first = await vi.waitFor(async () => {
      const [open] = (await runOf(run.id)).interrupts ?? [];
      if (!open) throw new Error('nothing is asked yet');
      return open;
    }, PATIENCE);
    await post(`/v1/runs/${run.id}/resume`, { answers: { [first.id]: 'yes' } });
    await ended(run.id);
    const asked = (await steps(run.id)).find(({ type }) => type === 'task_waiting')?.step ?? 0;
    const replayed = await post(`/v1/runs/${run.id}/replay`, { step: asked });
    expect(replayed).toMatchObject({ status: 'interrupted', interrupts: [{ message: 'Go?' }] });
    const second = replayed.interrupts?.[0]?.id ?? '';
    expect(second).not.toBe(first.id);
    expect((await api.post(`/v1/runs/${run.id}/resume`, { answers: { [first.id]: 'yes' } })).statusCode).toBe(409);
    await post(`/v1/runs/${run.id}/resume`, { answers: { [second]: 'again' } });
    expect(await ended(run.id)).toMatchObject({ output: 'go again' });
  });

  test('of a send in flight keeps the items that had ended', async () => {
    const run = await start(
      {
        name: 'items',
        nodes: {
          each: { type: 'send', items: '${input.items}', target: 'work', concurrency: 2 },
          work: say('item ${item}'),
        },
      },
      { items: Array.from({ length: 7 }, (_, i) => i) },
    );
    const third = (await steps(run.id)).filter(({ node }) => node === 'work')[2]?.step ?? 0;
    const { counters } = await at(run.id, third);
    ran.length = 0;
    const fork = await ended((await post(`/v1/runs/${run.id}/fork`, { step: third }, 201)).id);
    expect(fork.output).toEqual(run.output);
    expect(ran).toHaveLength(7 - (counters.tasks['succeeded'] ?? 0));
    ran.length = 0;
    await post(`/v1/runs/${run.id}/replay`, { step: third });
    expect(await ended(run.id)).toMatchObject({ status: 'succeeded', output: fork.output });
    expect(ran).toHaveLength(7 - (counters.tasks['succeeded'] ?? 0));
  });

  test('A10: that comes with others is carried out, and answered when it is', async () => {
    const run = await start(research);
    const requests = Array.from({ length: 12 }, () => api.post(`/v1/runs/${run.id}/replay`, { step: 1 }));
    const answers = await Promise.all(requests);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 200));
    await ended(run.id);
    expect((await steps(run.id)).filter(({ type }) => type === 'replayed')).toHaveLength(12);
  });

  test('of a step with which the run had ended is a conflict', async () => {
    const run = await start(research);
    const answer = await api.post(`/v1/runs/${run.id}/replay`, { step: run.step });
    expect(answer.json()).toMatchObject({ status: 409, code: 'conflict' });
    expect((await api.post(`/v1/runs/${run.id}/replay`, {})).statusCode).toBe(422);
    expect((await api.post(`/v1/runs/${run.id}/replay`, { step: 99 })).statusCode).toBe(404);
  });
});

describe('a rerun', () => {
  test('is another run of the same version and input, which says what it is of', async () => {
    const run = await start(research, { any: 1 });
    const again = await post(`/v1/runs/${run.id}/rerun`, undefined, 201);
    expect(again).toMatchObject({ workflow: run.workflow, input: { any: 1 }, forkedFrom: { runId: run.id, step: 0 } });
    expect(await ended(again.id)).toMatchObject({ status: 'succeeded', output: run.output });
    const other = await post(`/v1/runs/${run.id}/rerun`, { input: { any: 2 }, tags: ['second'] }, 201);
    expect(other).toMatchObject({ input: { any: 2 }, tags: ['second'] });
    await ended(other.id);
  });
});

describe('a run in mode superstep', () => {
  test('B9, C4: is forked in the middle of a superstep with an edited node, and keeps what its siblings had written', async () => {
    const run = await start({
      name: 'stepwise',
      mode: 'superstep',
      state: { log: { type: 'array', reducer: 'append', default: [] } },
      nodes: {
        a: say('a', { output: 'log' }),
        b: say('b', { output: 'log', needs: ['a'] }),
        c: say('c', { output: 'log', needs: ['a'] }),
        d: say('d {{ state.log | json }}', { output: 'log', needs: ['b', 'c'] }),
      },
    });
    expect(run.state['log']).toEqual(['a', 'b', 'c', 'd ["a","b","c"]']);
    const step = Math.min(await settled(run.id, 'b'), await settled(run.id, 'c'));
    ran.length = 0;
    const edit = { step, nodeOverrides: { d: { with: { value: 'edited' } } } };
    const done = await ended((await post(`/v1/runs/${run.id}/fork`, edit, 201)).id);
    expect(done.state['log']).toEqual(['a', 'b', 'c', 'edited']);
    expect(ran).toHaveLength(2);
    ran.length = 0;
    await post(`/v1/runs/${run.id}/replay`, { step });
    expect(await ended(run.id)).toMatchObject({ status: 'succeeded', state: run.state });
    expect(ran).toHaveLength(2);
  });
});
