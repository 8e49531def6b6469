/** Runs that are deleted while they are forked or replayed. */
import type { Run } from '@weft/contract';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

const workflow = {
  name: 'short',
  nodes: { a: { type: 'task', uses: 'echo' }, b: { type: 'task', uses: 'echo', needs: ['a'] } },
};

let api: ApiRig;
beforeAll(async () => {
  api = await createApiRig();
});
// That nothing of a deleted run is left, such as its mail, is verified then.
afterAll(() => api.stop());

const start = async (): Promise<Run> => (await api.post('/v1/runs?wait=20s', { workflow, input: {} })).json();

async function remove(id: string): Promise<void> {
  expect((await api.send({ method: 'DELETE', url: `/v1/runs/${id}` })).statusCode).toBeLessThan(300);
}

test.each([1, 2])('a fork of a run that is deleted once its step %i was read is told that it is gone', async (step) => {
  const run = await start();
  const { reader } = api.rig.store;
  const readPoint = reader.branchPoint.bind(reader);
  vi.spyOn(reader, 'branchPoint').mockImplementationOnce(async (...asked) => {
    const [id] = asked;
    const point = await readPoint(...asked);
    await remove(id);
    return point;
  });
  const answer = await api.post(`/v1/runs/${run.id}/fork`, { step });
  const detail = expect.stringContaining(`${run.id}; if there was one, it has been deleted`) as string;
  expect(answer.json()).toMatchObject({ status: 404, detail });
});

test('A10: a replay of a run that is deleted before it reads of that leaves no mail behind', async () => {
  const run = await start();
  const { runs } = api.rig.store;
  const send = runs.sendMail.bind(runs);
  vi.spyOn(runs, 'sendMail').mockImplementationOnce(async (...letter) => {
    await remove(run.id);
    return send(...letter);
  });
  expect((await api.post(`/v1/runs/${run.id}/replay`, { step: 1 })).statusCode).toBe(404);
});
