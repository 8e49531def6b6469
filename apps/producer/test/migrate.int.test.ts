/** Moving runs to another version over the API, on a whole engine. */
import type { Checkpoint, Run, RunMigration, Step, WorkflowMigration } from '@weft/contract';
import type { Executor } from '@weft/engine/ports';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

const PATIENCE = { timeout: 20_000 };

/** Attempts that hold until the test lets them go, by what they are called. */
const held = new Map<string, () => void>();
const hold: Executor['run'] = async ({ input, signal }) => {
  const { name } = input as { name: string };
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  held.set(name, resolve);
  await promise;
  held.delete(name);
  return { kind: 'succeeded', output: name };
};
const breaks: Executor['run'] = async () => ({
  kind: 'failed',
  error: { code: 'boom', message: 'it broke', retryable: false },
});

let api: ApiRig;
beforeAll(async () => {
  api = await createApiRig({ hold, breaks });
});
afterAll(() => api.stop());

const echo = { type: 'task', uses: 'echo' };
const ask = { type: 'interrupt', message: 'Go on?' };

async function deploy(document: object): Promise<number> {
  const answer = await api.post('/v1/workflows', document);
  expect([200, 201]).toContain(answer.statusCode);
  return answer.json().version;
}

async function start(name: string, input: object = {}): Promise<string> {
  return (await api.post('/v1/runs', { workflow: name, input })).json().id;
}

async function runOf(id: string): Promise<Run> {
  return (await api.get(`/v1/runs/${id}`)).json();
}

async function reaches(id: string, status: Run['status']): Promise<Run> {
  await expect.poll(async () => (await runOf(id)).status, PATIENCE).toBe(status);
  return runOf(id);
}

async function answerAll(id: string): Promise<void> {
  const { interrupts = [] } = await runOf(id);
  const answers = Object.fromEntries(interrupts.map((question) => [question.id, 'yes']));
  expect((await api.post(`/v1/runs/${id}/resume`, { answers })).statusCode).toBe(200);
}

const migrate = (id: string, body: object = {}, headers: Record<string, string> = {}) =>
  api.post(`/v1/runs/${id}/migrate`, body, headers);

async function stepsOf(id: string): Promise<Step[]> {
  return (await api.get(`/v1/runs/${id}/steps?limit=200`)).json().items;
}

