/** Runs in superstep mode over the API, on a whole engine. */
import type { Checkpoint, Run, Step } from '@weft/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

const PATIENCE = { timeout: 20_000, interval: 20 };
const echo = (value: unknown, parts: object = {}) => ({ type: 'task', uses: 'echo', with: value, ...parts });
const log = { log: { type: 'array', reducer: 'append', default: [] } };

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

async function start(workflow: object): Promise<string> {
  const answer = await api.post('/v1/runs', { workflow: { mode: 'superstep', state: log, ...workflow }, input: {} });
  expect(answer.statusCode).toBe(201);
  return answer.json<Run>().id;
}

async function reaches(id: string, status: string): Promise<Run> {
  await expect.poll(async () => (await read<Run>(`/v1/runs/${id}`)).status, PATIENCE).toBe(status);
  return read(`/v1/runs/${id}`);
}

const stepsOf = async (id: string) => (await read<{ items: Step[] }>(`/v1/runs/${id}/steps?limit=200`)).items;

describe('a run in superstep mode', () => {
  const asking = {
    name: 'asking',
    nodes: {
      plan: echo('plan', { output: 'log' }),
      ask: { type: 'interrupt', message: 'Well?', output: 'log', needs: ['plan'] },
      beside: echo('beside', { output: 'log', needs: ['plan'] }),
      last: echo('${state.log}', { needs: ['ask', 'beside'] }),
    },
    output: '${last}',
  };

  test('B9: waits at its barrier for an answer, and shows the state of the last barrier until then', async () => {
    const id = await start(asking);
    const held = await reaches(id, 'interrupted');
    expect(held.state).toEqual({ log: ['plan'] });
    const [question] = held.interrupts ?? [];

    await api.post(`/v1/runs/${id}/resume`, { answers: { [question?.id ?? '']: 'yes' } });
    const run = await reaches(id, 'succeeded');
    expect(run.output).toEqual(['plan', 'yes', 'beside']);
    expect(run.state).toEqual({ log: ['plan', 'yes', 'beside'] });
  });

  test('C1: tells in a step of its own what a superstep has written, and a checkpoint shows it', async () => {
    const id = await start({ ...asking, name: 'answered' });
    const [question] = (await reaches(id, 'interrupted')).interrupts ?? [];
    await api.post(`/v1/runs/${id}/resume`, { answers: { [question?.id ?? '']: 'yes' } });
    await reaches(id, 'succeeded');

    const barriers = (await stepsOf(id)).filter(({ type }) => type === 'superstep');
    expect(barriers.map(({ updates }) => updates)).toEqual([{ log: 'plan' }, { log: ['yes', 'beside'] }, undefined]);
    const states = await Promise.all(
      [-1, 0].map((offset) => read<Checkpoint>(`/v1/runs/${id}/checkpoints/${(barriers[1]?.step ?? 0) + offset}`)),
    );
    expect(states.map(({ state }) => state)).toEqual([{ log: ['plan'] }, { log: ['plan', 'yes', 'beside'] }]);
    expect(states[1]?.next.map(({ node }) => node)).toEqual(['last']);
  });

  test('B9: injects state between barriers, and goes on with what a child has given', async () => {
    const child = await api.post('/v1/workflows', { name: 'steps-child', nodes: { one: echo('child') } });
    expect(child.statusCode).toBeLessThan(300);
    const id = await start({
      name: 'with-a-child',
      nodes: {
        ask: { type: 'interrupt' },
        sub: { type: 'subgraph', workflow: 'steps-child', output: 'log' },
        last: echo('${state.log}', { needs: ['ask', 'sub'] }),
      },
      output: '${last}',
    });
    const [question] = (await reaches(id, 'interrupted')).interrupts ?? [];
    const injected = await api.post(`/v1/runs/${id}/state`, { updates: { log: 'injected' } });
    expect(injected.statusCode).toBeLessThan(300);
    await api.post(`/v1/runs/${id}/resume`, { answers: { [question?.id ?? '']: null } });
    expect((await reaches(id, 'succeeded')).output).toEqual(['injected', 'child']);
  });

  test('B9: is refused where it cannot be, with the place', async () => {
    const circle = { a: echo(1, { needs: ['b'] }), b: echo(1, { needs: ['a'] }) };
    const answer = await api.post('/v1/runs', { workflow: { name: 'x', mode: 'superstep', nodes: circle }, input: {} });
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ errors: [{ code: 'unreachable_node', pointer: '/workflow/nodes/a' }] });
  });
});
