import type { WorkflowDocument } from '@weft/contract';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig, TestDatabase } from '@weft/testkit';
import { newRunId, settleOne, step, submitRun, task } from '@weft/testkit/conformance/store-records';
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

/** Of a tenant that no workflow is saved for. */
const MANY = { step: 2, workflow: { tenant: 'acme', name: 'many', version: 1 } };

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
  await submitWaiting(rig.store);
  await rig.stop();
  client = new Client({ connectionString: database.url, options: '-c jit=off' });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

/** A run that waits for everything that there is, written as a decision would. */
async function submitWaiting(store: Rig['store']): Promise<void> {
  const child = await submitRun(store, { head: { live: 1 }, tasks: (runId) => [task(runId, 'a#0')] });
  const orphan = newRunId();
  const waiting = { status: 'waiting', lane: null } as const;
  const question = { kind: 'question', id: 'q', at: 'node', message: null, expiresAt: null } as const;
  const head = { ...MANY, live: 3, asking: 2, kept: 1, openJoins: 1 };
  const { id } = await submitRun(store, {
    head,
    tasks: (runId) => [
      task(runId, 'asks#0', { ...waiting, waits: 'answer', detail: question }),
      task(runId, 'answers#0', {
        ...waiting,
        waits: 'child_answer',
        detail: { kind: 'child', runId: child.id, seen: 0 },
      }),
      task(runId, 'calls#0', { ...waiting, waits: 'child', detail: { kind: 'child', runId: orphan, seen: 0 } }),
      task(runId, 'pauses#0', { ...waiting, waits: 'time', detail: { kind: 'wait', dueAt: 1, signal: null } }),
      task(runId, 'sends#0', { ...waiting, waits: 'items', detail: { kind: 'items', total: 3 } }),
      task(runId, 'sends#0[0]/w#0', { status: 'skipped', settledStep: 2, settledAt: 1 }),
      task(runId, 'sends#0[1]/w#0'),
    ],
    decides: {
      steps: [step(1), step(2, { type: 'task_skipped', key: 'sends#0[0]/w#0' })],
      joins: [{ key: 'sends#0[]', ended: 1, taken: 2, failed: 0, fired: false }],
      timersSet: [{ key: 'pauses#0', kind: 'wait', attempt: 1, dueAt: Date.now() + 3_600_000 }],
      sentMail: [{ to: orphan, kind: 'start', payload: {}, dedupeKey: 's' }],
    },
  });
  const mail = newRunId();
  await store.runs.sendMail(id, { id: mail, kind: 'signal', payload: {}, dedupeKey: 's' });
  const keep = { keptMail: [{ id: mail, topic: 'signal:s' }], steps: [] };
  await settleOne(store, id, () => keep);
}

test('a database that engines wrote breaks no invariant', async () => {
  expect(await checkInvariants(database.url)).toEqual([]);
});

const detailOf = (node: string, detail: string) => `update task set detail = ${detail} where node = '${node}'`;
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
  ['mail is for a run', `update inbox set kind = 'cancel' where kind = 'start'`],
  ['a key stands for a run', `insert into idempotency values ('default', 'k', 'h', gen_random_uuid(), now())`],
  ['a waiting task has what ends', `delete from timer`],
  ['a waiting task has what ends', detailOf('asks', `null`)],
  ['a waiting task has what ends', detailOf('answers', `null`)],
  ['a waiting task has what ends', detailOf('calls', `json_build_object('kind', 'child', 'runId', gen_random_uuid())`)],
  ['a waiting task has what ends', `delete from inbox`],
  ['a waiting task has what ends', detailOf('sends', `'{"kind": "items", "total": 1}'`)],
  ['a waiting task has what ends', `delete from task_join where key = 'sends#0[]'`],
  ['an open run counts its live tasks', `update task set waits = 'answer' where waits = 'child'`],
  ['an open run counts its tasks that ask', `update run set asking = 1 where workflow = 'many'`],
  ['an open run counts the mail', `update inbox set topic = null where topic is not null`],
  ['a task says what it waits for', `update task set waits = 'time' where run_id = ${run('done')}`],
  ['a task says what it waits for', `update task set waits = null where waits = 'retry'`],
  ['a task says what it waits for', `update task set waits = 'odd' where waits = 'retry'`],
  ['an item stands where', `update task set scope = 'sends#1' where scope is not null`],
  ['an item stands where', `update task set item_index = 7 where scope is not null`],
  ['an item stands where', `update task set scope = 'a' where run_id = ${run('done')}`],
  ['the output of a send', `update task set output = '[]' where node = 'sends'`],
  ['a send counts its items', `update task_join set taken = 3 where key = 'sends#0[]'`],
  ['a send counts its items', `update task_join set ended = 0 where key = 'sends#0[]'`],
  ['a send counts its items', `delete from task where key = 'sends#0[0]/w#0'`],
])('"%s" is seen to be broken after: %s', async (name, corruption) => {
  await client.query('begin');
  await client.query(corruption);
  const broken = await brokenInvariants(client);
  await client.query('rollback');

  expect(broken).toEqual(expect.arrayContaining([expect.stringMatching(new RegExp(`^${name}`))]));
});