describe('a run that waits for an answer', () => {
  test('moves to the new version, whose nodes run once it is answered; older checkpoints are read by the old one', async () => {
    const name = 'release';
    const state = { note: { type: 'string', default: 'old' } };
    const first = { draft: { ...echo, with: 'a draft' }, ask: { ...ask, needs: ['draft'] } };
    await deploy({ name, state, nodes: { ...first, publish: { ...echo, with: 'v1', needs: ['ask'] } } });
    const id = await start(name);
    const before = await reaches(id, 'interrupted');
    const next = {
      ...first,
      check: { ...echo, with: '${ask} of ${draft}', needs: ['ask'] },
      publish: { ...echo, with: { text: 'v2 ${check}', note: '${state.added}' }, needs: ['check'] },
    };
    const version = await deploy({
      name,
      state: { note: { type: 'string', default: 'new' }, added: { type: 'number', default: 7 } },
      nodes: next,
    });

    const moved = await migrate(id);
    expect(moved.statusCode).toBe(200);
    expect(moved.json()).toMatchObject({ id, workflow: { name, version }, status: 'interrupted', state: { added: 7 } });
    await answerAll(id);
    expect(await reaches(id, 'succeeded')).toMatchObject({ output: { text: 'v2 yes of a draft', note: 7 } });

    const steps = await stepsOf(id);
    const { step } = steps.find(({ type }) => type === 'migrated') as Step;
    expect(steps[step - 1]).toMatchObject({ type: 'migrated', facts: { migrated: { from: 1, to: 2 } } });
    const old: Checkpoint = (await api.get(`/v1/runs/${id}/checkpoints/${before.step}`)).json();
    const now: Checkpoint = (await api.get(`/v1/runs/${id}/checkpoints/${step}`)).json();
    expect([old.state, now.state]).toEqual([{ note: 'old' }, { note: 'new', added: 7 }]);
    const diff = (await api.get(`/v1/runs/${id}/diff?from=${before.step}&to=${step}`)).json();
    expect(diff.patch).toHaveLength(2);
  });

  test('stays as it is where it does not fit, and every place is named', async () => {
    const name = 'refused';
    await deploy({ name, nodes: { a: echo, ask: { ...ask, needs: ['a'] }, end: { ...echo, needs: ['ask'] } } });
    const id = await start(name);
    const before = await reaches(id, 'interrupted');
    const input = { type: 'object', required: ['ticket'] };
    const nodes = {
      a: { type: 'transform', updates: {} },
      late: { ...echo, needs: ['a'] },
      end: { ...echo, needs: ['late'] },
    };
    await deploy({ name, input, nodes });

    const check: RunMigration = (await migrate(id, { dryRun: true })).json();
    expect(check).toMatchObject({ runId: id, from: 1, to: 2, fits: false, migrated: false });
    const answer = await migrate(id);
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ code: 'version_misfit', errors: check.problems });
    expect(check.problems.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
      'node_type_changed /nodes/a/type',
      'node_removed /nodes',
      'node_too_late /nodes/late',
      'input_misfit /input',
    ]);
    expect(await runOf(id)).toEqual(before);
  });

  test('is moved once under a key; the version that it follows already, and one that there is not, are told apart', async () => {
    const name = 'keyed';
    await deploy({ name, nodes: { ask } });
    const id = await start(name);
    await reaches(id, 'interrupted');
    await deploy({ name, description: 'the same', nodes: { ask } });
    const key = { 'idempotency-key': `migrate ${id}` };

    expect((await migrate(id, { ifStep: 99 })).json()).toMatchObject({ status: 409, code: 'conflict' });
    expect((await migrate(id, {}, key)).json()).toMatchObject({ workflow: { version: 2 } });
    expect((await migrate(id, {}, key)).json()).toMatchObject({ workflow: { version: 2 } });
    expect((await migrate(id, { version: 2 })).json()).toMatchObject({ workflow: { version: 2 } });
    expect((await migrate(id, { version: 9 })).statusCode).toBe(404);
    expect((await migrate(id, { version: 0 })).statusCode).toBe(422);
    expect((await migrate('0198a000-0000-7000-8000-000000000001')).statusCode).toBe(404);
    expect((await stepsOf(id)).filter(({ type }) => type === 'migrated')).toHaveLength(1);
    await answerAll(id);
    await reaches(id, 'succeeded');
    expect((await migrate(id, { version: 1 })).statusCode).toBe(409);
  });
});

test('a run that has failed moves to the repaired version, and its retry goes on by that', async () => {
  const name = 'repaired';
  const a = { ...echo, with: 1 };
  await deploy({
    name,
    state: { n: { type: 'number', default: 1 } },
    nodes: { a, b: { type: 'task', uses: 'breaks', needs: ['a'] } },
  });
  const id = await start(name);
  await reaches(id, 'failed');
  const state = { n: { type: 'number', default: 1 }, m: { type: 'number', default: 5 } };
  await deploy({
    name,
    state,
    nodes: { a, b: { ...echo, lane: 'default', with: { sum: '${state.m}', a: '${a}' }, needs: ['a'] } },
  });

  expect((await migrate(id)).json()).toMatchObject({ status: 'failed', workflow: { version: 2 } });
  expect((await api.post(`/v1/runs/${id}/retry`, {})).statusCode).toBe(200);
  expect(await reaches(id, 'succeeded')).toMatchObject({ output: { sum: 5, a: 1 } });
});

