import type { WorkflowDocument } from '@weft/contract';
import type { PruneRequest } from '@weft/engine/ports';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { createRetentionRig, DAY_MS, KEEP } from './retention-rig.ts';
import type { RetentionRig } from './retention-rig.ts';

let it: RetentionRig;

beforeAll(async () => {
  it = await createRetentionRig({
    executors: {
      fail: async () => ({ kind: 'failed', error: { code: 'broken', message: 'on purpose', retryable: false } }),
    },
  });
});

afterEach(() => it.clear());

afterAll(() => it.stop());

const flow = (name: string, uses = 'echo') =>
  ({ name, nodes: { a: { type: 'task', uses, with: { text: 'x'.repeat(500) } } } }) as WorkflowDocument;

const ALL: PruneRequest = {
  tenant: 'default',
  workflow: null,
  statuses: null,
  olderThanMs: null,
  keep: null,
  archive: false,
  dryRun: false,
  budgetMs: 60_000,
};

async function runs(document: WorkflowDocument, ...agesInDays: number[]): Promise<string[]> {
  const ids: string[] = [];
  for (const days of agesInDays) {
    it.backdate(days * DAY_MS);
    const run = await it.rig.run(document);
    await it.age(days * DAY_MS, [run.head.id]);
    ids.push(run.head.id);
  }
  it.backdate(0);
  return ids;
}

describe('policies', () => {
  test('by default nothing is ever deleted', async () => {
    const ids = await runs(flow('a'), 80, 40, 1);

    expect(await it.open().retention.enforce()).toMatchObject({ kind: 'pruned', runs: 0 });
    expect(await it.ids()).toEqual(ids);
  });

  test('by age a run goes with its partition, or when a quarter of its age has passed again', async () => {
    const [, late, young] = await runs(flow('a'), 50, 34, 10);
    await it.open().retention.setPolicy('default', { ...KEEP, workflow: null, maxAgeMs: 30 * DAY_MS });

    await it.open().retention.enforce();
    // The week of the second may be past retention as a whole, or not yet: that is for the day of the week to say.
    expect((await it.ids()).filter((id) => id !== late)).toEqual([young]);
    await it.age(38 * DAY_MS, [late ?? '']);
    await it.open().retention.enforce();
    expect(await it.ids()).toEqual([young]);
  });

  test('by count the newest of each workflow stay', async () => {
    const a = await runs(flow('a'), 9, 8, 7);
    const b = await runs(flow('b'), 6, 5);
    await it.open().retention.setPolicy('default', { ...KEEP, workflow: null, maxCount: 2 });

    expect(await it.open().retention.enforce()).toMatchObject({ runs: 1 });
    expect(await it.ids()).toEqual([...a.slice(1), ...b]);
  });

  test("a workflow's own policy takes the place of that for all, and that of the fallback", async () => {
    const a = await runs(flow('a'), 50);
    await runs(flow('b'), 49);
    const c = await runs(flow('c'), 48);
    const fallback = { ...KEEP, maxAgeMs: DAY_MS };
    const store = it.open({ fallback });
    await store.retention.setPolicy('default', { ...KEEP, workflow: 'a' });
    await store.retention.setPolicy('default', { ...KEEP, workflow: null, maxAgeMs: 30 * DAY_MS });
    await store.retention.setPolicy('default', { ...KEEP, workflow: 'c', maxAgeMs: 60 * DAY_MS });
    await store.retention.enforce();
    expect(await it.ids()).toEqual([...a, ...c]);

    expect(await store.retention.removePolicy({ tenant: 'default', workflow: 'c' })).toBe(true);
    expect(await store.retention.removePolicy({ tenant: 'default', workflow: 'c' })).toBe(false);
    await store.retention.removePolicy({ tenant: 'default', workflow: null });
    await store.retention.enforce();
    expect(await it.ids()).toEqual(a);
    expect(await store.retention.policies('default')).toEqual([{ ...KEEP, workflow: 'a' }]);
  });

  test('failed runs are judged by their own age, and are not counted', async () => {
    const failed = await runs(flow('a', 'fail'), 40, 20);
    const fine = await runs(flow('a'), 41, 19);
    await it.open().retention.setPolicy('default', {
      ...KEEP,
      workflow: 'a',
      maxCount: 1,
      failedMaxAgeMs: 30 * DAY_MS,
    });
    await it.open().retention.enforce();

    expect(await it.ids()).toEqual([failed[1], fine[1]]);
  });

  test('only one prune is at work in a database', async () => {
    await it.client.query('select pg_advisory_lock(7283113)');

    expect(await it.open().retention.enforce()).toEqual({ kind: 'busy' });
  });

  test('what is to be archived stays where there is no place for archives', async () => {
    const ids = await runs(flow('a'), 50);
    await it.open().retention.setPolicy('default', { ...KEEP, workflow: 'a', maxAgeMs: DAY_MS, archive: true });

    expect(await it.open().retention.enforce()).toMatchObject({ runs: 0 });
    expect(await it.open().retention.prune({ ...ALL, olderThanMs: 1, archive: true })).toEqual({ kind: 'no_archive' });
    expect(await it.ids()).toEqual(ids);
  });
});

