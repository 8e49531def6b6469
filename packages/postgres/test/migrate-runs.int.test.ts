/** A run that is moved by one process while another one remembers it by its old version, and runs its tasks. */
import type { WorkflowDocument } from '@weft/contract';
import { createRig, createTestDatabase } from '@weft/testkit';
import { expect, test } from 'vitest';

const document = (text: string): WorkflowDocument => ({
  name: 'moved',
  nodes: {
    a: { type: 'task', uses: 'echo', with: 1 },
    long: { type: 'task', uses: 'hold', needs: ['a'] },
    end: { type: 'task', uses: 'echo', needs: ['long'], with: text },
  },
});

test('A8: the process that ran it by the old version goes on by the new one', async () => {
  const database = await createTestDatabase();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const hold = async () => {
    await released;
    return { kind: 'succeeded', output: 'held' } as const;
  };
  const runs = await createRig({ url: database.url, executors: { hold } });
  const moves = await createRig({ url: database.url, worker: false });
  const runId = await runs.start(document('v1'));
  await expect.poll(async () => (await runs.tasks(runId))['long#0']?.status, { timeout: 20_000 }).toBe('running');
  await moves.engine.saveWorkflow({ tenant: 'default', document: document('v2 ${long}') });
  const request = { tenant: 'default', runId, version: null, dryRun: false, ifStep: null };

  expect(await moves.engine.migrateRun(request)).toMatchObject({ from: 1, to: 2, migrated: true });
  release();
  expect(await runs.ended(runId)).toMatchObject({ head: { status: 'succeeded', workflow: { version: 2 } } });
  expect((await runs.tasks(runId))['end#0']?.output).toBe('v2 held');

  await runs.stop();
  await moves.stop();
  await database.drop();
});