describe('a run whose tasks run', () => {
  test('keeps those that the version leaves alone, and is refused where it changes one', async () => {
    const name = 'running';
    const long = { type: 'task', uses: 'hold', with: { name: 'long' } };
    await deploy({ name, nodes: { long, end: { ...echo, with: 'v1', needs: ['long'] } } });
    const id = await start(name);
    await expect.poll(async () => (await api.rig.tasks(id))['long#0']?.status, PATIENCE).toBe('running');
    await deploy({
      name,
      nodes: { long: { ...long, with: { name: 'other' } }, end: { ...echo, with: 'v2', needs: ['long'] } },
    });
    const version = await deploy({ name, nodes: { long, end: { ...echo, with: 'v3 ${long}', needs: ['long'] } } });

    expect((await migrate(id, { version: 2 })).json()).toMatchObject({
      status: 409,
      errors: [{ code: 'node_running', pointer: '/nodes/long' }],
    });
    expect((await migrate(id, { version })).statusCode).toBe(200);
    held.get('long')?.();
    expect(await reaches(id, 'succeeded')).toMatchObject({ output: 'v3 long' });
    expect((await api.rig.tasks(id))['long#0']).toMatchObject({ attempt: 1 });
  });

  test('A5: one that no worker takes is handed out anew by the new version', async () => {
    const name = 'misrouted';
    await deploy({ name, nodes: { a: { ...echo, tags: ['nobody'], with: 'v1' } } });
    const id = await start(name);
    expect((await api.rig.tasks(id))['a#0']).toMatchObject({ status: 'ready', lane: 'nobody' });
    await deploy({ name, nodes: { a: { ...echo, with: 'v2' } } });

    expect((await migrate(id)).statusCode).toBe(200);
    expect(await reaches(id, 'succeeded')).toMatchObject({ output: 'v2' });
    expect((await api.rig.tasks(id))['a#0']).toMatchObject({ attempt: 2, lane: 'default' });
  });

  test('A5, A9: while its tasks settle, every run ends by one version or the other', async () => {
    const name = 'busy';
    const chain = (with_: string) =>
      Object.fromEntries(
        Array.from({ length: 12 }, (_, n) => [
          `n${n}`,
          { ...echo, with: `${with_}${n}`, needs: n === 0 ? [] : [`n${n - 1}`] },
        ]),
      );
    await deploy({ name, nodes: chain('a') });
    const ids = await Promise.all(Array.from({ length: 30 }, () => start(name)));
    await deploy({ name, nodes: { ...chain('b'), last: { ...echo, with: 'last ${n11}', needs: ['n11'] } } });
    const answers = await Promise.all(ids.map((id) => migrate(id)));
    const runs = await Promise.all(ids.map((id) => reaches(id, 'succeeded')));
    for (const [index, run] of runs.entries()) {
      const moved = answers[index]?.statusCode === 200;
      expect([200, 409]).toContain(answers[index]?.statusCode);
      expect(run.workflow.version).toBe(moved ? 2 : 1);
      expect(run.output).toEqual(moved ? expect.stringMatching(/^last [ab]11$/) : 'a11');
    }
  });
});

test('the live runs of a workflow move together, each that fits on its own; a dry run moves none', async () => {
  const name = 'many';
  const v1 = { name, nodes: { ask, end: { ...echo, with: 'v1', needs: ['ask'] } } };
  await deploy(v1);
  const ids = [await start(name), await start(name), await start(name)];
  for (const id of ids) await reaches(id, 'interrupted');
  await answerAll(ids[0] ?? '');
  await reaches(ids[0] ?? '', 'succeeded');
  await deploy({ ...v1, description: 'between' });
  const other = await start(name);
  await reaches(other, 'interrupted');
  await deploy({
    name,
    nodes: { ask, more: { ...echo, with: 'v3', needs: ['ask'] }, end: { ...echo, with: '${more}', needs: ['more'] } },
  });
  const post = async (body: object): Promise<WorkflowMigration> =>
    (await api.post(`/v1/workflows/${name}/migrate`, body)).json();

  const dry = await post({ dryRun: true, limit: 2 });
  expect(dry).toMatchObject({ name, to: 3, counts: { runs: 2, fit: 2, misfit: 0, migrated: 0 } });
  const rest = await post({ dryRun: true, cursor: dry.nextCursor });
  expect([...dry.items, ...rest.items].map(({ runId, from }) => [runId, from])).toEqual([
    [other, 2],
    [ids[2], 1],
    [ids[1], 1],
  ]);
  expect(rest.nextCursor).toBeNull();
  expect((await post({ dryRun: true, from: [2] })).items).toHaveLength(1);
  // A version that asks something else does not fit runs that wait already.
  await deploy({ name, nodes: { ask: { ...ask, message: 'Really?' } } });
  const misfit = await post({ dryRun: false });
  expect(misfit).toMatchObject({ to: 4, counts: { runs: 3, fit: 0, misfit: 3, migrated: 0 } });
  expect(misfit.items[0]?.problems.map(({ code }) => code)).toEqual(['wait_changed']);
  expect(await post({ version: 3, dryRun: false })).toMatchObject({ counts: { runs: 3, fit: 3, migrated: 3 } });
  for (const id of [...ids.slice(1), other]) {
    await answerAll(id);
    expect(await reaches(id, 'succeeded')).toMatchObject({ output: 'v3', workflow: { version: 3 } });
  }
  expect(await post({ version: 3, dryRun: false })).toMatchObject({ items: [], nextCursor: null });
  expect((await api.post('/v1/workflows/nothing/migrate', { dryRun: true })).statusCode).toBe(404);
  expect((await api.post(`/v1/workflows/${name}/migrate`, {})).statusCode).toBe(422);
});