describe('a prune by request', () => {
  test('deletes what is older and not among the newest, of the named workflow and statuses', async () => {
    const a = await runs(flow('a'), 9, 8, 7);
    const failed = await runs(flow('a', 'fail'), 6.5);
    const b = await runs(flow('b'), 6);
    const { retention } = it.open();

    expect(await retention.prune({ ...ALL, workflow: 'a', olderThanMs: 7.5 * DAY_MS, keep: 3 })).toMatchObject({
      runs: 1,
    });
    expect(await it.ids()).toEqual([...a.slice(1), ...failed, ...b]);
    expect(await retention.prune({ ...ALL, statuses: ['failed'], keep: 0 })).toMatchObject({ runs: 1, isDone: true });
    expect(await it.ids()).toEqual([...a.slice(1), ...b]);
  });

  test('only counts when it is dry, runs and about as many bytes as then go', async () => {
    await runs(flow('a'), 9, 8);
    const { retention } = it.open();
    const dry = await retention.prune({ ...ALL, keep: 0, dryRun: true });
    expect(await it.ids()).toHaveLength(2);
    const [one = 0, two = 0] = await Promise.all((await it.ids()).map((id) => retention.bytesOf(id)));
    const wet = await retention.prune({ ...ALL, keep: 0 });

    expect(dry).toEqual({ kind: 'pruned', runs: 2, bytes: one + two, archived: 0, isDone: true });
    expect(wet).toEqual(dry);
    expect(one).toBeGreaterThan(1000);
    expect(await it.ids()).toEqual([]);
  });

  test('never touches a run that has not ended', async () => {
    const waits = { name: 'w', nodes: { ask: { type: 'interrupt', message: 'Go on?' } } } as WorkflowDocument;
    it.backdate(50 * DAY_MS);
    const id = await it.rig.start(waits);
    it.backdate(0);

    expect(await it.open().retention.prune({ ...ALL, olderThanMs: 0, keep: 0 })).toMatchObject({ runs: 0 });
    expect(await it.ids()).toEqual([id]);
  });
});

describe('children', () => {
  const parent = { name: 'p', nodes: { c: { type: 'subgraph', workflow: 'c', input: {} } } } as WorkflowDocument;

  async function family(): Promise<{ of: string; child: string }> {
    await it.rig.engine.saveWorkflow({ tenant: 'default', document: flow('c') });
    const of = (await it.rig.run(parent)).head.id;
    const child = (await it.ids()).find((id) => id !== of) ?? '';
    await it.age(50 * DAY_MS);
    return { of, child };
  }

  test('a child stays as long as its parent', async () => {
    await family();
    const { retention } = it.open();

    expect(await retention.prune({ ...ALL, workflow: 'c', keep: 0 })).toMatchObject({ runs: 0 });
    expect(await retention.prune({ ...ALL, workflow: 'p', keep: 0 })).toMatchObject({ runs: 1 });
    expect(await retention.prune({ ...ALL, workflow: 'c', keep: 0 })).toMatchObject({ runs: 1 });
  });

  test('both go in one prune that takes both', async () => {
    await family();

    expect(await it.open().retention.prune({ ...ALL, keep: 0 })).toMatchObject({ runs: 2 });
  });

  test('a parent stays until its children have ended', async () => {
    const { of, child } = await family();
    await it.client.query(`update run set ended_at = null, status = 'running' where id = $1`, [child]);
    const { retention } = it.open();

    expect(await retention.prune({ ...ALL, keep: 0 })).toMatchObject({ runs: 0 });
    expect(await retention.deleteRun('default', of)).toEqual({ kind: 'live' });
    await it.client.query(`update run set ended_at = now(), status = 'succeeded' where id = $1`, [child]);
  });

  test('are deleted with their parent, and not without', async () => {
    const { of, child } = await family();
    const { retention } = it.open();
    await it.age(DAY_MS);

    expect(await retention.deleteRun('default', child)).toEqual({ kind: 'child', parent: of });
    expect(await retention.deleteRun('other', of)).toEqual({ kind: 'missing' });
    expect(await retention.deleteRun('default', of)).toMatchObject({ kind: 'deleted', runs: 2 });
    expect(await retention.deleteRun('default', of)).toEqual({ kind: 'missing' });
    const { rows } = await it.client.query('select run_id from pruned_run');
    expect(rows).toEqual(expect.arrayContaining([{ run_id: of }, { run_id: child }]));
  });
});

test('the storage of every table is told, with its partitions', async () => {
  await runs(flow('a'), 1);
  const tables = await it.open().retention.storage();

  expect(tables.find(({ table }) => table === 'run')).toMatchObject({
    partitions: (await it.partitions('run')).length,
  });
  expect(tables.every(({ bytes }) => bytes > 0)).toBe(true);
});

test('a run with unread mail stays, and mail that is left without a run is dropped', async () => {
  const [id = ''] = await runs(flow('a'), 50);
  const mail = { id: crypto.randomUUID(), kind: 'retry', payload: {}, dedupeKey: 'k' } as const;
  await it.rig.engine.stop();
  const store = it.open();
  await store.runs.sendMail(id, mail);
  expect(await store.retention.prune({ ...ALL, keep: 0 })).toMatchObject({ runs: 0 });
  expect(await store.retention.deleteRun('default', id)).toEqual({ kind: 'busy' });

  await store.runs.dropMail(id, mail.id);
  await store.retention.prune({ ...ALL, keep: 0 });
  await store.runs.sendMail(id, mail);
  await it.client.query(`update inbox set created_at = now() - interval '2 minutes'`);
  await store.retention.enforce();
  expect((await it.client.query('select 1 from inbox')).rowCount).toBe(0);
});
