/** What is pending at an agent when its run is cancelled: the cancel alone, as it stands in the database, is enough to end it. */
import { once } from 'node:events';

import { TaskState } from '@a2a-js/sdk';
import { createMemoryReplyStore, systemClock } from '@weft/embedded';
import { createRig, createTestDatabase } from '@weft/testkit';
import { expect, onTestFinished, test } from 'vitest';

import { createProtocols, letGoOfCancelled } from '../../src/index.ts';
import { startA2aServer } from '../a2a-server.ts';
import { endpoint, rigOf } from './rig.ts';

const SOON = { timeout: 20_000, interval: 20 };
const silent = (): void => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };

test('a task over there is canceled although nobody who knew of it lives when its run is cancelled', async () => {
  const canceled: boolean[] = [];
  const agent = await startA2aServer(
    async (stage) => {
      stage.begin();
      stage.status(TaskState.TASK_STATE_WORKING);
      const place = canceled.push(false) - 1;
      await once(stage.canceled, 'abort');
      canceled[place] = true;
      stage.status(TaskState.TASK_STATE_CANCELED);
    },
    { streaming: false },
  );
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const protocols = createProtocols({ replies: createMemoryReplyStore(), log, holdMs: 50 });
  onTestFinished(async () => {
    await Promise.all([...protocols.values()].map((client) => client.close()));
  });
  const endpoints = [endpoint('desk', { protocol: 'a2a', url: agent.url })];
  const asking = rigOf({ endpoints, deps: { protocols, clock: systemClock } });
  const worker = await createRig({
    url: database.url,
    executors: { endpoint: (call) => asking.execute('endpoint', call) },
  });
  const runId = await worker.start({ name: 'ask', nodes: { a: { type: 'task', prompt: 'Take your time.' } } });
  const statuses = async () => Object.values(await worker.tasks(runId)).map(({ status }) => status);
  await expect.poll(statuses, SOON).toEqual(['waiting']);
  await worker.stop();

  const other = await createRig({ url: database.url, worker: false });
  onTestFinished(() => other.stop());
  await other.engine.cancelRun({ tenant: 'default', runId, reason: 'never mind' });
  expect(canceled).toEqual([false]);
  const { leftovers } = other.store;
  onTestFinished(letGoOfCancelled(asking.deps, { leftovers, clock: systemClock, log }));
  await expect.poll(() => canceled, SOON).toEqual([true]);
  const taken = () => leftovers.take({ limit: 9, leaseMs: 0 });
  await expect.poll(taken, SOON).toEqual([]);
  expect(await asking.loads()).toEqual([0]);
});
