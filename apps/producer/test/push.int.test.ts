import type { Outcome } from '@weft/engine/ports';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

const PATIENCE = { timeout: 20_000, interval: 50 };

let api: ApiRig;
const looks: string[] = [];

/** Its answer is there at the second look, which by itself it takes long after the test. */
async function ask({ taskId, memo }: { taskId: string; memo: unknown }): Promise<Outcome> {
  looks.push(taskId);
  return memo === null ? { kind: 'again', memo: 'asked', afterMs: 600_000 } : { kind: 'succeeded', output: 'answered' };
}

beforeAll(async () => {
  const isFor = ({ tenant, taskId }: { tenant: string; taskId: string }, token: string): boolean =>
    token === `${tenant} ${taskId}`;
  api = await createApiRig({ ask }, { pushHints: { isFor } });
});

afterAll(() => api.stop());

const push = async (taskId: string, token: string, tenant = 'default') => {
  const headers = { 'x-a2a-notification-token': token };
  return (await api.post(`/v1/push/${tenant}/${taskId}`, { anything: true }, headers)).statusCode;
};

test('a hint lets a task look for its answer at once; only with the token of the task, and to no effect once it has ended', async () => {
  const task = (await api.post('/v1/tasks', { uses: 'ask', with: 1 })).json<{ id: string; runId: string }>();
  const status = async () => (await api.get(`/v1/runs/${task.runId}`)).json<{ status: string }>().status;
  await expect
    .poll(async () => (await api.get(`/v1/tasks/${task.id}`)).json(), PATIENCE)
    .toMatchObject({ status: 'waiting' });

  expect(await push(task.id, '')).toBe(403);
  expect(await push(task.id, `other ${task.id}`)).toBe(403);
  expect(await push(task.id, `other ${task.id}`, 'other')).toBe(204);
  expect(await push('no-task', 'default no-task')).toBe(404);
  expect([await status(), looks]).toEqual(['running', [task.id]]);

  // A task that was at it a moment ago is let be, so the hint is given again.
  await expect
    .poll(async () => {
      expect(await push(task.id, `default ${task.id}`)).toBe(204);
      return status();
    }, PATIENCE)
    .toBe('succeeded');
  expect(await push(task.id, `default ${task.id}`)).toBe(204);
  expect(looks).toEqual([task.id, task.id]);
});
