import type { WorkflowDocument } from '@weft/contract';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig, TestDatabase } from '@weft/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { checkInvariants } from '../src/index.ts';
import { brokenInvariants } from '../src/queries/invariants.ts';

const DONE: WorkflowDocument = {
  name: 'done',
  state: { seen: { type: 'array', reducer: 'append', default: [] } },
  nodes: {
    a: { type: 'task', uses: 'echo', output: 'seen' },
    b: { type: 'task', uses: 'echo' },
    c: { type: 'task', uses: 'echo', needs: ['a', 'b'] },
  },
};
const WAITS: WorkflowDocument = {
  name: 'waits',
  nodes: {
    a: { type: 'task', uses: 'fail', retry: { maxAttempts: 2, initialMs: 3_600_000, maxMs: 3_600_000 } },
    b: { type: 'task', uses: 'echo', lane: 'nobody' },
  },
};
const BLAMED: WorkflowDocument = {
  name: 'blamed',
  nodes: { a: { type: 'task', uses: 'fail', onFailure: 'skipDependents' }, b: { type: 'task', uses: 'echo' } },
};

let database: TestDatabase;
let rig: Rig;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  const error = { code: 'broken', message: 'on purpose', retryable: true };
  rig = await createRig({ url: database.url, executors: { fail: async () => ({ kind: 'failed', error }) } });
  await Promise.all([rig.run(DONE), rig.run(BLAMED), rig.start({ ...WAITS, name: 'cancelled' })]);
  const waiting = await rig.start(WAITS);
  await vi.waitUntil(async () => (await rig.tasks(waiting))['a#0']?.status === 'waiting', { timeout: 5000 });
  const [cancelled] = await rig.store.reader.runs({ tenant: 'default', workflow: 'cancelled', limit: 1 });
  await rig.engine.cancelRun({ tenant: 'default', runId: cancelled?.head.id ?? '', reason: 'test' });
  await rig.stop();
  client = new Client({ connectionString: database.url, options: '-c jit=off' });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

test('a database that engines wrote breaks no invariant', async () => {
  expect(await checkInvariants(database.url)).toEqual([]);
});

const run = (name: string) => `(select id from run where workflow = '${name}')`;

test.each([
  ['a run has a body', `delete from run_body where run_id = ${run('done')}`],
  ['a run has a known status', `update run set status = 'odd', ended_at = now() where workflow = 'done'`],
  ['a run has a known status', `update run set ended_at = null where workflow = 'done'`],
  ['a task has a known status', `update task set status = 'odd' where run_id = ${run('waits')}`],
  ['a write is a base', `update channel_write set kind = 'odd'`],
  ['an open run can move', `update run set live = 0 where workflow = 'waits'`],
  ['an open run counts its live tasks', `update run set live = live + 1 where workflow = 'waits'`],
  ['an ended run has no live task', `update task set status = 'ready' where run_id = ${run('cancelled')}`],
  ['an ended run has no live task', `update run set live = 1 where workflow = 'done'`],
  ['a run counts its open joins', `update task_join set fired = false where run_id = ${run('done')}`],
  ['a run counts what it is blamed for', `update run set failed = 0 where workflow = 'blamed'`],
  ['steps are numbered without gaps', `delete from step where step = 2 and run_id = ${run('done')}`],
  ['steps are numbered without gaps', `update run set step = step + 1 where workflow = 'waits'`],
  ['a run has ended exactly if', `update run set status = 'running', ended_at = null where workflow = 'done'`],
  ['an epoch ends once', `update step set type = 'run_ended' where step = 2 and run_id = ${run('done')}`],
  [
    'after an end comes nothing but a retry',
    `update step set type = 'cancelled' where step = 2 and run_id = ${run('done')}`,
  ],
  [
    'a task is settled once',
    `update step set type = 'task_failed', key = 'a#0' where step = 1 and run_id = ${run('done')}`,
  ],
  ['a task is settled exactly if', `update task set settled_step = null where run_id = ${run('done')} and node = 'a'`],
  ['a task is settled exactly if', `update task set settled_step = 1 where run_id = ${run('waits')}`],
  ['a waiting task has the timer', `delete from timer`],
  ['a timer has a live task', `update timer set attempt = 9`],
  ['a timer has a live task', `update timer set run_id = ${run('done')}`],
  ['a running task has a worker', `update task set status = 'running' where run_id = ${run('waits')} and node = 'b'`],
  ['a task without a lane', `update task set lane = null where offered_at is not null`],
  ['an attempt counts every failure', `update task set failures = 7 where run_id = ${run('done')}`],
  [
    'nothing is spent',
    `insert into usage select run_id, key, epoch, attempt + 1, 1, 1, 1 from task where run_id = ${run('done')}`,
  ],
  ['a task is of the tenant', `update task set tenant = 'other' where run_id = ${run('done')}`],
  ['nothing is left without its run', `delete from run where workflow = 'done'`],
  ['a key stands for a run', `insert into idempotency values ('default', 'k', 'h', gen_random_uuid(), now())`],
])('"%s" is seen to be broken after: %s', async (name, corruption) => {
  await client.query('begin');
  await client.query(corruption);
  const broken = await brokenInvariants(client);
  await client.query('rollback');

  expect(broken).toEqual(expect.arrayContaining([expect.stringMatching(new RegExp(`^${name}`))]));
});
